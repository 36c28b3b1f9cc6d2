// daemon: the UDP sockets to the peers. Includes std, Asio, core.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "daemon/core/endpoint.h"
#include "daemon/core/node.h"
#include "daemon/udp_socket.h"
#include "daemon/udp_socket_passed.h"

namespace p2pd {

/// An address that cannot be listened on; the text says which and why.
class ListenError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct PeerSocketCounters {
    std::uint64_t send_errors = 0;
    std::uint64_t kernel_dropped = 0;  ///< datagrams that did not fit the receive buffer
};

/// Drains and fills its sockets many datagrams a system call.
class PeerSocket {
public:
    using Received = UdpSocket::Received;
    using Done = std::function<void()>;

    /// Binds all of `listen`; an address family that the kernel does not have is passed over as
    /// long as one socket is left. Throws ListenError.
    /// What a socket unit has given takes the place of `listen`; the kept ones that of binding
    /// anew.
    PeerSocket(boost::asio::io_context& loop, const std::vector<Endpoint>& listen,
               PassedSockets passed);
    PeerSocket(const PeerSocket&) = delete;
    PeerSocket& operator=(const PeerSocket&) = delete;

    using TooLarge = std::function<void(const Endpoint& peer)>;
    using Refused = std::function<void(const Endpoint& peer, Trouble what)>;
    using Encoded = std::function<void(const Transmit& transmit, std::size_t bytes)>;
    struct Handlers {
        Received received;   ///< for each datagram
        Done drained;        ///< after each burst
        Done writable;       ///< sending may go on
        TooLarge too_large;  ///< the host's own link does not take a datagram to this peer
        Encoded encoded;     ///< a datagram that is to be sent has become so many bytes
        Refused refused;     ///< the network has said that a datagram to this peer went nowhere
    };
    void start(Handlers handlers);
    /// Receives no more: what arrives from now on waits in the kernel for the next p2pd.
    void stop_receiving();

    /// A socket that the service manager is to keep over a restart, and under which name.
    struct ToKeep {
        int descriptor;  ///< still this object's
        std::string name;
    };
    /// Those that it does not have yet; none of a port that was free, which nobody would know
    /// again.
    std::vector<ToKeep> to_keep() const { return to_keep_; }

    /// False while the kernel's send buffer is full.
    bool can_send() const { return waiting_.empty(); }
    /// Errors of single datagrams are counted: to the sender they are losses.
    void send(const std::vector<Transmit>& transmits);

    /// As bound, with the real ports.
    std::vector<Endpoint> listening() const;
    /// Of these, what no interface of the host had at the start.
    std::vector<Endpoint> awaited() const;
    PeerSocketCounters counters() const;
    /// The text of the last send error, if there was one since the last call.
    std::optional<std::string> take_error() { return std::exchange(last_error_, std::nullopt); }

private:
    struct Route {
        Endpoint local;
        Instant until;
    };
    /// A datagram and the socket that it leaves by.
    struct Addressed {
        UdpSocket* socket;
        OutDatagram datagram;
    };

    void take_given(boost::asio::io_context& loop, std::vector<PassedDescriptor> given);
    void listen_on(boost::asio::io_context& loop, const Endpoint& endpoint);
    void receive(UdpSocket& socket);
    std::optional<Addressed> address(const Transmit& transmit);
    UdpSocket* socket_for(const Endpoint& to, const Endpoint& local);
    Endpoint route_to(const Endpoint& peer);
    void even_out(std::size_t from);
    void flush_waiting();
    void drop_first(int error);
    void tell_refused(const Endpoint& peer, int error);
    void take_refused(UdpSocket& socket);
    void wait_writable(UdpSocket& socket);

    std::vector<std::unique_ptr<UdpSocket>> sockets_;
    std::vector<ToKeep> to_keep_;
    std::deque<Addressed> waiting_;
    bool receiving_ = true;
    std::unordered_map<Endpoint, Route, EndpointHash> routes_;
    PeerSocketCounters counters_;
    std::optional<std::string> last_error_;
    Handlers handlers_;
};

}  // namespace p2pd
