// daemon: endpoints as the kernel's socket addresses; part of peer_socket. Includes std, core.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "daemon/core/endpoint.h"

namespace p2pd {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const Endpoint& endpoint);
Endpoint to_endpoint(const sockaddr_storage& storage);
Endpoint to_endpoint(const in_addr& address, std::uint16_t port);
Endpoint to_endpoint(const in6_addr& address, std::uint32_t scope_id, std::uint16_t port);

}  // namespace p2pd
