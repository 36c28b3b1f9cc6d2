// tests/core: durations counted in steps.
#include "daemon/core/duration_histogram.h"

#include <numeric>

#include <gtest/gtest.h>

namespace p2pd::test {
namespace {

TEST(DurationHistogram, ABoundBelongsToItsOwnStep) {
    DurationHistogram histogram;
    histogram.add(Duration{0});
    histogram.add(Duration{100});
    histogram.add(Duration{101});
    EXPECT_EQ(histogram.counts()[0], 2U);
    EXPECT_EQ(histogram.counts()[1], 1U);
}

TEST(DurationHistogram, WhatIsAboveAllBoundsIsCountedToo) {
    DurationHistogram histogram;
    histogram.add(std::chrono::seconds{10});
    histogram.add(std::chrono::seconds{3600});
    EXPECT_EQ(histogram.counts()[DurationHistogram::bounds.size() - 1], 1U);
    EXPECT_EQ(histogram.counts().back(), 1U);
    EXPECT_EQ(std::accumulate(histogram.counts().begin(), histogram.counts().end(), 0U), 2U);
}

TEST(DurationHistogram, TheSumIsThatOfAll) {
    DurationHistogram histogram;
    histogram.add(Duration{3});
    histogram.add(std::chrono::seconds{20});
    EXPECT_EQ(histogram.sum(), Duration{20'000'003});
}

TEST(DurationHistogram, BoundsRise) {
    EXPECT_TRUE(std::is_sorted(DurationHistogram::bounds.begin(), DurationHistogram::bounds.end()));
}

}  // namespace
}  // namespace p2pd::test
