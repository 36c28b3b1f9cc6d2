// daemon: recvmmsg and sendmmsg on one UDP socket; part of peer_socket. Includes std, Asio, core.
#include "daemon/udp_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/udp.h>
#include <system_error>

#include "daemon/core/codec.h"
#include "daemon/socket_address.h"
#include "daemon/udp_ancillary.h"
#include "daemon/udp_socket_passed.h"

namespace p2pd {

namespace {

constexpr std::size_t burst_max = 64;
constexpr int rounds_max = 16;
constexpr std::size_t segments_max = 64;             // the kernel's own
constexpr std::size_t segmented_bytes_max = 65'000;  // of an IP packet, less headers
constexpr int others_errors_max = 3;
/// Room for what arrives while a batch is being synced; the kernel gives what rmem_max allows.
constexpr int receive_buffer_bytes = 8 * 1024 * 1024;

[[noreturn]] void throw_errno() {
    throw std::system_error(errno, std::generic_category());
}

}  // namespace

UdpSocket::UdpSocket(boost::asio::io_context& loop, const Endpoint& listen)
    : socket_(loop),
      buffer_(std::make_unique_for_overwrite<char[]>(burst_max * received_bytes_max)) {
    const bool v4 = listen.is_v4();
    boost::system::error_code error;
    socket_.open(v4 ? boost::asio::ip::udp::v4() : boost::asio::ip::udp::v6(), error);
    if (error) throw std::system_error(error.value(), std::generic_category());
    const int on = 1;
    if (!v4 &&
        setsockopt(socket_.native_handle(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
        throw_errno();
    }
    bind_to(listen);
    finish();
}

UdpSocket::UdpSocket(boost::asio::io_context& loop, PassedDescriptor passed)
    : socket_(loop),
      buffer_(std::make_unique_for_overwrite<char[]>(burst_max * received_bytes_max)) {
    const auto address = udp_address(passed.get());
    if (!address) throw std::system_error(ENOTSOCK, std::generic_category());
    const bool v4 = address->is_v4();
    int v6_alone = 1;
    socklen_t size = sizeof v6_alone;
    if (!v4 && getsockopt(passed.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_alone, &size) != 0) {
        throw_errno();
    }
    if (v6_alone != 1) throw std::system_error(EAFNOSUPPORT, std::generic_category());
    using boost::asio::ip::udp;
    boost::system::error_code error;
    socket_.assign(v4 ? udp::v4() : udp::v6(), passed.get(), error);
    if (error) throw std::system_error(error.value(), std::generic_category());
    passed.release();
    finish();
}

/// What a bound socket needs, whoever has made it.
void UdpSocket::finish() {
    SocketAddress bound;
    bound.size = sizeof bound.storage;
    if (getsockname(socket_.native_handle(), bound.get(), &bound.size) != 0) throw_errno();
    local_ = to_endpoint(bound.storage);
    set_options(local_.is_v4());
    socket_.non_blocking(true);
}

/// A service may start before the network gives its address, so that is waited for; so does chrony.
void UdpSocket::bind_to(const Endpoint& listen) {
    const int descriptor = socket_.native_handle();
    const SocketAddress address = to_socket_address(listen);
    if (bind(descriptor, address.get(), address.size) == 0) return;
    if (errno != EADDRNOTAVAIL) throw_errno();
    const int on = 1;
    const bool may_wait =
        listen.is_v4() ? setsockopt(descriptor, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) == 0
                       : setsockopt(descriptor, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on) == 0;
    if (!may_wait || bind(descriptor, address.get(), address.size) != 0) throw_errno();
    awaits_address_ = true;
}

void UdpSocket::set_options(bool v4) {
    const int descriptor = socket_.native_handle();
    const auto set = [&](int level, int name, int value) {
        return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
    };
    const bool source_known =
        v4 ? set(IPPROTO_IP, IP_PKTINFO, 1) : set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    if (!source_known) throw_errno();
    // Never fragmented, and what the path takes is found by probes (RFC 8899), not by ICMP.
    if (v4) {
        set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    } else {
        set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    }
    // These only help; a kernel that refuses still serves.
    v4 ? set(IPPROTO_IP, IP_RECVERR, 1) : set(IPPROTO_IPV6, IPV6_RECVERR, 1);
    set(SOL_SOCKET, SO_RXQ_OVFL, 1);
    set(SOL_UDP, UDP_GRO, 1);
    if (!set(SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer_bytes)) {
        set(SOL_SOCKET, SO_RCVBUF, receive_buffer_bytes);
    }
}

void UdpSocket::stop_waiting() {
    boost::system::error_code gone;  // then there is nothing to wait for
    socket_.cancel(gone);
}

bool UdpSocket::receive(const Received& received) {
    for (int round = 0; round < rounds_max; ++round) {
        std::array<mmsghdr, burst_max> messages{};
        std::array<iovec, burst_max> parts{};
        std::array<sockaddr_storage, burst_max> sources{};
        alignas(cmsghdr) std::array<UdpControl, burst_max> controls{};
        for (std::size_t i = 0; i < burst_max; ++i) {
            parts[i] = {buffer_.get() + i * received_bytes_max, received_bytes_max};
            messages[i].msg_hdr = {&sources[i],        sizeof sources[i],  &parts[i], 1,
                                   controls[i].data(), controls[i].size(), 0};
        }
        const int count =
            recvmmsg(socket_.native_handle(), messages.data(), burst_max, MSG_DONTWAIT, nullptr);
        if (count <= 0) return round > 0;  // what is wrong is in the queue of errors
        for (int i = 0; i < count; ++i) {
            const auto index = static_cast<std::size_t>(i);
            const UdpAncillary ancillary = read_ancillary(messages[index].msg_hdr, local_.port);
            if (ancillary.dropped) kernel_dropped_ = *ancillary.dropped;
            const Endpoint from = to_endpoint(sources[index]);
            const Endpoint local = ancillary.local.value_or(local_);
            std::string_view bytes{static_cast<char*>(parts[index].iov_base),
                                   messages[index].msg_len};
            do {
                const std::size_t one =
                    ancillary.segment_bytes == 0 ? bytes.size() : ancillary.segment_bytes;
                received(from, local, bytes.substr(0, one));
                bytes.remove_prefix(std::min(one, bytes.size()));
            } while (!bytes.empty());
        }
        if (static_cast<std::size_t>(count) < burst_max) break;
    }
    return true;
}

void UdpSocket::take_refused(const Refused& refused) {
    for (std::size_t i = 0; i < burst_max; ++i) {
        SocketAddress target;
        alignas(cmsghdr) std::array<char, 256> control{};
        msghdr message{target.get(),   sizeof target.storage, nullptr, 0,
                       control.data(), control.size(),        0};
        if (recvmsg(socket_.native_handle(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
        const int error = refusal(message);
        if (error != 0 && message.msg_namelen > 0) refused(to_endpoint(target.storage), error);
    }
}

/// Datagrams made ready for one system call; those that are alike are one message, which the kernel
/// cuts.
class UdpSocket::Burst {
public:
    /// The first `alone` are a message each.
    Burst(std::span<const OutDatagram> datagrams, std::size_t alone) {
        while (count_ < burst_max && taken_ < datagrams.size() && taken_ < parts_.size()) {
            const auto rest = datagrams.subspan(taken_);
            const std::size_t most = taken_ < alone ? 1 : parts_.size() - taken_;
            add(rest.first(segments(rest, most)));
        }
    }

    /// As sendmmsg: how many messages left, or -1 and errno.
    int send(int descriptor) {
        return sendmmsg(descriptor, messages_.data(), static_cast<unsigned>(count_), MSG_DONTWAIT);
    }
    /// Datagrams in the first messages.
    std::size_t datagrams(std::size_t messages) const {
        std::size_t sum = 0;
        for (std::size_t i = 0; i < messages; ++i) sum += messages_[i].msg_hdr.msg_iovlen;
        return sum;
    }

private:
    /// How many of the first are of one size, to one peer; the last may be shorter.
    static std::size_t segments(std::span<const OutDatagram> datagrams, std::size_t most) {
        const OutDatagram& first = datagrams.front();
        most = std::min({most, datagrams.size(), segments_max,
                         segmented_bytes_max / std::max<std::size_t>(first.bytes.size(), 1)});
        std::size_t count = 1;
        while (count < most) {
            const OutDatagram& next = datagrams[count];
            const bool alike = next.to == first.to && next.source == first.source &&
                               next.bytes.size() <= first.bytes.size() && !next.bytes.empty();
            if (!alike) break;
            ++count;
            if (next.bytes.size() < first.bytes.size()) break;
        }
        return count;
    }

    void add(std::span<const OutDatagram> alike) {
        const OutDatagram& first = alike.front();
        SocketAddress& target = targets_[count_];
        target = to_socket_address(first.to);
        msghdr& header = messages_[count_].msg_hdr;
        header = {target.get(), target.size, &parts_[taken_], alike.size(), nullptr, 0, 0};
        if (first.source) put_source(header, controls_[count_], *first.source);
        if (alike.size() > 1) put_segment_bytes(header, controls_[count_], first.bytes.size());
        for (const OutDatagram& datagram : alike) {
            parts_[taken_++] = {const_cast<char*>(datagram.bytes.data()), datagram.bytes.size()};
        }
        ++count_;
    }

    std::array<mmsghdr, burst_max> messages_{};
    std::array<iovec, 4 * burst_max> parts_{};
    std::array<SocketAddress, burst_max> targets_{};
    alignas(cmsghdr) std::array<UdpControl, burst_max> controls_{};
    std::size_t count_ = 0;
    std::size_t taken_ = 0;
};

UdpSocket::Sent UdpSocket::send(std::span<const OutDatagram> datagrams) {
    Sent sent;
    int errors = 0;
    std::size_t alone_until = segments_ ? 0 : datagrams.size();
    while (sent.count < datagrams.size()) {
        const std::size_t alone = alone_until - std::min(alone_until, sent.count);
        Burst burst(datagrams.subspan(sent.count), alone);
        const int count = burst.send(socket_.native_handle());
        if (count >= 0) {
            errors = 0;
            sent.count += burst.datagrams(static_cast<std::size_t>(count));
            continue;
        }
        const int error = errno;
        if (burst.datagrams(1) > 1 && (error == EIO || error == EINVAL || error == EMSGSIZE)) {
            // EIO: the link cannot cut. Else each tells by itself what is wrong with it.
            segments_ = error != EIO;
            alone_until = segments_ ? sent.count + burst.datagrams(1) : datagrams.size();
            continue;
        }
        // What came back by ICMP, maybe for another, is told first; nothing of this is sent yet.
        if (error != EAGAIN && ++errors <= others_errors_max) continue;
        sent.error = error;
        return sent;
    }
    return sent;
}

}  // namespace p2pd
