// daemon: endpoints as the kernel's socket addresses; part of peer_socket. Includes std, core.
#include "daemon/socket_address.h"

#include <cstring>

namespace p2pd {

namespace {

constexpr std::size_t v4_offset = 12;

}  // namespace

SocketAddress to_socket_address(const Endpoint& endpoint) {
    SocketAddress result;
    if (endpoint.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&v4.sin_addr, endpoint.address.data() + v4_offset, sizeof v4.sin_addr);
        std::memcpy(&result.storage, &v4, sizeof v4);
        result.size = sizeof v4;
    } else {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(endpoint.port);
        v6.sin6_scope_id = endpoint.scope_id;
        std::memcpy(&v6.sin6_addr, endpoint.address.data(), sizeof v6.sin6_addr);
        std::memcpy(&result.storage, &v6, sizeof v6);
        result.size = sizeof v6;
    }
    return result;
}

Endpoint to_endpoint(const in_addr& address, std::uint16_t port) {
    Endpoint endpoint;
    endpoint.address[10] = endpoint.address[11] = 0xff;
    std::memcpy(endpoint.address.data() + v4_offset, &address, sizeof address);
    endpoint.port = port;
    return endpoint;
}

Endpoint to_endpoint(const in6_addr& address, std::uint32_t scope_id, std::uint16_t port) {
    Endpoint endpoint;
    std::memcpy(endpoint.address.data(), &address, sizeof address);
    endpoint.scope_id = IN6_IS_ADDR_LINKLOCAL(&address) ? scope_id : 0;
    endpoint.port = port;
    return endpoint;
}

Endpoint to_endpoint(const sockaddr_storage& storage) {
    if (storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof v4);
        return to_endpoint(v4.sin_addr, ntohs(v4.sin_port));
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    return to_endpoint(v6.sin6_addr, v6.sin6_scope_id, ntohs(v6.sin6_port));
}

}  // namespace p2pd
