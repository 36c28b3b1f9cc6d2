// tests/ctl: what is different on a terminal, on one of the test's own.
#include <algorithm>

#include <gtest/gtest.h>

#include "common/terminal_text.h"
#include "ctl/text_wrap.h"
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

class Terminal : public testing::Test {
protected:
    void holds(std::size_t messages, const std::string& text) {
        daemon.on("list", [=](const Question& question) {
            question.result(
                page_of(std::vector<MessageRecord>(messages, received_message(1, text))));
        });
        unread(messages);
    }

    /// In the whole inbox.
    void unread(std::uint64_t count) {
        daemon.on("status", [=](const Question& question) {
            StatusResult status;
            status.unread = count;
            question.result(write_fields(status));
        });
    }

    /// On a terminal with that pager.
    Outcome paged(const std::string& pager) {
        return run_on_terminal(daemon.socket_path(), {"inbox", "--color=never"},
                               {.environment = {{"PAGER", pager}}});
    }

    FakeDaemon daemon;
};

TEST_F(Terminal, ALineIsCutToItsWidth) {
    holds(1, std::string(200, 'x'));
    const Outcome outcome =
        run_on_terminal(daemon.socket_path(), {"inbox", "--color=never", "--no-pager"});
    const std::string line = outcome.out.substr(0, outcome.out.find('\r'));
    EXPECT_EQ(display_width(line), 60U) << line;
    EXPECT_TRUE(line.ends_with("…"));
}

TEST_F(Terminal, WithoutRoomForItTheTextIsUnderItsLine) {
    holds(1, std::string(200, 'x'));
    const RunOptions narrow{.environment = {{"COLUMNS", "40"}}};
    EXPECT_EQ(run_on_terminal(daemon.socket_path(), {"inbox", "--color=never"}, narrow).out,
              "* 1  2026-11-22 10:31:00  bob\r\n     " + std::string(34, 'x') + "…\r\n");
}

TEST(Wrapped, LinesAreBrokenBetweenWords) {
    EXPECT_EQ(wrapped("one two three", 8), "one two\nthree");
    EXPECT_EQ(wrapped("one two\nthree four", 8), "one two\nthree\nfour");
    EXPECT_EQ(wrapped("  two  spaces", 20), "  two  spaces");
    EXPECT_EQ(wrapped("a\n\nb\n", 8), "a\n\nb\n");
    EXPECT_EQ(wrapped("", 8), "");
}

TEST(Wrapped, CountsColumnsAndNotBytes) {
    EXPECT_EQ(wrapped("世界 世界", 9), "世界 世界");
    EXPECT_EQ(wrapped("世界 世界", 8), "世界\n世界");
    EXPECT_EQ(wrapped("e\u0301e\u0301 e\u0301", 4), "e\u0301e\u0301 e\u0301");
}

TEST(Wrapped, AWordThatIsTooWideStaysWhole) {
    const std::string address = "https://example.org/" + std::string(30, 'x');
    EXPECT_EQ(wrapped("see " + address + " or so", 20), "see\n" + address + "\nor so");
}

TEST_F(Terminal, APipeIsNotCut) {
    holds(1, std::string(200, 'x'));
    const Outcome outcome = run_p2pctl(daemon.socket_path(), {"inbox"});
    EXPECT_NE(outcome.out.find(std::string(200, 'x') + "\n"), std::string::npos);
}

TEST_F(Terminal, HasColoursByItself) {
    holds(1, "hi");
    EXPECT_NE(run_on_terminal(daemon.socket_path(), {"inbox"}).out.find("\x1b["),
              std::string::npos);
}

TEST_F(Terminal, NoColorIsHonoured) {
    holds(1, "hi");
    const Outcome outcome =
        run_on_terminal(daemon.socket_path(), {"inbox"}, {.environment = {{"NO_COLOR", "1"}}});
    EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos);
}

TEST_F(Terminal, APipeHasColoursOnlyIfAskedFor) {
    holds(1, "hi");
    EXPECT_EQ(run_p2pctl(daemon.socket_path(), {"inbox"}).out.find('\x1b'), std::string::npos);
    EXPECT_NE(run_p2pctl(daemon.socket_path(), {"inbox", "--color", "always"}).out.find('\x1b'),
              std::string::npos);
}

TEST_F(Terminal, LongOutputGoesThroughThePager) {
    holds(50, "hi");
    EXPECT_EQ(paged("sed s/^/paged:/").out.substr(0, 6), "paged:");
}

TEST_F(Terminal, ShortOutputDoesNot) {
    holds(5, "hi");
    EXPECT_EQ(paged("sed s/^/paged:/").out.find("paged:"), std::string::npos);
}

TEST_F(Terminal, ALineThatFillsTheScreenIsLong) {
    daemon.on("get", [](const Question& question) {
        question.result(page_of({received_message(1, std::string(6000, 'x'))}));
    });
    const Outcome outcome = run_on_terminal(daemon.socket_path(), {"show", "1"},
                                            {.environment = {{"PAGER", "sed s/^/paged:/"}}});
    EXPECT_EQ(outcome.out.substr(0, 6), "paged:") << outcome.out.substr(0, 100);
}

TEST_F(Terminal, ThereIsNoPagerIfNoneIsWanted) {
    holds(50, "hi");
    for (const char* none : {"", "cat"}) {
        EXPECT_TRUE(paged(none).out.starts_with("*")) << none;
    }
    const RunOptions sed{.environment = {{"PAGER", "sed s/^/paged:/"}}};
    EXPECT_EQ(
        run_on_terminal(daemon.socket_path(), {"inbox", "--no-pager"}, sed).out.find("paged:"),
        std::string::npos);
    EXPECT_EQ(run_p2pctl(daemon.socket_path(), {"inbox"}, sed).out.find("paged:"),
              std::string::npos);
}

/// As by q: most is not written yet, and nobody reads it any more.
TEST_F(Terminal, APagerThatEndsInTheMiddleIsNoError) {
    holds(500, std::string(1000, 'x'));
    unread(500);
    const Outcome outcome =
        run_on_terminal(daemon.socket_path(), {"inbox", "--color=never", "-n", "500"},
                        {.environment = {{"PAGER", "head -n 1"}, {"COLUMNS", "1000"}}});
    EXPECT_EQ(outcome.exit, 0);
    EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 1) << outcome.out.substr(0, 100);
}

TEST_F(Terminal, APagerThatIsMissingHidesNothing) {
    holds(50, "hi");
    const Outcome outcome = paged("no-such-pager-x");
    EXPECT_NE(outcome.out.find("bob  hi"), std::string::npos) << outcome.out.substr(0, 100);
}

TEST_F(Terminal, OfTheInboxItIsSaidWhatElseIsUnread) {
    holds(2, "hi");
    EXPECT_EQ(paged("").out.find("unread"), std::string::npos);
    unread(5);
    EXPECT_TRUE(paged("").out.ends_with("3 more are unread: p2pctl inbox --unread\r\n"));
    unread(3);
    EXPECT_TRUE(paged("").out.ends_with("1 more is unread: p2pctl inbox --unread\r\n"));
}

TEST_F(Terminal, APipeIsNotToldWhatElseIsUnread) {
    holds(2, "hi");
    unread(5);
    EXPECT_EQ(run_p2pctl(daemon.socket_path(), {"inbox"}).err, "");
    EXPECT_EQ(run_on_terminal(daemon.socket_path(), {"inbox", "-q"}).out.find("unread"),
              std::string::npos);
}

TEST_F(Terminal, JsonIsTheSameAsInAPipe) {
    holds(50, std::string(200, 'x'));
    std::string on_terminal = run_on_terminal(daemon.socket_path(), {"inbox", "--json"}).out;
    std::erase(on_terminal, '\r');
    EXPECT_EQ(on_terminal, run_p2pctl(daemon.socket_path(), {"inbox", "--json"}).out);
}

TEST_F(Terminal, SendWithoutATextIsAUsageError) {
    const Outcome outcome = run_on_terminal(daemon.socket_path(), {"send", "10.0.0.5"});
    EXPECT_EQ(outcome.exit, 64);
    EXPECT_NE(outcome.out.find("no text to send"), std::string::npos) << outcome.out.substr(0, 100);
}

}  // namespace
}  // namespace p2pd::test
