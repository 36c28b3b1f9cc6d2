// tests: slow start, then CUBIC, and seven tenths of it upon a loss.
#include "daemon/core/congestion_window.h"

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using namespace std::chrono_literals;

constexpr Duration round_trip = 100ms;

CongestionWindow p2pd_window() {
    CongestionWindow window;
    window.fix_to_one(false);
    return window;
}

void confirm(CongestionWindow& window, std::uint32_t times, Instant now = Instant{}) {
    while (times-- > 0) window.confirmed(now, round_trip);
}

/// The window after `time` of full windows, one a round trip.
std::uint32_t grown(CongestionWindow& window, Duration time) {
    for (Instant now{}; now < Instant{} + time; now += round_trip) {
        confirm(window, window.size(), now);
    }
    return window.size();
}

TEST(CongestionWindow, IsOneForAProgramOfTheField) {
    CongestionWindow window;
    EXPECT_EQ(window.size(), 1U);
    confirm(window, 1000);
    EXPECT_EQ(window.size(), 1U);
}

TEST(CongestionWindow, StartsWithTen) {
    EXPECT_EQ(p2pd_window().size(), 10U);
}

TEST(CongestionWindow, DoublesEachRoundTripInSlowStart) {
    CongestionWindow window = p2pd_window();
    confirm(window, 10);
    EXPECT_EQ(window.size(), 20U);
    confirm(window, 20);
    EXPECT_EQ(window.size(), 40U);
}

TEST(CongestionWindow, IsSevenTenthsAfterALoss) {
    CongestionWindow window = p2pd_window();
    confirm(window, 90);
    window.lost();
    EXPECT_EQ(window.size(), 70U);
}

TEST(CongestionWindow, GrowsFastThenRestsAtTheSizeOfTheLossThenGoesBeyond) {
    CongestionWindow window = p2pd_window();
    confirm(window, 990);
    window.lost();
    // K = cbrt(300 / 0.4) = 9.1 s
    const std::uint32_t early = grown(window, 3s);
    EXPECT_GT(early, 850U);
    EXPECT_LT(early, 1000U);
    const std::uint32_t plateau = grown(window, 9s);
    EXPECT_NEAR(plateau, 1000, 20);
    EXPECT_GT(grown(window, 20s), 1200U);
}

TEST(CongestionWindow, GrowsNoSlowerThanRenoWhereThatIsFaster) {
    CongestionWindow window = p2pd_window();
    confirm(window, 10);
    window.lost();
    EXPECT_EQ(window.size(), 14U);
    // alpha = 0.53 a round trip
    EXPECT_GE(grown(window, 2s), 14U + 9U);
}

TEST(CongestionWindow, LeavesRoomForOthersWhenALossComesBelowTheLastPeak) {
    CongestionWindow window = p2pd_window();
    confirm(window, 990);
    window.lost();
    window.lost();
    // Its plateau is now 0.85 times what it was at the second loss.
    EXPECT_NEAR(grown(window, 8s), 595, 30);
}

TEST(CongestionWindow, IsOneAfterATimeoutAndSlowStartsToSevenTenths) {
    CongestionWindow window = p2pd_window();
    confirm(window, 90);
    window.timed_out();
    EXPECT_EQ(window.size(), 1U);
    confirm(window, 69);
    EXPECT_EQ(window.size(), 70U);
    confirm(window, 1);
    EXPECT_EQ(window.size(), 70U);
}

TEST(CongestionWindow, IsBounded) {
    CongestionWindow window = p2pd_window();
    confirm(window, 100'000);
    EXPECT_EQ(window.size(), CongestionWindow::maximum);
}

TEST(CongestionWindow, IsNeverNothing) {
    CongestionWindow window = p2pd_window();
    for (int i = 0; i < 20; ++i) window.timed_out();
    EXPECT_EQ(window.size(), 1U);
    for (int i = 0; i < 20; ++i) window.lost();
    EXPECT_GE(window.size(), 1U);
}

}  // namespace
}  // namespace p2pd
