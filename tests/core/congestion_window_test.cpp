// tests: slow start, then a datagram more each round trip, and half of it upon a loss.
#include "daemon/core/congestion_window.h"

#include <gtest/gtest.h>

namespace p2pd {
namespace {

CongestionWindow p2pd_window() {
    CongestionWindow window;
    window.fix_to_one(false);
    return window;
}

void confirm(CongestionWindow& window, std::uint32_t times) {
    while (times-- > 0) window.confirmed();
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

TEST(CongestionWindow, IsHalvedByALoss) {
    CongestionWindow window = p2pd_window();
    confirm(window, 30);
    window.lost();
    EXPECT_EQ(window.size(), 20U);
}

TEST(CongestionWindow, GrowsByOneEachRoundTripAfterALoss) {
    CongestionWindow window = p2pd_window();
    confirm(window, 30);
    window.lost();
    confirm(window, 19);
    EXPECT_EQ(window.size(), 20U);
    confirm(window, 1);
    EXPECT_EQ(window.size(), 21U);
    confirm(window, 21);
    EXPECT_EQ(window.size(), 22U);
}

TEST(CongestionWindow, IsOneAfterATimeoutAndSlowStartsToHalf) {
    CongestionWindow window = p2pd_window();
    confirm(window, 30);
    window.timed_out();
    EXPECT_EQ(window.size(), 1U);
    confirm(window, 19);
    EXPECT_EQ(window.size(), 20U);
    confirm(window, 1);
    EXPECT_EQ(window.size(), 20U);
}

TEST(CongestionWindow, IsBounded) {
    CongestionWindow window = p2pd_window();
    confirm(window, 10'000);
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
