// tests: sends datagrams as fast as one thread can, from many source addresses of 127/8.
// flood ADDRESS PORT SECONDS KIND   prints how many it sent; KIND is valid, garbage or acks
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <random>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace {

constexpr std::size_t burst = 64;

using Control = std::array<char, CMSG_SPACE(sizeof(in_pktinfo))>;

/// Written once, so that what is measured is the receiver: only the source differs each time.
std::vector<std::string> payloads(const std::string& kind, std::mt19937_64& random) {
    std::vector<std::string> texts;
    for (int i = 0; i < 4096; ++i) {
        const std::string stamp = std::to_string(1'700'000'000 + random() % 90'000'000) + ".123456";
        const std::string addresses =
            R"({"Ip_origem":"127.0.0.9","Ip_destino":"127.0.0.1","Porta_origem":5000,)"
            R"("Porta_destino":5000,)";
        if (kind == "valid") {
            texts.push_back(addresses + R"("Timestamp da mensagem":)" + stamp +
                            R"(,"Mensagem":"flood"})");
        } else if (kind == "acks") {
            texts.push_back(addresses + R"("Timestamp da mensagem original":)" + stamp +
                            R"(,"Timestamp da mensagem de resposta":)" + stamp + R"(,"ACK":true})");
        } else {
            std::string bytes(1 + random() % 200, '\0');
            for (char& byte : bytes) byte = static_cast<char>(random());
            texts.push_back(std::move(bytes));
        }
    }
    return texts;
}

/// Any address of 127/8 is this host's own.
in_addr any_source(std::mt19937_64& random) {
    in_addr address{};
    address.s_addr = htonl(0x7f020000U | static_cast<std::uint32_t>(random() % 0xfd0000U));
    return address;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 64;
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
    if (inet_pton(AF_INET, argv[1], &target.sin_addr) != 1) return 64;
    const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    std::mt19937_64 random{1};
    std::vector<std::string> texts = payloads(argv[4], random);
    std::array<mmsghdr, burst> messages{};
    std::array<iovec, burst> parts{};
    alignas(cmsghdr) std::array<Control, burst> controls{};
    for (std::size_t i = 0; i < burst; ++i) {
        messages[i].msg_hdr = {
            &target, sizeof target, &parts[i], 1, controls[i].data(), controls[i].size(), 0};
        cmsghdr* const header = CMSG_FIRSTHDR(&messages[i].msg_hdr);
        header->cmsg_level = IPPROTO_IP;
        header->cmsg_type = IP_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[3]));
    std::uint64_t sent = 0;
    while (std::chrono::steady_clock::now() < end) {
        for (std::size_t i = 0; i < burst; ++i) {
            in_pktinfo info{};
            info.ipi_spec_dst = any_source(random);
            std::memcpy(CMSG_DATA(CMSG_FIRSTHDR(&messages[i].msg_hdr)), &info, sizeof info);
            std::string& text = texts[random() % texts.size()];
            parts[i] = {text.data(), text.size()};
        }
        const int count = sendmmsg(descriptor, messages.data(), burst, 0);
        if (count > 0) sent += static_cast<std::uint64_t>(count);
    }
    std::printf("%llu\n", static_cast<unsigned long long>(sent));
    return 0;
}
