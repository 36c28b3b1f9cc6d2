// tests/bench: a path of Ethernet's size from a host to itself: loses by a seed, delays, is as wide
// as asked. Includes std, POSIX and Linux's tun.
// tun_relay NAME LOSS DELAY_US SEED BYTES_A_SECOND QUEUE_US: makes the interface NAME. A packet
// that is routed to it comes back with its two addresses swapped, which keeps every checksum: what
// is sent to a neighbour that does not exist arrives here, as from there. LOSS is a share, DELAY_US
// each way, 0 bytes a second are no limit. When standard input ends it prints how many bytes of UDP
// and of TCP it has carried.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <random>
#include <string>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/bench/load.h"

namespace bench {
namespace {

constexpr int burst = 64;
constexpr std::size_t ip_header_bytes = 20;
constexpr std::size_t protocol_at = 9;
constexpr std::size_t source_at = 12;
constexpr std::size_t destination_at = 16;
constexpr std::size_t address_bytes = 4;

int open_tun(const char* name) {
    const int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ifreq request{};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (descriptor < 0 || ioctl(descriptor, TUNSETIFF, &request) != 0) fail_with_errno(name);
    return descriptor;
}

struct Path {
    double loss = 0;
    std::chrono::microseconds delay{0};
    double bytes_a_second = 0;            ///< 0: no limit
    std::chrono::microseconds queue_max;  ///< what a narrow path holds before it drops
};

/// What came, until its time has come. The delay is the same for all, so none overtakes.
class Relay {
public:
    Relay(int tun, const Path& path, std::uint64_t seed) : tun_(tun), path_(path), random_(seed) {}

    void take() {
        std::array<char, 1 << 16> buffer;
        for (int i = 0; i < burst; ++i) {
            const ssize_t bytes = read(tun_, buffer.data(), buffer.size());
            if (bytes < 0) return;
            take({buffer.data(), static_cast<std::size_t>(bytes)});
        }
    }

    void release() {
        for (; !held_.empty() && held_.front().at <= Clock::now(); held_.pop_front()) {
            const std::string& packet = held_.front().bytes;
            if (write(tun_, packet.data(), packet.size()) < 0 && errno != EINVAL) {
                fail_with_errno("write");
            }
        }
    }

    std::optional<Clock::time_point> next() const {
        if (held_.empty()) return std::nullopt;
        return held_.front().at;
    }

    void print() const {
        std::printf("%llu %llu\n", static_cast<unsigned long long>(udp_bytes_),
                    static_cast<unsigned long long>(tcp_bytes_));
    }

private:
    struct Held {
        Clock::time_point at;
        std::string bytes;
    };

    void take(std::string packet) {
        constexpr unsigned version_4 = 4;
        if (packet.size() < ip_header_bytes ||
            static_cast<unsigned char>(packet[0]) >> 4U != version_4) {
            return;
        }
        if (chance_(random_) < path_.loss) return;
        const auto at = departure(packet.size());
        if (!at) return;
        std::swap_ranges(&packet[source_at], &packet[source_at] + address_bytes,
                         &packet[destination_at]);
        const auto protocol = static_cast<unsigned char>(packet[protocol_at]);
        (protocol == IPPROTO_TCP ? tcp_bytes_ : udp_bytes_) += packet.size();
        held_.push_back({*at + path_.delay, std::move(packet)});
    }

    /// Empty: the queue of the narrow path is full.
    std::optional<Clock::time_point> departure(std::size_t bytes) {
        const auto now = Clock::now();
        if (path_.bytes_a_second == 0) return now;
        const std::chrono::duration<double> takes(static_cast<double>(bytes) /
                                                  path_.bytes_a_second);
        const auto leaves =
            std::max(now, free_at_) + std::chrono::duration_cast<Clock::duration>(takes);
        if (leaves - now > path_.queue_max) return std::nullopt;
        return free_at_ = leaves;
    }

    int tun_;
    Path path_;
    std::mt19937_64 random_;
    std::uniform_real_distribution<double> chance_{0, 1};
    std::deque<Held> held_;
    Clock::time_point free_at_;
    std::uint64_t udp_bytes_ = 0;
    std::uint64_t tcp_bytes_ = 0;
};

timespec until(Clock::time_point at) {
    const auto left = std::max(Clock::duration{}, at - Clock::now());
    const auto nanoseconds = std::chrono::nanoseconds{left}.count();
    return {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
}

/// Until standard input ends.
void run(int tun, Relay& relay) {
    for (;;) {
        const auto next = relay.next();
        const timespec timeout = until(next.value_or(Clock::now()));
        std::array<pollfd, 2> entries{pollfd{tun, POLLIN, 0}, pollfd{STDIN_FILENO, POLLIN, 0}};
        ppoll(entries.data(), entries.size(), next ? &timeout : nullptr, nullptr);
        if (entries[0].revents != 0) relay.take();
        relay.release();
        if (entries[1].revents != 0) return;
    }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    using namespace bench;
    if (argc != 7) fail("usage: tun_relay NAME LOSS DELAY_US SEED BYTES_A_SECOND QUEUE_US");
    prctl(PR_SET_TIMERSLACK, 1UL);
    const int tun = open_tun(argv[1]);
    const Path path{std::atof(argv[2]), std::chrono::microseconds{std::atoi(argv[3])},
                    std::atof(argv[5]), std::chrono::microseconds{std::atoi(argv[6])}};
    Relay relay(tun, path, static_cast<std::uint64_t>(std::atoi(argv[4])));
    std::printf("ready\n");
    std::fflush(stdout);
    run(tun, relay);
    relay.print();
    return 0;
}
