// daemon: what the kernel takes and says beside a datagram; part of udp_socket. Includes std, core.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

#include "daemon/core/endpoint.h"

namespace p2pd {

/// Room for all that is asked for with one datagram.
using UdpControl = std::array<char, CMSG_SPACE(sizeof(in6_pktinfo)) + 2 * CMSG_SPACE(sizeof(int))>;

/// What the kernel says of a datagram, or of several that it hands over as one.
struct UdpAncillary {
    std::optional<Endpoint> local;         ///< the address it came to
    std::optional<std::uint32_t> dropped;  ///< datagrams of this socket, in all (SO_RXQ_OVFL)
    std::size_t segment_bytes = 0;         ///< of each but the last (UDP_GRO); 0: it is one
};
UdpAncillary read_ancillary(msghdr& message, std::uint16_t port);

/// The message leaves from this address of the host. Its control is `control`, as below.
void put_source(msghdr& message, UdpControl& control, const Endpoint& source);
/// The kernel cuts the message into datagrams of this size (UDP_SEGMENT).
void put_segment_bytes(msghdr& message, UdpControl& control, std::size_t bytes);

/// The errno that stands for a message of the queue of errors; 0 for what is not about the way to
/// the peer.
int refusal(msghdr& message);

}  // namespace p2pd
