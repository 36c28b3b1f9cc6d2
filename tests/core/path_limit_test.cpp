// tests: how the size of datagrams to one peer is found, and given up again.
#include "daemon/core/path_limit.h"

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using namespace std::chrono_literals;

constexpr Instant begin{1h};

PathLimit confirmed(int times) {
    PathLimit path;
    for (int i = 0; i < times; ++i) {
        path.probe_sent();
        path.probe_confirmed();
    }
    return path;
}

TEST(PathLimit, BeginsWithWhatEveryPathTakes) {
    EXPECT_EQ(PathLimit().bytes(), 1200U);
    EXPECT_EQ(PathLimit().probe_bytes(begin), 1452U);
}

TEST(PathLimit, GrowsToTheLargestThatIsConfirmed) {
    EXPECT_EQ(confirmed(1).bytes(), 1452U);
    EXPECT_EQ(confirmed(2).bytes(), 8952U);
    EXPECT_EQ(confirmed(3).bytes(), 65487U);
    EXPECT_FALSE(confirmed(3).probe_bytes(begin));
    EXPECT_EQ(confirmed(4).bytes(), 65487U);
}

TEST(PathLimit, OneProbeIsUnderWayAtATime) {
    PathLimit path;
    path.probe_sent();
    EXPECT_FALSE(path.probe_bytes(begin));
}

TEST(PathLimit, RestsForTenMinutesAfterThreeLostProbes) {
    PathLimit path = confirmed(1);
    for (int i = 0; i < PathLimit::probes_max; ++i) {
        ASSERT_TRUE(path.probe_bytes(begin));
        path.probe_sent();
        path.probe_lost(begin);
    }
    EXPECT_EQ(path.bytes(), 1452U);
    EXPECT_FALSE(path.probe_bytes(begin + 10min - 1us));
    EXPECT_TRUE(path.probe_bytes(begin + 10min));
}

TEST(PathLimit, RestsAtOnceWhenTheHostRefuses) {
    PathLimit path;
    path.probe_sent();
    path.too_large(begin);
    EXPECT_FALSE(path.probe_bytes(begin));
}

TEST(PathLimit, FallsBackOnce) {
    PathLimit path = confirmed(2);
    EXPECT_TRUE(path.fall_back(begin));
    EXPECT_EQ(path.bytes(), 1200U);
    EXPECT_FALSE(path.probe_bytes(begin));
    EXPECT_FALSE(path.fall_back(begin));
}

TEST(PathLimit, FallsBackToTheBaseAfterTwoTimeoutsInARow) {
    PathLimit path = confirmed(2);
    path.timed_out();
    EXPECT_EQ(path.bytes(), 8952U);
    path.timed_out();
    EXPECT_EQ(path.bytes(), 1200U);
}

TEST(PathLimit, AfterTimeoutsTriesLargerOnesOnceThePeerIsHeard) {
    PathLimit path = confirmed(2);
    path.timed_out();
    path.timed_out();
    EXPECT_FALSE(path.probe_bytes(begin));
    path.heard();
    EXPECT_EQ(path.probe_bytes(begin), 1452U);
}

TEST(PathLimit, KeepsItsSizeWhenThePeerIsHeardBetweenTimeouts) {
    PathLimit path = confirmed(2);
    path.timed_out();
    path.heard();
    path.timed_out();
    EXPECT_EQ(path.bytes(), 8952U);
}

}  // namespace
}  // namespace p2pd
