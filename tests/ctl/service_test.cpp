// tests/ctl: the commands about the daemon itself, against a fake one.
#include <fstream>

#include <gtest/gtest.h>

#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

class Service : public testing::Test {
protected:
    Outcome run(const std::vector<std::string>& arguments) {
        return run_p2pctl(daemon.socket_path(), arguments);
    }

    FakeDaemon daemon;
};

TEST_F(Service, StatusCountsWhatWasDroppedByCause) {
    daemon.on("status", [](const Question& question) {
        StatusResult status;
        status.version = "0.1.0";
        status.listening = {"0.0.0.0:5000", "[::]:5000"};
        status.unread = 3;
        status.dropped = {{"not_json", 7}, {"too_long", 0}};
        question.result(write_fields(status));
    });
    const std::string out = run({"status"}).out;
    EXPECT_NE(out.find("listening    0.0.0.0:5000, [::]:5000\n"), std::string::npos) << out;
    EXPECT_NE(out.find("3 unread"), std::string::npos) << out;
    EXPECT_NE(out.find("dropped      not_json 7\n"), std::string::npos) << out;
}

TEST_F(Service, StatusInJsonIsOneLine) {
    daemon.on("status", [](const Question& question) {
        StatusResult status;
        status.version = "0.1.0";
        question.result(write_fields(status));
    });
    const auto lines = json_lines(run({"status", "--json"}).out);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]["type"], "status");
    EXPECT_EQ(lines[0]["version"], "0.1.0");
}

TEST_F(Service, ConfigShowNamesTheSource) {
    daemon.on("config.get", [](const Question& question) {
        question.result(write_fields(ConfigResult{{{"log_level", "info", "default"}}}));
    });
    EXPECT_EQ(run({"config", "show"}).out, "log_level = info  # default\n");
}

TEST_F(Service, ConfigCheckNeedsNoDaemon) {
    const std::string path = daemon.folder() + "/good.conf";
    std::ofstream(path) << "# nothing but defaults\n";
    EXPECT_EQ(run_p2pctl("/nowhere/control.sock", {"config", "check", path},
                         {.environment = {{"HOME", daemon.folder()},
                                          {"XDG_RUNTIME_DIR", daemon.folder()}}})
                  .exit,
              0);
}

TEST_F(Service, ConfigCheckNamesTheLine) {
    const std::string path = daemon.folder() + "/bad.conf";
    std::ofstream(path) << "# a comment\nlog_levle = info\n";
    const Outcome outcome = run({"config", "check", path});
    EXPECT_EQ(outcome.exit, 78);
    EXPECT_NE(outcome.err.find("bad.conf:2"), std::string::npos) << outcome.err;
}

TEST_F(Service, ReloadSaysWhatNeedsARestart) {
    daemon.on("reload", [](const Question& question) {
        question.result(write_fields(ReloadResult{{"log_level", "listen"}, {"listen"}}));
    });
    EXPECT_EQ(run({"reload"}).out,
              "changed      log_level, listen\n"
              "restart for  listen\n");
}

TEST_F(Service, LogLevelIsSet) {
    daemon.on("log_level", [](const Question& question) { question.result(question.params); });
    EXPECT_EQ(run({"log-level", "debug"}).out, "debug\n");
}

TEST_F(Service, ALogLevelThatIsNoneNamesTheNearest) {
    const Outcome outcome = run({"log-level", "debgu"});
    EXPECT_EQ(outcome.exit, 64);
    EXPECT_NE(outcome.err.find("did you mean debug?"), std::string::npos) << outcome.err;
}

TEST_F(Service, RpcPrintsTheRawResult) {
    daemon.on("any.method", [](const Question& question) { question.result(question.params); });
    EXPECT_EQ(run({"rpc", "any.method", "{\"a\":[1]}"}).out, "{\"a\":[1]}\n");
}

TEST_F(Service, RpcOfWhatIsNoJsonIsAUsageError) {
    EXPECT_EQ(run({"rpc", "any.method", "{a}"}).exit, 64);
}

TEST_F(Service, VersionSaysThatOfTheDaemonToo) {
    EXPECT_EQ(run({"version"}).out, "p2pctl " P2PD_VERSION "\np2pd 9.9.9\n");
}

TEST_F(Service, VersionWithoutADaemonIsNoError) {
    const Outcome outcome = run_p2pctl("/nowhere/control.sock", {"version", "--json"});
    EXPECT_EQ(outcome.exit, 0);
    EXPECT_TRUE(json_lines(outcome.out).at(0)["p2pd"].is_null());
}

TEST_F(Service, TheSocketOptionWinsOverTheEnvironment) {
    EXPECT_EQ(run_p2pctl("/nowhere", {"--socket", daemon.socket_path(), "version"}).out,
              "p2pctl " P2PD_VERSION "\np2pd 9.9.9\n");
}

}  // namespace
}  // namespace p2pd::test
