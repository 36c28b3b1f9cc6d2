// tests/ctl: what p2pctl says and how it ends when something fails.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// What p2pctl, run by the shell as `script` says, ends with.
int exit_in_shell(const FakeDaemon& daemon, const std::string& script) {
    const std::string command =
        "p2pctl() { " P2PCTL_PATH " \"$@\"; }; export P2PD_SOCKET=" + daemon.socket_path() + "; " +
        script;
    const int status = std::system(("bash -c '" + command + "' 2>/dev/null").c_str());
    return WEXITSTATUS(status);
}

TEST(Failure, AMissingDaemonSaysHowToStartItAndWhereItsLogIs) {
    const Outcome outcome = run_p2pctl("/nowhere/control.sock", {"status"});
    EXPECT_EQ(outcome.exit, 69);
    EXPECT_TRUE(contains(outcome.err, "p2pd is not running")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "systemctl start p2pd")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "journalctl -u p2pd")) << outcome.err;
}

TEST(Failure, AMissingDaemonInJsonIsOneErrorLine) {
    const Outcome outcome = run_p2pctl("/nowhere/control.sock", {"status", "--json"});
    const auto lines = json_lines(outcome.err);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]["type"], "error");
    EXPECT_EQ(lines[0]["code"], "daemon_not_running");
    EXPECT_EQ(lines[0]["exit"], 69);
}

TEST(Failure, WhoMayNotUseTheSocketLearnsTheGroup) {
    const FakeDaemon daemon;
    const std::string errors = testing::TempDir() + "p2pctl-not-permitted";
    // Root may use every socket, so it becomes somebody else first.
    const std::string as_nobody =
        ::geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : "";
    ::chmod(daemon.socket_path().c_str(), 0);
    const int exit =
        exit_in_shell(daemon, as_nobody + P2PCTL_PATH " status 2> " + errors + "; exit $?");
    if (exit == 126 || exit == 127) GTEST_SKIP() << "nobody may not run " P2PCTL_PATH;
    EXPECT_EQ(exit, 77);
    std::stringstream text;
    text << std::ifstream(errors).rdbuf();
    EXPECT_TRUE(contains(text.str(), "sudo adduser $USER p2pd")) << text.str();
}

TEST(Failure, AnotherProtocolVersionIsAMismatch) {
    FakeDaemon daemon;
    daemon.on("hello", [](const Question& question) {
        question.result({{"name", "p2pd"}, {"version", "77"}, {"protocol", 2}});
    });
    daemon.on("status", [](const Question& question) { question.result({{"shape", "unknown"}}); });
    const Outcome outcome = run_p2pctl(daemon.socket_path(), {"status"});
    EXPECT_EQ(outcome.exit, 76);
    EXPECT_TRUE(contains(outcome.err, "version 2")) << outcome.err;
}

TEST(Failure, WhatIsNoJsonIsAMismatch) {
    FakeDaemon daemon;
    daemon.on("status", [](const Question& question) { question.raw("SSH-2.0\n"); });
    EXPECT_EQ(run_p2pctl(daemon.socket_path(), {"status"}).exit, 76);
}

TEST(Failure, MembersOfALaterVersionAreNoProblem) {
    FakeDaemon daemon;
    daemon.on("log_level", [](const Question& question) {
        question.result({{"level", "info"}, {"colour", "blue"}});
    });
    EXPECT_EQ(run_p2pctl(daemon.socket_path(), {"log-level"}).out, "info\n");
}

TEST(Failure, TooManyClientsIsToBeTriedAgain) {
    FakeDaemon daemon;
    daemon.on("hello", [](const Question& question) {
        question.raw(error_line({}, error_too_many_clients, "64 clients are connected", ""));
        question.hang_up();
    });
    const Outcome outcome = run_p2pctl(daemon.socket_path(), {"status"});
    EXPECT_EQ(outcome.exit, 75);
    EXPECT_TRUE(contains(outcome.err, "64 clients")) << outcome.err;
}

TEST(Failure, TheDaemonsErrorDecidesTheExitCode) {
    FakeDaemon daemon;
    daemon.on("reload", [](const Question& question) {
        question.error(error_not_permitted, "only administrators may reload", "sudo p2pctl reload");
    });
    const Outcome outcome = run_p2pctl(daemon.socket_path(), {"reload"});
    EXPECT_EQ(outcome.exit, 77);
    EXPECT_EQ(outcome.err, "p2pctl: only administrators may reload\n  sudo p2pctl reload\n");
}

TEST(Failure, AnErrorCannotReachTheTerminal) {
    FakeDaemon daemon;
    daemon.on("status",
              [](const Question& question) { question.error(error_internal, "\x1b]0;owned\x07"); });
    const Outcome outcome = run_p2pctl(daemon.socket_path(), {"status"});
    EXPECT_EQ(outcome.err, "p2pctl: \\x1b]0;owned\\x07\n");
    EXPECT_EQ(outcome.exit, 70);
}

TEST(Failure, HelloGoesFirst) {
    FakeDaemon daemon;
    daemon.on("log_level", [&](const Question& question) {
        EXPECT_EQ(daemon.requests("hello").size(), 1U);
        question.result({{"level", "info"}});
    });
    EXPECT_EQ(run_p2pctl(daemon.socket_path(), {"log-level"}).exit, 0);
}

TEST(Failure, AFullDiskUnderTheOutputIsNoticed) {
    FakeDaemon daemon;
    daemon.on("log_level", [](const Question& question) { question.result({{"level", "info"}}); });
    EXPECT_EQ(exit_in_shell(daemon, "p2pctl log-level > /dev/full"), 74);
}

TEST(Failure, AReaderThatHasGoneIsNoError) {
    FakeDaemon daemon;
    daemon.on("list", [](const Question& question) {
        question.result(page_of(std::vector<MessageRecord>(500, received_message(1, "text"))));
    });
    EXPECT_EQ(exit_in_shell(daemon, "p2pctl inbox -n 500 | true; exit ${PIPESTATUS[0]}"), 0);
}

}  // namespace
}  // namespace p2pd::test
