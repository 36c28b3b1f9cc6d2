// tests: own timestamps rise strictly, whatever the wall clock does.
#include "daemon/core/stamp_clock.h"

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using namespace std::chrono_literals;

constexpr WallTime noon{std::chrono::seconds{1'732'260'000}};

std::int64_t us_of(WallTime wall) {
    return wall.time_since_epoch().count();
}

TEST(StampClock, FollowsTheWallClock) {
    StampClock clock(0);
    EXPECT_EQ(clock.take(noon, 1), us_of(noon));
    EXPECT_EQ(clock.take(noon + 5s, 1), us_of(noon + 5s));
}

TEST(StampClock, RisesWhileTheWallClockStands) {
    StampClock clock(0);
    const std::int64_t first = clock.take(noon, 1);
    EXPECT_EQ(clock.take(noon, 1), first + 1);
    EXPECT_EQ(clock.take(noon, 1), first + 2);
}

TEST(StampClock, RisesWhenTheWallClockStepsBack) {
    StampClock clock(0);
    const std::int64_t first = clock.take(noon, 1);
    EXPECT_EQ(clock.take(noon - 1h, 1), first + 1);
    EXPECT_EQ(clock.take(WallTime{}, 1), first + 2);
    EXPECT_EQ(clock.take(WallTime{-1h}, 1), first + 3);
    EXPECT_EQ(clock.take(noon + 1s, 1), us_of(noon + 1s));
}

TEST(StampClock, BeginsAboveWhatWasUsedBeforeARestart) {
    StampClock clock(us_of(noon + 1h));
    EXPECT_EQ(clock.take(noon, 1), us_of(noon + 1h) + 1);
}

TEST(StampClock, GivesALongTextConsecutiveOnes) {
    StampClock clock(0);
    const std::int64_t first = clock.take(noon, 1000);
    EXPECT_EQ(clock.last_us(), first + 999);
    EXPECT_EQ(clock.take(noon, 3), first + 1000);
    EXPECT_EQ(clock.take(noon, 1), first + 1003);
}

TEST(StampClock, CountsOnWhenTheWallClockIsBeyondTheFormat) {
    StampClock clock(us_of(noon));
    const WallTime beyond{std::chrono::microseconds{StampClock::us_max + 1}};
    EXPECT_EQ(clock.take(beyond, 1), us_of(noon) + 1);
    EXPECT_EQ(clock.take(beyond + 24h * 365 * 100, 1), us_of(noon) + 2);
    EXPECT_EQ(clock.take(WallTime::max(), 1), us_of(noon) + 3);
}

TEST(StampClock, NeverLetsALongTextRunBeyondTheFormat) {
    StampClock clock(us_of(noon));
    const WallTime last{std::chrono::microseconds{StampClock::us_max}};
    EXPECT_EQ(clock.take(last, 1000), us_of(noon) + 1);
}

TEST(StampClock, ClampsATimeThatIsNoIdentity) {
    EXPECT_EQ(StampClock::clamp(WallTime{-1h}), 0);
    EXPECT_EQ(StampClock::clamp(noon), us_of(noon));
    EXPECT_EQ(StampClock::clamp(WallTime::max()), StampClock::us_max);
}

}  // namespace
}  // namespace p2pd
