// daemon: one UDP socket, many datagrams a system call; part of peer_socket. Includes std, Asio,
// core.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include "common/passed_descriptor.h"
#include "daemon/core/endpoint.h"

namespace p2pd {

struct OutDatagram {
    Endpoint to;
    std::optional<Endpoint> source;  ///< leave from this address of the host; empty: the kernel's
    std::string bytes;
    bool may_be_filled = false;  ///< with spaces, up to the size of those beside it
};

class UdpSocket {
public:
    /// An address that no interface has yet will do. Throws std::system_error.
    UdpSocket(boost::asio::io_context& loop, const Endpoint& listen);
    /// One that is bound already; of IPv6 it must take nothing else. Throws std::system_error.
    UdpSocket(boost::asio::io_context& loop, PassedDescriptor passed);

    const Endpoint& local() const { return local_; }
    int descriptor() { return socket_.native_handle(); }
    /// No interface had the address when it was bound; datagrams come as soon as one has.
    bool awaits_address() const { return awaits_address_; }

    using Received =
        std::function<void(const Endpoint& from, const Endpoint& local, std::string_view bytes)>;
    /// Hands over what has arrived, up to a bounded number; false if that is nothing.
    bool receive(const Received& received);
    /// Datagrams that the kernel dropped because the receive buffer was full.
    std::uint32_t kernel_dropped() const { return kernel_dropped_; }

    struct Sent {
        std::size_t count = 0;  ///< the first `count` are out
        int error = 0;          ///< errno of the one after; 0: all are out
    };
    Sent send(std::span<const OutDatagram> datagrams);

    using Refused = std::function<void(const Endpoint& to, int error)>;
    /// Hands over what came back by ICMP for datagrams that were sent, up to a bounded number. It
    /// wakes who waits, for datagrams or for room, until it is taken.
    void take_refused(const Refused& refused);

    /// Ends all waiting; what arrives from now on stays in the kernel.
    void stop_waiting();
    template <class Handler>
    void wait_readable(Handler handler) {
        socket_.async_wait(boost::asio::ip::udp::socket::wait_read, std::move(handler));
    }
    template <class Handler>
    void wait_writable(Handler handler) {
        socket_.async_wait(boost::asio::ip::udp::socket::wait_write, std::move(handler));
    }

private:
    class Burst;

    void set_options(bool v4);
    void finish();
    void bind_to(const Endpoint& listen);

    boost::asio::ip::udp::socket socket_;
    Endpoint local_;
    /// Untouched until something comes: it is a third of what an idle daemon would take.
    std::unique_ptr<char[]> buffer_;
    std::uint32_t kernel_dropped_ = 0;
    bool awaits_address_ = false;
    bool segments_ = true;  ///< the kernel cuts a message into datagrams, as far as is known
};

}  // namespace p2pd
