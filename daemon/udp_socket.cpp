// daemon: recvmmsg and sendmmsg on one UDP socket; part of peer_socket. Includes std, Asio, core.
#include "daemon/udp_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <linux/errqueue.h>
#include <netinet/ip_icmp.h>
#include <system_error>

#include "daemon/core/codec.h"
#include "daemon/core/path_limit.h"
#include "daemon/socket_address.h"
#include "daemon/udp_socket_passed.h"

namespace p2pd {

namespace {

constexpr std::size_t burst_max = 64;
constexpr int rounds_max = 16;
constexpr int others_errors_max = 3;
/// Room for what arrives while a batch is being synced; the kernel gives what rmem_max allows.
constexpr int receive_buffer_bytes = 8 * 1024 * 1024;

using Control =
    std::array<char, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint32_t))>;

template <class T>
T control_data(cmsghdr* header) {
    T value{};
    std::memcpy(&value, CMSG_DATA(header), sizeof value);
    return value;
}

/// What the kernel says beside a datagram: the address it came to, and its count of drops.
struct Ancillary {
    std::optional<Endpoint> local;
    std::optional<std::uint32_t> dropped;
};

Ancillary read_ancillary(msghdr& message, std::uint16_t port) {
    Ancillary result;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            result.local = to_endpoint(control_data<in_pktinfo>(header).ipi_addr, port);
        } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            const auto info = control_data<in6_pktinfo>(header);
            result.local = to_endpoint(info.ipi6_addr, info.ipi6_ifindex, port);
        } else if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_RXQ_OVFL) {
            result.dropped = control_data<std::uint32_t>(header);
        }
    }
    return result;
}

template <class T>
void put_control(msghdr& message, int level, int type, const T& value) {
    message.msg_controllen = CMSG_SPACE(sizeof value);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
}

void put_source(msghdr& message, const Endpoint& source) {
    const SocketAddress address = to_socket_address(source);
    if (source.is_v4()) {
        in_pktinfo info{};
        sockaddr_in v4{};
        std::memcpy(&v4, &address.storage, sizeof v4);
        info.ipi_spec_dst = v4.sin_addr;
        put_control(message, IPPROTO_IP, IP_PKTINFO, info);
    } else {
        in6_pktinfo info{};
        std::memcpy(&info.ipi6_addr, source.address.data(), sizeof info.ipi6_addr);
        info.ipi6_ifindex = source.scope_id;
        put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
}

/// Firewalls that say so are told apart from routers that know no way; 0 for what is not about the
/// way to the peer.
int meaning(const sock_extended_err& error) {
    constexpr std::uint8_t filtered = 13;  // RFC 1812, 5.2.7.1; of IPv6 the kernel says EACCES
    if (error.ee_origin == SO_EE_ORIGIN_ICMP && error.ee_type == ICMP_DEST_UNREACH &&
        (error.ee_code == filtered || error.ee_code == ICMP_NET_ANO ||
         error.ee_code == ICMP_HOST_ANO)) {
        return EACCES;
    }
    const bool by_icmp =
        error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
    constexpr std::size_t headers_max = 48;  // IPv6 and UDP
    const bool probe = error.ee_errno == EMSGSIZE && error.ee_info >= PathLimit::base + headers_max;
    return by_icmp && !probe ? static_cast<int>(error.ee_errno) : 0;
}

/// The error in a message from the queue of errors, or 0.
int refusal(msghdr& message) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
            (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR)) {
            return meaning(control_data<sock_extended_err>(header));
        }
    }
    return 0;
}

[[noreturn]] void throw_errno() {
    throw std::system_error(errno, std::generic_category());
}

}  // namespace

UdpSocket::UdpSocket(boost::asio::io_context& loop, const Endpoint& listen)
    : socket_(loop), buffer_(burst_max * received_bytes_max) {
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
    : socket_(loop), buffer_(burst_max * received_bytes_max) {
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
        alignas(cmsghdr) std::array<Control, burst_max> controls{};
        for (std::size_t i = 0; i < burst_max; ++i) {
            parts[i] = {buffer_.data() + i * received_bytes_max, received_bytes_max};
            messages[i].msg_hdr = {&sources[i],        sizeof sources[i],  &parts[i], 1,
                                   controls[i].data(), controls[i].size(), 0};
        }
        const int count =
            recvmmsg(socket_.native_handle(), messages.data(), burst_max, MSG_DONTWAIT, nullptr);
        if (count <= 0) return round > 0;  // what is wrong is in the queue of errors
        for (int i = 0; i < count; ++i) {
            const auto index = static_cast<std::size_t>(i);
            const Ancillary ancillary = read_ancillary(messages[index].msg_hdr, local_.port);
            if (ancillary.dropped) kernel_dropped_ = *ancillary.dropped;
            received(to_endpoint(sources[index]), ancillary.local.value_or(local_),
                     {static_cast<char*>(parts[index].iov_base), messages[index].msg_len});
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

UdpSocket::Sent UdpSocket::send(std::span<const OutDatagram> datagrams) {
    Sent sent;
    int errors = 0;
    while (sent.count < datagrams.size()) {
        const auto burst =
            datagrams.subspan(sent.count, std::min(burst_max, datagrams.size() - sent.count));
        std::array<mmsghdr, burst_max> messages{};
        std::array<iovec, burst_max> parts{};
        std::array<SocketAddress, burst_max> targets{};
        alignas(cmsghdr) std::array<Control, burst_max> controls{};
        for (std::size_t i = 0; i < burst.size(); ++i) {
            targets[i] = to_socket_address(burst[i].to);
            parts[i] = {const_cast<char*>(burst[i].bytes.data()), burst[i].bytes.size()};
            msghdr& header = messages[i].msg_hdr;
            header = {targets[i].get(), targets[i].size, &parts[i], 1, nullptr, 0, 0};
            if (burst[i].source) {
                header.msg_control = controls[i].data();
                header.msg_controllen = controls[i].size();
                put_source(header, *burst[i].source);
            }
        }
        const int count = sendmmsg(socket_.native_handle(), messages.data(),
                                   static_cast<unsigned>(burst.size()), MSG_DONTWAIT);
        if (count < 0) {
            // What came back by ICMP, maybe for another, is told first; nothing of this is sent
            // yet.
            if (errno != EAGAIN && ++errors <= others_errors_max) continue;
            sent.error = errno;
            return sent;
        }
        errors = 0;
        sent.count += static_cast<std::size_t>(count);
    }
    return sent;
}

}  // namespace p2pd
