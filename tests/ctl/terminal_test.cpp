// tests/ctl: what is different on a terminal, on one of the test's own.
#include <gtest/gtest.h>

#include "common/terminal_text.h"
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
    const Outcome outcome = run_on_terminal(daemon.socket_path(), {"inbox"},
                                            {.environment = {{"PAGER", "sed s/^/paged:/"}}});
    EXPECT_EQ(outcome.out.substr(0, 6), "paged:");
}

TEST_F(Terminal, ShortOutputDoesNot) {
    holds(5, "hi");
    const Outcome outcome = run_on_terminal(daemon.socket_path(), {"inbox"},
                                            {.environment = {{"PAGER", "sed s/^/paged:/"}}});
    EXPECT_EQ(outcome.out.find("paged:"), std::string::npos);
}

TEST_F(Terminal, APagerThatIsMissingHidesNothing) {
    holds(50, "hi");
    const Outcome outcome = run_on_terminal(daemon.socket_path(), {"inbox", "--color=never"},
                                            {.environment = {{"PAGER", "no-such-pager-x"}}});
    EXPECT_NE(outcome.out.find("bob  hi"), std::string::npos) << outcome.out;
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
    EXPECT_NE(outcome.out.find("no text to send"), std::string::npos) << outcome.out;
}

}  // namespace
}  // namespace p2pd::test
