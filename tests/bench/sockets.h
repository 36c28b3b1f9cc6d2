// tests/bench: addresses and sockets of this machine. Includes std and POSIX.
#pragma once

#include <netinet/in.h>
#include <string>
#include <sys/un.h>

namespace bench {

sockaddr_in loopback(int port);
sockaddr_in address_of(const std::string& ip, int port);
sockaddr_un unix_address(const std::string& path);

template <class Address>
const sockaddr* any(const Address& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

/// Of a TCP socket, by the kernel's name of it: "cubic".
void set_congestion_control(int descriptor, const std::string& name);

/// A UDP socket on a free port, with buffers as large as are allowed.
struct UdpSocket {
    int descriptor = -1;
    int port = 0;
};
UdpSocket bind_udp(in_addr_t address);

}  // namespace bench
