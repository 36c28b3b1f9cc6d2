// tests: RFC 6298, section 2, in its own numbers.
#include "daemon/core/round_trip.h"

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using namespace std::chrono_literals;

TEST(RoundTrip, WithoutASampleTheTimeoutIsASecond) {
    const RoundTrip path;
    EXPECT_EQ(path.timeout(), 1s);
    EXPECT_FALSE(path.smoothed());
}

TEST(RoundTrip, TheFirstSampleSetsTheTimeoutToThreeTimesIt) {
    RoundTrip path;
    path.sample(100ms);
    EXPECT_EQ(path.smoothed(), 100ms);
    EXPECT_EQ(path.timeout(), 300ms);  // SRTT + 4 * R/2
}

TEST(RoundTrip, LaterSamplesAreSmoothed) {
    RoundTrip path;
    path.sample(100ms);
    path.sample(200ms);
    // RTTVAR = 3/4 * 50 + 1/4 * |100 - 200| = 62.5, before SRTT = 7/8 * 100 + 1/8 * 200 = 112.5
    EXPECT_EQ(path.smoothed(), 112'500us);
    EXPECT_EQ(path.timeout(), 362'500us);
}

TEST(RoundTrip, ASteadyPathBringsTheTimeoutDownToItsLeast) {
    RoundTrip path;
    for (int i = 0; i < 100; ++i) path.sample(1ms);
    EXPECT_EQ(path.timeout(), RoundTrip::timeout_min);
}

TEST(RoundTrip, TheTimeoutOfASteadyLongPathIsAboveIts) {
    RoundTrip path;
    for (int i = 0; i < 200; ++i) path.sample(800ms);
    EXPECT_GE(path.timeout(), 801ms);
    EXPECT_LE(path.timeout(), 810ms);
}

TEST(RoundTrip, TheTimeoutIsBounded) {
    RoundTrip path;
    path.sample(10min);
    EXPECT_EQ(path.timeout(), RoundTrip::timeout_max);
}

TEST(RoundTrip, ASampleOfNothingIsTaken) {
    RoundTrip path;
    path.sample(0us);
    path.sample(-1us);
    EXPECT_EQ(path.smoothed(), 1us);
    EXPECT_EQ(path.timeout(), RoundTrip::timeout_min);
}

}  // namespace
}  // namespace p2pd
