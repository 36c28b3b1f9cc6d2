// tests: slow start, then CUBIC, and seven tenths of it upon a loss.
#include "daemon/core/congestion_window.h"

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using namespace std::chrono_literals;

constexpr Duration round_trip = 100ms;
constexpr std::size_t datagram_bytes = 1200;

std::size_t datagrams(const CongestionWindow& window) {
    return window.bytes() / datagram_bytes;
}

void confirm(CongestionWindow& window, std::size_t times, Instant now = Instant{}) {
    while (times-- > 0) window.confirmed(datagram_bytes, datagram_bytes, now, round_trip);
}

/// Datagrams that the window holds after `time` of full windows, one a round trip.
std::size_t grown(CongestionWindow& window, Duration time) {
    for (Instant now{}; now < Instant{} + time; now += round_trip) {
        confirm(window, datagrams(window), now);
    }
    return datagrams(window);
}

TEST(CongestionWindow, StartsWithTenDatagrams) {
    EXPECT_EQ(datagrams(CongestionWindow{}), 10U);
}

TEST(CongestionWindow, DoublesEachRoundTripInSlowStart) {
    CongestionWindow window;
    confirm(window, 10);
    EXPECT_EQ(datagrams(window), 20U);
    confirm(window, 20);
    EXPECT_EQ(datagrams(window), 40U);
}

TEST(CongestionWindow, IsSevenTenthsAfterALoss) {
    CongestionWindow window;
    confirm(window, 90);
    window.lost(datagram_bytes, true);
    EXPECT_EQ(datagrams(window), 70U);
}

TEST(CongestionWindow, GrowsFastThenRestsAtTheSizeOfTheLossThenGoesBeyond) {
    CongestionWindow window;
    confirm(window, 990);
    window.lost(datagram_bytes, true);
    // K = cbrt(300 / 0.4) = 9.1 s
    const std::size_t early = grown(window, 3s);
    EXPECT_GT(early, 850U);
    EXPECT_LT(early, 1000U);
    const std::size_t plateau = grown(window, 9s);
    EXPECT_NEAR(static_cast<double>(plateau), 1000, 20);
    EXPECT_GT(grown(window, 20s), 1200U);
}

TEST(CongestionWindow, GrowsNoSlowerThanRenoWhereThatIsFaster) {
    CongestionWindow window;
    confirm(window, 10);
    window.lost(datagram_bytes, true);
    EXPECT_EQ(datagrams(window), 14U);
    // alpha = 0.53 a round trip
    EXPECT_GE(grown(window, 2s), 14U + 9U);
}

TEST(CongestionWindow, GrowsAsRenoOnceItIsWhereItWasBeforeTheLoss) {
    CongestionWindow window;
    confirm(window, 10);
    window.lost(datagram_bytes, true);
    EXPECT_EQ(datagrams(window), 14U);
    // alpha = 0.53 for 11 round trips, then 1.
    EXPECT_NEAR(static_cast<double>(grown(window, 3s)), 20 + 19, 2);
}

TEST(CongestionWindow, ShrinksLessWhereNoQueueIsSeen) {
    CongestionWindow window;
    confirm(window, 90);
    window.lost(datagram_bytes, false);
    EXPECT_EQ(datagrams(window), 85U);
}

TEST(CongestionWindow, LeavesRoomForOthersWhenALossComesBelowTheLastPeak) {
    CongestionWindow window;
    confirm(window, 990);
    window.lost(datagram_bytes, true);
    window.lost(datagram_bytes, true);
    // Its plateau is now 0.85 times what it was at the second loss.
    EXPECT_NEAR(static_cast<double>(grown(window, 8s)), 595, 30);
}

TEST(CongestionWindow, HoldsTwoDatagramsAfterATimeoutAndSlowStartsToSevenTenths) {
    CongestionWindow window;
    confirm(window, 90);
    window.timed_out(datagram_bytes);
    EXPECT_EQ(datagrams(window), 2U);
    EXPECT_TRUE(window.in_slow_start());
    confirm(window, 68);
    EXPECT_EQ(datagrams(window), 70U);
    EXPECT_FALSE(window.in_slow_start());
    confirm(window, 1);
    EXPECT_EQ(datagrams(window), 70U);
}

TEST(CongestionWindow, IsBounded) {
    CongestionWindow window;
    confirm(window, 100'000);
    EXPECT_EQ(window.bytes(), CongestionWindow::bytes_max);
}

TEST(CongestionWindow, AlwaysHoldsTwoDatagrams) {
    CongestionWindow window;
    for (int i = 0; i < 20; ++i) window.timed_out(datagram_bytes);
    EXPECT_EQ(datagrams(window), 2U);
}

TEST(CongestionWindow, HoldsFourAsLongAsAcksCome) {
    CongestionWindow window;
    for (int i = 0; i < 20; ++i) window.lost(datagram_bytes, true);
    EXPECT_EQ(datagrams(window), 4U);
}

TEST(CongestionWindow, GrowsByBytesWhateverTheirNumber) {
    CongestionWindow one;
    CongestionWindow many;
    one.confirmed(1200, datagram_bytes, Instant{}, round_trip);
    for (int i = 0; i < 12; ++i) many.confirmed(100, datagram_bytes, Instant{}, round_trip);
    EXPECT_EQ(one.bytes(), many.bytes());
}

}  // namespace
}  // namespace p2pd
