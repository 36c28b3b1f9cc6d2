// tests: the name that was probably meant. Includes GoogleTest, common.
#include "common/nearest_name.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

constexpr std::array<std::string_view, 5> commands{"send", "sent", "inbox", "status", "help"};

TEST(NearestName, FindsWhatIsOneSlipAway) {
    EXPECT_EQ(nearest_name("snd", commands), "send");
    EXPECT_EQ(nearest_name("inbocks", std::array<std::string_view, 1>{"inbox"}), std::nullopt);
    EXPECT_EQ(nearest_name("inbx", commands), "inbox");
    EXPECT_EQ(nearest_name("sttus", commands), "status");
}

TEST(NearestName, CountsSwappedNeighboursAsOneEdit) {
    EXPECT_EQ(nearest_name("hlep", commands), "help");
}

TEST(NearestName, PrefersTheNearer) {
    EXPECT_EQ(nearest_name("sentt", commands), "sent");
}

TEST(NearestName, SaysNothingWhenHalfOfTheNameWouldBeGuessed) {
    EXPECT_EQ(nearest_name("se", commands), std::nullopt);
    EXPECT_EQ(nearest_name("box", commands), std::nullopt);
    EXPECT_EQ(nearest_name("", commands), std::nullopt);
}

TEST(NearestName, SaysNothingForLongInput) {
    EXPECT_EQ(nearest_name(std::string(100'000, 's'), commands), std::nullopt);
}

TEST(NearestName, SaysNothingWhereNothingIsKnown) {
    EXPECT_EQ(nearest_name("send", {}), std::nullopt);
}

}  // namespace
}  // namespace p2pd
