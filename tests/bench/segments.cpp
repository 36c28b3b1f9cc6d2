// tests/bench: datagrams of one size, many with one system call. Includes std and POSIX.
#include "tests/bench/segments.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "tests/bench/load.h"
#include "tests/bench/sockets.h"

namespace bench {

namespace {

constexpr std::size_t datagram_bytes_max = 65000;
constexpr std::size_t segments_max = 64;

void connect_to(const UdpSocket& socket, const UdpSocket& other) {
    const int on = 1;
    setsockopt(socket.descriptor, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    const sockaddr_in address = loopback(other.port);
    if (connect(socket.descriptor, any(address), sizeof address) != 0) fail_with_errno("connect");
}

/// The size of the datagrams that the kernel has joined; 0 if it has not.
std::size_t joined_size(msghdr& header) {
    for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr;
         each = CMSG_NXTHDR(&header, each)) {
        if (each->cmsg_level != IPPROTO_UDP || each->cmsg_type != UDP_GRO) continue;
        int size = 0;
        std::memcpy(&size, CMSG_DATA(each), sizeof size);
        return static_cast<std::size_t>(size);
    }
    return 0;
}

}  // namespace

std::pair<int, int> udp_pair() {
    const UdpSocket near = bind_udp(INADDR_LOOPBACK);
    const UdpSocket far = bind_udp(INADDR_LOOPBACK);
    connect_to(near, far);
    connect_to(far, near);
    return {near.descriptor, far.descriptor};
}

void send_segments(int descriptor, std::string_view bytes, std::size_t size) {
    const int segment = static_cast<int>(size);
    setsockopt(descriptor, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    const std::size_t burst = std::min(segments_max, datagram_bytes_max / size) * size;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(burst, bytes.size()))) {
        send(descriptor, bytes.data(), std::min(burst, bytes.size()), 0);
    }
}

void receive_segments(int descriptor, std::size_t bytes_max,
                      const std::function<void(std::string_view)>& call) {
    std::array<char, 1 << 16> buffer;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control;
    for (std::size_t received = 0; received < bytes_max;) {
        iovec part{buffer.data(), buffer.size()};
        msghdr header{nullptr, 0, &part, 1, control.data(), control.size(), 0};
        const ssize_t size = recvmsg(descriptor, &header, MSG_DONTWAIT);
        if (size <= 0) return;
        std::string_view rest(buffer.data(), static_cast<std::size_t>(size));
        received += rest.size();
        const std::size_t joined = joined_size(header);
        const std::size_t step = joined > 0 ? joined : rest.size();
        for (; !rest.empty(); rest.remove_prefix(std::min(step, rest.size()))) {
            call(rest.substr(0, step));
        }
    }
}

}  // namespace bench
