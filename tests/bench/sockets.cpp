// tests/bench: addresses and sockets of this machine. Includes std and POSIX.
#include "tests/bench/sockets.h"

#include <arpa/inet.h>
#include <cstdint>
#include <cstring>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/bench/load.h"

namespace bench {

namespace {

constexpr int buffer_bytes = 4 << 20;

}  // namespace

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

sockaddr_in address_of(const std::string& ip, int port) {
    sockaddr_in address = loopback(port);
    if (inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) fail("no address: " + ip);
    return address;
}

sockaddr_un unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) fail("the socket's path is too long");
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

void set_congestion_control(int descriptor, const std::string& name) {
    const auto size = static_cast<socklen_t>(name.size());
    if (setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, name.data(), size) != 0) {
        fail_with_errno(name.c_str());
    }
}

UdpSocket bind_udp(in_addr_t where) {
    UdpSocket bound{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), 0};
    sockaddr_in address = loopback(0);
    address.sin_addr.s_addr = htonl(where);
    socklen_t size = sizeof address;
    if (bind(bound.descriptor, any(address), size) != 0 ||
        getsockname(bound.descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        fail_with_errno("bind");
    }
    bound.port = ntohs(address.sin_port);
    setsockopt(bound.descriptor, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    setsockopt(bound.descriptor, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
    return bound;
}

}  // namespace bench
