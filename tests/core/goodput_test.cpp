// tests: what a path of given loss and delay carries, in virtual time.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

constexpr std::size_t ethernet_bytes = 1472;

/// Keeps messages of 100 bytes waiting, and counts what is delivered; on a path of Ethernet's size.
class Stream : public Pair {
public:
    Stream(double loss, Duration round_trip, std::uint64_t seed = 1) {
        random.seed(seed);
        network.set_sizes(ethernet_bytes, ethernet_bytes);
        network.set_faults(
            {.loss = loss, .delay_min = round_trip / 2, .delay_max = round_trip / 2});
        bob.send(alice.endpoint(), "good morning");  // a host that is written to is no stranger
        get_acquainted();
    }

    /// In each second, from the second one on.
    double delivered_per_second(Duration time = 4s) {
        run_filled(1s);
        const std::size_t before = alice.finished().size();
        run_filled(time);
        const double seconds = std::chrono::duration<double>(time).count();
        return static_cast<double>(alice.finished().size() - before) / seconds;
    }

private:
    void run_filled(Duration time) {
        for (const Instant end = events.now() + time; events.now() < end; run_for(1ms)) fill();
    }
    void fill() {
        constexpr std::size_t waiting = 2048;
        while (sent_ < alice.finished().size() + waiting) {
            alice.send(bob.endpoint(), std::string(100, 'x'));
            ++sent_;
        }
    }

    std::size_t sent_ = 0;
};

TEST(Goodput, OfALongCleanPathIsNotLimitedByItsRoundTrip) {
    EXPECT_GT(Stream(0, 100ms).delivered_per_second(), 10'000);
}

/// Of several seeds: of one, chance has a large part in it.
double mean_per_second(double loss, Duration time) {
    constexpr int seeds = 4;
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        sum += Stream(loss, 10ms, seed).delivered_per_second(time);
    }
    return sum / seeds;
}

TEST(Goodput, AtOnePercentOfLossIsThousands) {
    EXPECT_GT(mean_per_second(0.01, 2s), 7000);
}

TEST(Goodput, AtTenPercentOfLossIsOverTwoThousand) {
    EXPECT_GT(mean_per_second(0.1, 4s), 2300);
}

TEST(Goodput, AtThirtyPercentOfLossGoesOn) {
    EXPECT_GT(mean_per_second(0.3, 5s), 350);
}

}  // namespace
}  // namespace p2pd
