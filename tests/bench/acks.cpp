// tests/bench: a thousand receivers in one process. Includes std, POSIX and bench.
// acks: binds a port of all addresses, prints it, and confirms each message at once, as a p2pd
// would that had the fastest of disks, from the very address of 127/8 that it came to.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "tests/bench/json_scan.h"
#include "tests/bench/sockets.h"

namespace bench {
namespace {

using Control = std::array<char, CMSG_SPACE(sizeof(in_pktinfo))>;

struct Received {
    std::array<char, 65536> bytes;
    std::size_t size = 0;
    sockaddr_in source{};
    in_addr arrived_at{};
};

bool receive(int descriptor, Received& received) {
    alignas(cmsghdr) Control control;
    iovec part{received.bytes.data(), received.bytes.size()};
    msghdr header{&received.source, sizeof received.source, &part, 1,
                  control.data(),   control.size(),         0};
    const ssize_t size = recvmsg(descriptor, &header, MSG_DONTWAIT);
    if (size < 0) return false;
    received.size = static_cast<std::size_t>(size);
    for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr;
         each = CMSG_NXTHDR(&header, each)) {
        if (each->cmsg_level != IPPROTO_IP || each->cmsg_type != IP_PKTINFO) continue;
        in_pktinfo info;
        std::memcpy(&info, CMSG_DATA(each), sizeof info);
        received.arrived_at = info.ipi_addr;
    }
    return true;
}

void answer(int descriptor, Received& received, const std::string& text) {
    alignas(cmsghdr) Control control{};
    iovec part{const_cast<char*>(text.data()), text.size()};
    msghdr header{&received.source, sizeof received.source, &part, 1,
                  control.data(),   control.size(),         0};
    cmsghdr* const info_header = CMSG_FIRSTHDR(&header);
    info_header->cmsg_level = IPPROTO_IP;
    info_header->cmsg_type = IP_PKTINFO;
    info_header->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo info{};
    info.ipi_spec_dst = received.arrived_at;
    std::memcpy(CMSG_DATA(info_header), &info, sizeof info);
    sendmsg(descriptor, &header, 0);
}

/// The ACK of common/WIRE.md; empty for what is no message.
std::string ack_of(std::string_view object) {
    const JsonScan message(object);
    const std::string stamp(message.raw("Timestamp da mensagem"));
    if (stamp.empty()) return {};
    const auto member = [&](const char* name) { return std::string(message.raw(name)); };
    return R"({"Ip_origem":)" + member("Ip_destino") + R"(,"Ip_destino":)" + member("Ip_origem") +
           R"(,"Porta_origem":)" + member("Porta_destino") + R"(,"Porta_destino":)" +
           member("Porta_origem") + R"(,"Timestamp da mensagem original":)" + stamp +
           R"(,"Timestamp da mensagem de resposta":)" + stamp + R"(,"ACK":true,"p2pd":{"v":1}})";
}

/// A datagram may hold many objects, one a line.
void confirm_all(int descriptor, Received& received) {
    std::string_view rest(received.bytes.data(), received.size);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string ack = ack_of(rest.substr(0, end));
        if (!ack.empty()) answer(descriptor, received, ack);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

}  // namespace
}  // namespace bench

int main() {
    using namespace bench;
    const auto [descriptor, port] = bind_udp(INADDR_ANY);
    const int on = 1;
    setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    std::printf("%d\n", port);
    std::fflush(stdout);
    Received received;
    for (;;) {
        pollfd entry{descriptor, POLLIN, 0};
        poll(&entry, 1, -1);
        while (receive(descriptor, received)) {
            confirm_all(descriptor, received);
        }
    }
}
