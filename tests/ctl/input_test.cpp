// tests/ctl: values, texts, lines and times as p2pctl reads them.
#include <array>
#include <cstdlib>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ctl/arguments.h"
#include "ctl/control_error.h"
#include "ctl/delivery.h"
#include "ctl/line_reader.h"
#include "ctl/results.h"
#include "ctl/text_input.h"
#include "ctl/times.h"

namespace p2pd::test {
namespace {

using namespace std::chrono_literals;

Arguments with_option(const std::string& name, const std::string& value) {
    Arguments arguments;
    arguments.options[name] = value;
    return arguments;
}

TEST(Arguments, ANumberInItsRangeIsRead) {
    EXPECT_EQ(with_option("number", "7").number("number", 1, 10), 7U);
}

TEST(Arguments, ANumberOutOfRangeNamesWhatIsAllowed) {
    try {
        with_option("number", "11").number("number", 1, 10);
        FAIL();
    } catch (const ControlError& error) {
        EXPECT_STREQ(error.what(), "--number \"11\": must be a whole number from 1 to 10");
        EXPECT_EQ(error.exit(), ExitCode::usage);
    }
}

TEST(Arguments, WhatIsNoNumberIsRefused) {
    for (const char* text : {"", "x", "-1", "1x", " 1", "99999999999999999999"}) {
        EXPECT_THROW(with_option("number", text).number("number", 0, UINT64_MAX), ControlError);
    }
}

TEST(Arguments, ADurationIsRoundedUpToMilliseconds) {
    EXPECT_EQ(with_option("timeout", "0.0001s").duration("timeout", 1h), 1ms);
}

TEST(Arguments, ADurationOverTheLimitIsRefused) {
    EXPECT_THROW(with_option("timeout", "2d").duration("timeout", 24h), ControlError);
}

TEST(Arguments, IdsMayHaveTheirSign) {
    EXPECT_EQ(parse_message_id("42"), 42U);
    EXPECT_EQ(parse_message_id("#42"), 42U);
    EXPECT_THROW(parse_message_id("0"), ControlError);
    EXPECT_THROW(parse_message_id("bob"), ControlError);
}

TEST(Utf8, TextOfAnyScriptIsFine) {
    EXPECT_EQ(invalid_utf8_at("ol\xc3\xa1 \xe4\xb8\xad \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf"),
              std::nullopt);
}

TEST(Utf8, TheFirstBadByteIsNamed) {
    EXPECT_EQ(invalid_utf8_at("a\x80"), 1U);             // no lead byte
    EXPECT_EQ(invalid_utf8_at("\xc0\xaf"), 0U);          // overlong
    EXPECT_EQ(invalid_utf8_at("ab\xed\xa0\x80"), 2U);    // surrogate
    EXPECT_EQ(invalid_utf8_at("\xf4\x90\x80\x80"), 0U);  // above U+10FFFF
    EXPECT_EQ(invalid_utf8_at("x\xe2\x82"), 1U);         // cut short
    EXPECT_EQ(invalid_utf8_at("\xe2\x82\xc3\xa1"), 0U);  // cut short by another
}

/// What a reader makes of bytes that come at once.
std::vector<InputLine> lines_of(const std::string& bytes) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    EXPECT_EQ(::write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::close(ends[1]);
    LineReader reader(ends[0]);
    std::vector<InputLine> lines;
    while (!reader.exhausted()) {
        reader.read_some();
        while (auto line = reader.take()) lines.push_back(*line);
    }
    ::close(ends[0]);
    return lines;
}

TEST(LineReader, TheLastLineNeedsNoLineBreak) {
    const auto lines = lines_of("one\n\ntwo");
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[1].text, "");
    EXPECT_EQ(lines[2].text, "two");
    EXPECT_EQ(lines[2].number, 3U);
}

TEST(LineReader, ALineBreakAtTheEndBeginsNoLine) {
    EXPECT_EQ(lines_of("one\n").size(), 1U);
}

TEST(Times, ReadsEveryFormOfTheInterface) {
    // 2026-11-22T10:31:00Z
    const TimeStyle style{.utc = true, .now = UtcTime{1'795'343'460'000'000}};
    const auto text = [&](std::string_view given) {
        const auto time = parse_moment(given, style);
        return time ? to_rfc3339(*time).substr(0, 19) : "none";
    };
    EXPECT_EQ(text("2026-11-20T08:00:00+02:00"), "2026-11-20T06:00:00");
    EXPECT_EQ(text("2026-11-20"), "2026-11-20T00:00:00");
    EXPECT_EQ(text("2026-11-20 08:15"), "2026-11-20T08:15:00");
    EXPECT_EQ(text("2026-11-20 08:15:30"), "2026-11-20T08:15:30");
    EXPECT_EQ(text("08:15"), "2026-11-22T08:15:00");
    EXPECT_EQ(text("1h30m"), "2026-11-22T09:01:00");
    for (const char* wrong :
         {"", "yesterday", "2026-13-01", "2026-02-30", "25:00", "2026-11-20x"}) {
        EXPECT_EQ(text(wrong), "none") << wrong;
    }
}

TEST(Times, RelativeOnesAreSeenFromNow) {
    const TimeStyle style{.utc = true, .relative = true, .now = UtcTime{600'000'000}};
    EXPECT_EQ(time_text(UtcTime{420'000'000}, style), "3 min ago");
}

TEST(Times, MicrosecondsAreShownWhereItIsExact) {
    const TimeStyle style{.utc = true, .now = {}};
    EXPECT_EQ(exact_time_text(UtcTime{1'795'343'460'000'042}, style), "2026-11-22 10:31:00.000042");
}

TEST(Delivery, TheWorseExitCodeStays) {
    EXPECT_EQ(worse(ExitCode::done, ExitCode::not_confirmed), ExitCode::not_confirmed);
    EXPECT_EQ(worse(ExitCode::negative, ExitCode::not_confirmed), ExitCode::negative);
    EXPECT_EQ(worse(ExitCode::io, ExitCode::negative), ExitCode::io);
}

TEST(Results, SkipUnknownMembersAtEveryDepth) {
    const Json json{{"peers", {{{"address", "10.0.0.5:5000"}, {"mood", "good"}}}}, {"extra", 1}};
    const auto result = parse_result<PeersResult>(json);
    ASSERT_EQ(result.peers.size(), 1U);
    EXPECT_EQ(result.peers[0].address, "10.0.0.5:5000");
}

TEST(Results, OfTheWrongTypeAreAMismatch) {
    try {
        parse_result<CountResult>(Json{{"count", "many"}});
        FAIL();
    } catch (const ControlError& error) {
        EXPECT_EQ(error.exit(), ExitCode::protocol_mismatch);
    }
}

}  // namespace
}  // namespace p2pd::test
