// tests/bench: a network between two UDP programs: loses by a seed, delays. Includes std and POSIX.
// udp_relay PORT LOSS DELAY_US SEED: what comes to the near socket goes to 127.0.0.1:PORT from the
// far one, and back to whoever wrote last. DELAY_US each way; LOSS is a share. Prints both ports.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <optional>
#include <poll.h>
#include <random>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "tests/bench/load.h"
#include "tests/bench/sockets.h"

namespace bench {
namespace {

constexpr int burst = 64;

struct Side {
    UdpSocket socket = bind_udp(INADDR_LOOPBACK);
    std::optional<sockaddr_in> other;  ///< where to send what came to the other side
};

/// One way: what came, until its time has come. The delay is the same for all, so none overtakes.
class Way {
public:
    Way(double loss, std::chrono::microseconds delay, std::uint64_t seed)
        : loss_(loss), delay_(delay), random_(seed) {}

    void take(Side& from) {
        std::array<char, 1 << 16> buffer;
        for (int i = 0; i < burst; ++i) {
            sockaddr_in source{};
            socklen_t size = sizeof source;
            const ssize_t bytes =
                recvfrom(from.socket.descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT,
                         reinterpret_cast<sockaddr*>(&source), &size);
            if (bytes < 0) return;
            from.other = source;
            if (chance_(random_) < loss_) continue;
            held_.push_back({Clock::now() + delay_,
                             std::string(buffer.data(), static_cast<std::size_t>(bytes))});
        }
    }

    void release(const Side& to) {
        for (; !held_.empty() && held_.front().at <= Clock::now(); held_.pop_front()) {
            if (!to.other) continue;
            const std::string& bytes = held_.front().bytes;
            sendto(to.socket.descriptor, bytes.data(), bytes.size(), 0, any(*to.other),
                   sizeof *to.other);
        }
    }

    std::optional<Clock::time_point> next() const {
        if (held_.empty()) return std::nullopt;
        return held_.front().at;
    }

private:
    struct Held {
        Clock::time_point at;
        std::string bytes;
    };
    double loss_;
    std::chrono::microseconds delay_;
    std::mt19937_64 random_;
    std::uniform_real_distribution<double> chance_{0, 1};
    std::deque<Held> held_;
};

timespec until(Clock::time_point at) {
    const auto left = std::max(Clock::duration{}, at - Clock::now());
    const auto nanoseconds = std::chrono::nanoseconds{left}.count();
    return {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
}

[[noreturn]] void relay(Side& near, Side& far, Way& forth, Way& back) {
    for (;;) {
        std::optional<Clock::time_point> next = forth.next();
        if (const auto other = back.next(); other && (!next || *other < *next)) next = other;
        const timespec timeout = until(next.value_or(Clock::now()));
        std::array<pollfd, 2> entries{pollfd{near.socket.descriptor, POLLIN, 0},
                                      pollfd{far.socket.descriptor, POLLIN, 0}};
        ppoll(entries.data(), entries.size(), next ? &timeout : nullptr, nullptr);
        if (entries[0].revents != 0) forth.take(near);
        if (entries[1].revents != 0) back.take(far);
        forth.release(far);
        back.release(near);
    }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    using namespace bench;
    if (argc != 5) fail("usage: udp_relay PORT LOSS DELAY_US SEED");
    prctl(PR_SET_TIMERSLACK, 1UL);
    const std::chrono::microseconds delay{std::atoi(argv[3])};
    const auto seed = static_cast<std::uint64_t>(std::atoi(argv[4]));
    Way forth(std::atof(argv[2]), delay, seed);
    Way back(std::atof(argv[2]), delay, seed + 1);
    Side near;
    Side far;
    far.other = loopback(std::atoi(argv[1]));
    std::printf("%d %d\n", near.socket.port, far.socket.port);
    std::fflush(stdout);
    relay(near, far, forth, back);
}
