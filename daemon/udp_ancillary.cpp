// daemon: control messages of UDP sockets; part of udp_socket. Includes std, core.
#include "daemon/udp_ancillary.h"

#include <cerrno>
#include <cstring>
#include <linux/errqueue.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>

#include "daemon/core/path_limit.h"
#include "daemon/socket_address.h"

namespace p2pd {

namespace {

template <class T>
T control_data(cmsghdr* header) {
    T value{};
    std::memcpy(&value, CMSG_DATA(header), sizeof value);
    return value;
}

/// Behind what is there already.
template <class T>
void put_control(msghdr& message, UdpControl& control, int level, int type, const T& value) {
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(sizeof value);
    char* const place = control.data() + message.msg_controllen;
    std::memcpy(place, &header, sizeof header);
    std::memcpy(place + CMSG_LEN(0), &value, sizeof value);
    message.msg_control = control.data();
    message.msg_controllen += CMSG_SPACE(sizeof value);
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

}  // namespace

UdpAncillary read_ancillary(msghdr& message, std::uint16_t port) {
    UdpAncillary result;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            result.local = to_endpoint(control_data<in_pktinfo>(header).ipi_addr, port);
        } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            const auto info = control_data<in6_pktinfo>(header);
            result.local = to_endpoint(info.ipi6_addr, info.ipi6_ifindex, port);
        } else if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_RXQ_OVFL) {
            result.dropped = control_data<std::uint32_t>(header);
        } else if (header->cmsg_level == SOL_UDP && header->cmsg_type == UDP_GRO) {
            result.segment_bytes = static_cast<std::size_t>(control_data<int>(header));
        }
    }
    return result;
}

void put_source(msghdr& message, UdpControl& control, const Endpoint& source) {
    const SocketAddress address = to_socket_address(source);
    if (source.is_v4()) {
        in_pktinfo info{};
        sockaddr_in v4{};
        std::memcpy(&v4, &address.storage, sizeof v4);
        info.ipi_spec_dst = v4.sin_addr;
        put_control(message, control, IPPROTO_IP, IP_PKTINFO, info);
    } else {
        in6_pktinfo info{};
        std::memcpy(&info.ipi6_addr, source.address.data(), sizeof info.ipi6_addr);
        info.ipi6_ifindex = source.scope_id;
        put_control(message, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
}

void put_segment_bytes(msghdr& message, UdpControl& control, std::size_t bytes) {
    put_control(message, control, SOL_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(bytes));
}

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

}  // namespace p2pd
