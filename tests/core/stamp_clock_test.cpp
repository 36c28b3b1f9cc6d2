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

/// As a store would: the mark that is asked for is kept.
std::int64_t keep_mark(StampClock& clock, WallTime wall) {
    const std::int64_t mark_us = clock.next_mark_us(wall);
    clock.mark_kept(mark_us);
    return mark_us;
}

TEST(StampClock, ReservesASecondAheadOfWhatWasGiven) {
    StampClock clock(0);
    const std::int64_t first = clock.take(noon, 1);
    EXPECT_FALSE(clock.is_reserved(first));
    EXPECT_EQ(keep_mark(clock, noon + 1ms), first + StampClock::ahead_us);
    EXPECT_TRUE(clock.is_reserved(first));
    EXPECT_TRUE(clock.is_reserved(first + StampClock::ahead_us));
    EXPECT_FALSE(clock.is_reserved(first + StampClock::ahead_us + 1));
}

TEST(StampClock, KeepsItsMarkWhileHalfOfItIsLeft) {
    StampClock clock(0);
    clock.take(noon, 1);
    const std::int64_t mark_us = keep_mark(clock, noon);
    clock.take(noon + 500ms, 1);
    EXPECT_EQ(keep_mark(clock, noon + 500ms), mark_us);
    EXPECT_EQ(keep_mark(clock, noon + 1h), mark_us);  // nothing was given since
    clock.take(noon + 500ms + 1us, 1);
    EXPECT_EQ(keep_mark(clock, noon + 500ms + 1us), mark_us + 500'001);
}

TEST(StampClock, TheMarkIsNeverBelowWhatWasGiven) {
    StampClock clock(0);
    const std::int64_t first = clock.take(noon, 1000);
    EXPECT_EQ(keep_mark(clock, noon - 1h), first + 999);
    EXPECT_EQ(keep_mark(clock, noon - 2h), first + 999);
    const std::int64_t mark_us = keep_mark(clock, noon);
    clock.take(noon + 700ms, 1);
    EXPECT_EQ(keep_mark(clock, noon - 1h), mark_us);
}

TEST(StampClock, QuickRestartsDoNotDriveTheMarkAway) {
    std::int64_t mark_us = 0;
    WallTime wall = noon;
    for (int restart = 0; restart < 1000; ++restart, wall += 1ms) {
        StampClock clock(mark_us);
        EXPECT_GT(clock.take(wall, 1), mark_us);
        mark_us = keep_mark(clock, wall);
        EXPECT_LE(mark_us, us_of(wall) + StampClock::ahead_us + 1000);
    }
}

TEST(StampClock, TheMarkStaysWithinTheFormat) {
    StampClock clock(0);
    clock.take(WallTime{std::chrono::microseconds{StampClock::us_max - 10}}, 1);
    EXPECT_EQ(clock.next_mark_us(WallTime::max()), StampClock::us_max);
}

TEST(StampClock, ClampsATimeThatIsNoIdentity) {
    EXPECT_EQ(StampClock::clamp(WallTime{-1h}), 0);
    EXPECT_EQ(StampClock::clamp(noon), us_of(noon));
    EXPECT_EQ(StampClock::clamp(WallTime::max()), StampClock::us_max);
}

}  // namespace
}  // namespace p2pd
