// tests: points in time and durations as text. Includes GoogleTest, common.
#include "common/time_text.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

TEST(TimeText, WritesUtcWithSixDecimals) {
    EXPECT_EQ(to_rfc3339({0}), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(to_rfc3339({1'795'343'460'123'456}), "2026-11-22T10:31:00.123456Z");
    EXPECT_EQ(to_rfc3339({-1}), "1969-12-31T23:59:59.999999Z");
}

TEST(TimeText, ShowsTimesOutsideOfFourDigitYearsAsTheLastThatHasThem) {
    EXPECT_EQ(to_rfc3339({std::numeric_limits<std::int64_t>::min()}),
              "0000-01-01T00:00:00.000000Z");
    EXPECT_EQ(to_rfc3339({std::numeric_limits<std::int64_t>::max()}),
              "9999-12-31T23:59:59.999999Z");
}

TEST(TimeText, ReadsBackWhatItWrites) {
    const std::int64_t first = parse_rfc3339("0000-01-01T00:00:00Z")->us;
    const std::int64_t last = parse_rfc3339("9999-12-31T23:59:59.999999Z")->us;
    constexpr std::int64_t step = 86'399'999'983'000;  // some 100 days and a bit, an odd one
    for (std::int64_t us = first; us <= last - step; us += step) {
        ASSERT_EQ(parse_rfc3339(to_rfc3339({us})), UtcTime{us}) << us;
    }
}

TEST(TimeText, ReadsOffsetsDecimalsAndLowerCase) {
    const auto noon = parse_rfc3339("2026-11-22T12:00:00Z");
    ASSERT_TRUE(noon);
    EXPECT_EQ(parse_rfc3339("2026-11-22T14:30:00+02:30"), noon);
    EXPECT_EQ(parse_rfc3339("2026-11-22T04:00:00-08:00"), noon);
    EXPECT_EQ(parse_rfc3339("2026-11-22t12:00:00.0z"), noon);
    EXPECT_EQ(parse_rfc3339("2026-11-22T12:00:00.5Z")->us, noon->us + 500'000);
    EXPECT_EQ(parse_rfc3339("2026-11-22T12:00:00.1234569999Z")->us, noon->us + 123'456);
}

TEST(TimeText, TakesALeapSecondForTheNextMinutesFirst) {
    EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
}

class BadTime : public testing::TestWithParam<std::string> {};

TEST_P(BadTime, IsRefused) {
    EXPECT_EQ(parse_rfc3339(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    TimeText, BadTime,
    testing::Values("", "2026", "2026-11-22", "2026-11-22T10:31:00", "2026-11-22 10:31:00Z",
                    "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z",
                    "2026-11-00T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z",
                    "2026-11-22T10:31:61Z", "2026-11-22T10:31:00.Z", "2026-11-22T10:31:00Zx",
                    "2026-11-22T10:31:00+2", "2026-11-22T10:31:00+0200", "2026-11-22T10:31Z",
                    "-026-11-22T10:31:00Z", "+2026-11-22T10:31:00Z", " 2026-11-22T10:31:00Z",
                    "2026-11-22T10:31:00+24:00"));

TEST(DurationText, ReadsEachUnitAndSums) {
    EXPECT_EQ(parse_duration("500us"), 500us);
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("5s"), 5s);
    EXPECT_EQ(parse_duration("90"), 90s);
    EXPECT_EQ(parse_duration("10m"), 10min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("7d"), 168h);
    EXPECT_EQ(parse_duration("2w"), 336h);
    EXPECT_EQ(parse_duration("1h30m"), 90min);
    EXPECT_EQ(parse_duration("0.5s"), 500ms);
    EXPECT_EQ(parse_duration("1.5"), 1500ms);
    EXPECT_EQ(parse_duration("0"), 0s);
    EXPECT_EQ(parse_duration("36525d"), 24h * 36525);
}

class BadDuration : public testing::TestWithParam<std::string> {};

TEST_P(BadDuration, IsRefused) {
    EXPECT_EQ(parse_duration(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(DurationText, BadDuration,
                         testing::Values("", "s", "-1s", "+1s", "1 s", " 1", "1x", "1h30", "30 1h",
                                         "1.s", ".5s", "1..5s", "1S", "1e3", "inf", "36525d1us",
                                         "5218w", "99999999999999999999", "18446744073709551616us",
                                         "1h99999999999999999999999"));

TEST(DurationText, IsShortForPeople) {
    EXPECT_EQ(duration_text(0us), "0 ms");
    EXPECT_EQ(duration_text(30us), "30 us");
    EXPECT_EQ(duration_text(800us), "0.8 ms");
    EXPECT_EQ(duration_text(12'340us), "12.3 ms");
    EXPECT_EQ(duration_text(250ms), "250 ms");
    EXPECT_EQ(duration_text(3200ms), "3.2 s");
    EXPECT_EQ(duration_text(5min), "5 min");
    EXPECT_EQ(duration_text(90min), "1.5 h");
    EXPECT_EQ(duration_text(168h), "7 d");
    EXPECT_EQ(duration_text(-5s), "-5 s");
}

TEST(DurationText, RoundsIntoTheNextUnitRatherThanToItsLimit) {
    EXPECT_EQ(duration_text(999'999us), "1 s");
    EXPECT_EQ(duration_text(59'999ms), "1 min");
    EXPECT_EQ(duration_text(59min + 59s), "1 h");
    EXPECT_EQ(duration_text(23h + 59min), "1 d");
    EXPECT_EQ(duration_text(168h - 1s), "7 d");
}

TEST(DurationText, TakesAnyDuration) {
    EXPECT_EQ(duration_text(microseconds::max()), "106751991 d");
    EXPECT_EQ(duration_text(microseconds::min()), "-106751991 d");
}

}  // namespace
}  // namespace p2pd
