// tests: the log. Includes GoogleTest, common.
#include "common/logging.h"

#include <array>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using namespace std::chrono_literals;

class LogTest : public testing::Test {
protected:
    LogOutput collect() {
        return [this](const LogEvent& event) {
            lines.emplace_back(event.text);
            levels.push_back(event.level);
            peers.emplace_back(event.fields.peer);
        };
    }
    void repeat(int times, std::string_view event_class = "malformed") {
        for (int i = 0; i < times; ++i) {
            log.limited(event_class, LogLevel::warning, "a bad datagram",
                        {.peer = "10.0.0.1:5000"});
        }
    }

    std::vector<std::string> lines;
    std::vector<LogLevel> levels;
    std::vector<std::string> peers;
    std::chrono::steady_clock::time_point now{};
    Log log{LogLevel::info, collect(), [this] { return now; }};
};

TEST_F(LogTest, WritesItsLevelAndWhatIsAbove) {
    log.debug("d");
    log.info("i");
    log.warning("w");
    log.error("e");
    EXPECT_EQ(lines, (std::vector<std::string>{"i", "w", "e"}));
    EXPECT_EQ(levels, (std::vector<LogLevel>{LogLevel::info, LogLevel::warning, LogLevel::error}));
}

TEST_F(LogTest, ChangesItsLevelAtOnce) {
    log.set_level(LogLevel::error);
    log.warning("w");
    log.set_level(LogLevel::debug);
    log.debug("d");
    EXPECT_EQ(lines, (std::vector<std::string>{"d"}));
    EXPECT_EQ(log.level(), LogLevel::debug);
}

TEST_F(LogTest, MakesOneLineOfEachEvent) {
    log.info("two\nlines\x1b[2J");
    EXPECT_EQ(lines, (std::vector<std::string>{"two\\nlines\\x1b[2J"}));
}

TEST_F(LogTest, HandsOverItsFields) {
    log.info("from a peer", {.peer = "10.0.0.1:5000"});
    EXPECT_EQ(peers, (std::vector<std::string>{"10.0.0.1:5000"}));
}

TEST_F(LogTest, LetsTenLinesOfAClassPassInASecond) {
    repeat(100);
    EXPECT_EQ(lines.size(), 10U);
    now += 999ms;
    repeat(100);
    EXPECT_EQ(lines.size(), 10U);
}

TEST_F(LogTest, CountsEachClassByItself) {
    repeat(100, "malformed");
    repeat(100, "too_long");
    EXPECT_EQ(lines.size(), 20U);
}

TEST_F(LogTest, SaysHowManyWereSuppressedWithTheNextLine) {
    repeat(100);
    now += 1s;
    repeat(1);
    ASSERT_EQ(lines.size(), 12U);
    EXPECT_EQ(lines[10], "malformed: suppressed 90");
    EXPECT_EQ(levels[10], LogLevel::warning);
    EXPECT_EQ(lines[11], "a bad datagram");
}

TEST_F(LogTest, SaysHowManyWereSuppressedWhenAsked) {
    repeat(11);
    log.report_suppressed();
    EXPECT_EQ(lines.size(), 10U);
    now += 1s;
    log.report_suppressed();
    log.report_suppressed();
    ASSERT_EQ(lines.size(), 11U);
    EXPECT_EQ(lines[10], "malformed: suppressed 1");
}

TEST_F(LogTest, LetsFewerAndFewerPassWhileThereAreTooMany) {
    for (int second = 0; second < 100; ++second, now += 1s) repeat(11);
    // Windows of 1, 2, 4 and 8 seconds, then of ten.
    EXPECT_LE(lines.size(), 11U * (4 + 9));
    EXPECT_GE(lines.size(), 11U * (3 + 8));
    now += 10s;
    repeat(10);  // all pass: there are few again
    now += 10s;
    lines.clear();
    for (int second = 0; second < 10; ++second, now += 1s) repeat(10);
    EXPECT_EQ(lines.size(), 100U);
}

TEST_F(LogTest, TellsBeforeTheTextIsMadeWhetherItIsWanted) {
    EXPECT_FALSE(log.admits("x", LogLevel::debug));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(log.admits("x", LogLevel::info));
    EXPECT_FALSE(log.admits("x", LogLevel::info));
    EXPECT_TRUE(log.admits("y", LogLevel::info));
    now += 1s;
    EXPECT_TRUE(log.admits("x", LogLevel::info));
    EXPECT_EQ(lines, (std::vector<std::string>{"x: suppressed 1"}));
}

TEST_F(LogTest, OfEventsThatComeTogetherTheFirstArePassed) {
    EXPECT_EQ(log.admits("x", LogLevel::info, 7), 7U);
    EXPECT_EQ(log.admits("x", LogLevel::info, 7), 3U);
    EXPECT_EQ(log.admits("x", LogLevel::info, 7), 0U);
    EXPECT_EQ(log.admits("y", LogLevel::info, 0), 0U);
    now += 1s;
    EXPECT_EQ(log.admits("x", LogLevel::info, 1), 1U);
    EXPECT_EQ(lines, (std::vector<std::string>{"x: suppressed 11"}));
}

TEST_F(LogTest, SaysHowManyWereSuppressedAtItsEnd) {
    {
        Log short_log{LogLevel::info, collect()};
        for (int i = 0; i < 11; ++i) short_log.limited("x", LogLevel::error, "x");
    }
    EXPECT_EQ(lines.back(), "x: suppressed 1");
}

TEST_F(LogTest, NeverCountsWhatItsLevelHides) {
    for (int i = 0; i < 100; ++i) log.limited("x", LogLevel::debug, "x");
    now += 1s;
    log.report_suppressed();
    EXPECT_TRUE(lines.empty());
}

TEST_F(LogTest, MayBeUsedFromSeveralThreads) {
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this] {
            for (int line = 0; line < 100; ++line) log.info("line");
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(lines.size(), 400U);
}

TEST_F(LogTest, KnowsWhichLevelsItWrites) {
    EXPECT_FALSE(log.writes(LogLevel::debug));
    EXPECT_TRUE(log.writes(LogLevel::info));
    EXPECT_TRUE(log.writes(LogLevel::error));
}

TEST(LogOutput, ToStandardErrorIsALineWithTimeAndLevel) {
    testing::internal::CaptureStderr();
    stderr_output()({LogLevel::warning, "100% {} of it", {}});
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_EQ(text.find("[2"), 0U) << text;
    EXPECT_NE(text.find("] [warning] 100% {} of it\n"), std::string_view::npos) << text;
}

TEST(LogOutput, IsTheJournalOnlyWhereStandardErrorIsConnectedToIt) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    struct stat status {};
    ASSERT_EQ(fstat(ends[1], &status), 0);
    const std::string name = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    EXPECT_TRUE(is_journal_stream(name, ends[1]));
    EXPECT_FALSE(is_journal_stream(name + "1", ends[1]));
    EXPECT_FALSE(is_journal_stream("", ends[1]));
    close(ends[0]);
    close(ends[1]);
    EXPECT_FALSE(is_journal_stream(name, ends[1]));
}

}  // namespace
}  // namespace p2pd
