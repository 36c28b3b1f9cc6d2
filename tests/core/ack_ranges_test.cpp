// tests: many timestamps in one ACK, written and read.
#include "daemon/core/ack_ranges.h"

#include <random>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using Ranges = std::vector<StampRange>;

TEST(AckRanges, AreDistancesAndHowManyMore) {
    EXPECT_EQ(write_ranges(100, {{110, 1}, {111, 5}, {200, 1}}), "10 1+4 85");
    EXPECT_EQ(write_ranges(100, {}), "");
}

TEST(AckRanges, ComeBack) {
    std::mt19937_64 random{7};
    for (int round = 0; round < 1000; ++round) {
        Ranges ranges;
        std::int64_t us = 1'732'260'000'000'000;
        for (std::uint64_t i = random() % 50; i > 0; --i) {
            us += 2 + static_cast<std::int64_t>(random() % (1U << random() % 20));
            const auto count = static_cast<std::uint32_t>(1 + random() % 20);
            ranges.push_back({us, count});
            us += count - 1;
        }
        EXPECT_EQ(read_ranges(1'732'260'000'000'000, write_ranges(1'732'260'000'000'000, ranges)),
                  ranges);
    }
}

class BadRanges : public testing::TestWithParam<const char*> {};

TEST_P(BadRanges, ConfirmNothing) {
    EXPECT_EQ(read_ranges(100, GetParam()), Ranges{});
}

INSTANTIATE_TEST_SUITE_P(AckRanges, BadRanges,
                         testing::Values(" 1", "1 ", "1  2", "0", "-1", "1+0", "1+", "+1", "1+-1",
                                         "x", "1,2", "1+65535", "1 1+65534", "1+1+1",
                                         "4294967295999999", "99999999999999999999", "1e3", "1.5",
                                         "4294967295999898+2"));

TEST(AckRanges, OfTheMostThatOneAckConfirmsAreRead) {
    EXPECT_EQ(read_ranges(100, "1+65534"), (Ranges{{101, 65535}}));
    EXPECT_EQ(read_ranges(100, "4294967295999898+1"), (Ranges{{4294967295999998, 2}}));
}

}  // namespace
}  // namespace p2pd
