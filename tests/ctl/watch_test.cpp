// tests/ctl: watch against a fake daemon.
#include <gtest/gtest.h>

#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

class Watch : public testing::Test {
protected:
    Outcome run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "watch");
        return run_p2pctl(daemon.socket_path(), arguments);
    }

    static void show(const Question& question, const MessageRecord& record) {
        question.notify("message", message_json(record));
    }

    FakeDaemon daemon;
};

TEST_F(Watch, PrintsWhatArrivesWithItsCursor) {
    daemon.on("subscribe", [](const Question& question) {
        question.result({{"cursor", 1000}});
        show(question, received_message(1, "one"));
        show(question, received_message(2, "two"));
    });
    const auto lines = json_lines(run({"--count", "2", "--json"}).out);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1]["text"], "two");
    EXPECT_EQ(lines[1]["cursor"], 1002);
}

TEST_F(Watch, ResumesFromACursor) {
    daemon.on("subscribe", [](const Question& question) {
        question.result({{"cursor", 0}});
        show(question, received_message(1, "one"));
    });
    EXPECT_EQ(run({"--since", "77", "--count", "1"}).exit, 0);
    EXPECT_EQ(daemon.requests("subscribe").at(0)["since"], 77);
}

TEST_F(Watch, ChangesOfWhatWasSentAreShownOnlyIfAskedFor) {
    daemon.on("subscribe", [](const Question& question) {
        question.result({{"cursor", 0}});
        show(question, sent_message(1, SendState::delivered));
        show(question, received_message(2, "two"));
    });
    EXPECT_EQ(json_lines(run({"--count", "1", "--json"}).out).at(0)["id"], 2);
    EXPECT_EQ(json_lines(run({"--count", "1", "--json", "--all"}).out).at(0)["id"], 1);
}

TEST_F(Watch, ShowsOnlyOnePeerIfAskedTo) {
    daemon.on("peers.show", [](const Question& question) {
        question.result(write_fields(peer_record("bob", "10.0.0.5:5000")));
    });
    daemon.on("subscribe", [](const Question& question) {
        question.result({{"cursor", 0}});
        MessageRecord other = received_message(1, "other");
        other.peer = "10.0.0.6:5000";
        show(question, other);
        show(question, received_message(2, "two"));
    });
    EXPECT_EQ(json_lines(run({"--from", "bob", "--count", "1", "--json"}).out).at(0)["id"], 2);
}

TEST_F(Watch, AnOverrunGoesOnFromItsCursor) {
    int asked = 0;
    daemon.on("subscribe", [&](const Question& question) {
        question.result({{"cursor", 0}});
        if (++asked == 1) return question.notify("overrun", {{"cursor", 1001}});
        show(question, received_message(2, "two"));
    });
    EXPECT_EQ(run({"--since", "0", "--count", "1"}).exit, 0);
    EXPECT_EQ(daemon.requests("subscribe").at(1)["since"], 1001);
}

TEST_F(Watch, ABrokenConnectionGoesOnWhereItStopped) {
    int asked = 0;
    daemon.on("subscribe", [&](const Question& question) {
        question.result({{"cursor", 0}});
        if (++asked == 1) {
            show(question, received_message(1, "one"));
            return question.hang_up();
        }
        show(question, received_message(2, "two"));
    });
    const Outcome outcome = run({"--count", "2"});
    EXPECT_EQ(outcome.exit, 0);
    EXPECT_NE(outcome.err.find("trying again"), std::string::npos);
    EXPECT_EQ(daemon.requests("subscribe").at(1)["since"], 1001);
}

TEST_F(Watch, ANewOneRemembersWhereItBegan) {
    int asked = 0;
    daemon.on("subscribe", [&](const Question& question) {
        question.result({{"cursor", 1000}});
        if (++asked == 1) return question.hang_up();
        show(question, received_message(1, "one"));
    });
    EXPECT_EQ(run({"--count", "1"}).exit, 0);
    EXPECT_TRUE(daemon.requests("subscribe").at(0)["since"].is_null());
    EXPECT_EQ(daemon.requests("subscribe").at(1)["since"], 1000);
}

TEST_F(Watch, NothingInTimeIsNothingFound) {
    daemon.on("subscribe", [](const Question& question) { question.result({{"cursor", 0}}); });
    EXPECT_EQ(run({"--timeout", "20ms"}).exit, 1);
}

TEST_F(Watch, FewerThanCountedInTimeIsNotDone) {
    daemon.on("subscribe", [](const Question& question) {
        question.result({{"cursor", 0}});
        show(question, received_message(1, "one"));
    });
    EXPECT_EQ(run({"--count", "2", "--timeout", "20ms"}).exit, 1);
}

TEST_F(Watch, CtrlCEndsIt) {
    daemon.on("subscribe", [](const Question& question) {
        question.result({{"cursor", 0}});
        question.interrupt();
    });
    EXPECT_EQ(run({}).exit, 130);
}

TEST_F(Watch, AMissingDaemonIsNotWaitedFor) {
    EXPECT_EQ(run_p2pctl("/nowhere/control.sock", {"watch"}).exit, 69);
}

}  // namespace
}  // namespace p2pd::test
