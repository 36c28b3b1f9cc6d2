// tests/ctl: send --lines against a fake daemon.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

/// A daemon that takes every line, knows request ids again, and delivers at once.
class Lines : public testing::Test {
protected:
    Lines() {
        daemon.on("send", [this](const Question& question) { take(question); });
        daemon.on("wait", [](const Question& question) { states(question); });
        daemon.on("get", [](const Question& question) { states(question); });
    }

    void take(const Question& question) {
        const std::string request_id = question.params["request_id"];
        const auto [known, is_new] = ids.emplace(request_id, ids.size() + 1);
        if (is_new) texts.push_back(question.params["text"]);
        question.result(accepted(known->second));
    }

    static void states(const Question& question) {
        std::vector<MessageRecord> records;
        for (const Json& id : question.params["ids"]) {
            records.push_back(sent_message(id.get<std::uint64_t>(), SendState::delivered));
        }
        question.result(page_of(records));
    }

    Outcome run(const std::string& input, std::vector<std::string> options = {}) {
        std::vector<std::string> arguments{"send", "10.0.0.5", "--lines"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return run_p2pctl(daemon.socket_path(), arguments, {.input = input});
    }

    static std::string numbered_lines(std::size_t count) {
        std::string lines;
        for (std::size_t i = 0; i < count; ++i) lines += "line " + std::to_string(i) + "\n";
        return lines;
    }

    // Used by the daemon's thread only, until p2pctl has ended.
    std::map<std::string, std::uint64_t> ids;
    std::vector<std::string> texts;
    FakeDaemon daemon;
};

TEST_F(Lines, EachLineIsOneMessageAndOneResult) {
    const Outcome outcome = run("one\ntwo\nthree");
    EXPECT_EQ(texts, (std::vector<std::string>{"one", "two", "three"}));
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 3);
    EXPECT_EQ(outcome.err, "3 sent, 3 delivered\n");
    EXPECT_EQ(outcome.exit, 0);
}

TEST_F(Lines, ManyLinesKeepTheirOrder) {
    const Outcome outcome = run(numbered_lines(20'000));
    ASSERT_EQ(texts.size(), 20'000U);
    EXPECT_EQ(texts.front(), "line 0");
    EXPECT_EQ(texts.back(), "line 19999");
    EXPECT_EQ(outcome.err, "20000 sent, 20000 delivered\n");
    EXPECT_EQ(outcome.exit, 0);
}

TEST_F(Lines, BlankLinesAreSkipped) {
    run("one\n\n  \ntwo\n");
    EXPECT_EQ(texts, (std::vector<std::string>{"one", "two"}));
}

TEST_F(Lines, ABadLineIsNamedAndTheOthersGo) {
    const Outcome outcome = run("one\nbad\xff\ntwo\n");
    EXPECT_EQ(texts, (std::vector<std::string>{"one", "two"}));
    EXPECT_NE(outcome.err.find("line 2: the text is not UTF-8 at byte offset 3"), std::string::npos)
        << outcome.err;
    EXPECT_EQ(outcome.exit, 65);
}

TEST_F(Lines, ALineTooLongIsCountedNotKept) {
    const Outcome outcome = run(std::string(3'000'000, 'x') + "\nok\n");
    EXPECT_NE(outcome.err.find("line 1: the text is 2934464 bytes too long"), std::string::npos)
        << outcome.err;
    EXPECT_EQ(texts, (std::vector<std::string>{"ok"}));
}

TEST_F(Lines, NoWaitDoesNotWait) {
    const Outcome outcome = run("one\ntwo\n", {"-n"});
    EXPECT_EQ(outcome.out,
              "→ #1 to 10.0.0.5:5000: queued\n"
              "→ #2 to 10.0.0.5:5000: queued\n");
    EXPECT_EQ(outcome.err, "2 queued\n");
    EXPECT_TRUE(daemon.requests("wait").empty());
}

TEST_F(Lines, JsonIsOneMessageALine) {
    const Outcome outcome = run(numbered_lines(1000), {"--json"});
    const auto lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 1000U);
    EXPECT_EQ(lines[0]["type"], "message");
    EXPECT_EQ(lines[0]["state"], "delivered");
    EXPECT_EQ(json_lines(outcome.err).at(0)["delivered"], 1000);
}

TEST_F(Lines, WhatIsNotConfirmedIsSaid) {
    daemon.on("wait", [](const Question& question) {
        std::vector<MessageRecord> records;
        for (const Json& id : question.params["ids"]) {
            const auto number = id.get<std::uint64_t>();
            records.push_back(
                sent_message(number, number == 2 ? SendState::sending : SendState::delivered));
        }
        question.result(page_of(records));
    });
    const Outcome outcome = run("one\ntwo\nthree\n");
    EXPECT_EQ(outcome.err, "3 sent, 2 delivered, 1 not confirmed yet\n");
    EXPECT_EQ(outcome.exit, 75);
}

TEST_F(Lines, AsLongAsConfirmationsComeInItWaits) {
    daemon.on("wait", [](const Question& question) {
        // Each time the first one that is asked for is delivered, the others are not yet.
        std::vector<MessageRecord> records;
        for (const Json& id : question.params["ids"]) {
            const SendState state = records.empty() ? SendState::delivered : SendState::sending;
            records.push_back(sent_message(id.get<std::uint64_t>(), state));
        }
        question.result(page_of(records));
    });
    const Outcome outcome = run("one\ntwo\nthree\n");
    EXPECT_EQ(outcome.err, "3 sent, 3 delivered\n");
}

TEST_F(Lines, AFullQueueLosesNoLine) {
    int asked = 0;
    daemon.on("send", [&](const Question& question) {
        // Every third request meets a full queue.
        if (++asked % 3 == 0) return question.error(error_queue_full, "full");
        take(question);
    });
    const Outcome outcome = run(numbered_lines(100));
    EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 100U);
    EXPECT_EQ(outcome.err, "100 sent, 100 delivered\n");
    EXPECT_EQ(outcome.exit, 0);
}

TEST_F(Lines, ABrokenConnectionLosesAndDoublesNoLine) {
    int asked = 0;
    daemon.on("send", [&](const Question& question) {
        take(question);
        if (++asked % 400 == 0) question.hang_up();
    });
    const Outcome outcome = run(numbered_lines(1000));
    EXPECT_EQ(texts.size(), 1000U);
    EXPECT_EQ(outcome.err, "1000 sent, 1000 delivered\n");
    EXPECT_EQ(outcome.exit, 0);
}

TEST_F(Lines, AFullDiskStopsIt) {
    daemon.on("send", [&](const Question& question) {
        if (texts.size() == 2) return question.error(error_disk_full, "the disk is full");
        take(question);
    });
    const Outcome outcome = run(numbered_lines(5));
    EXPECT_NE(outcome.err.find("the disk is full"), std::string::npos);
    EXPECT_NE(outcome.err.find("2 sent, 2 delivered, 3 not sent"), std::string::npos)
        << outcome.err;
    EXPECT_EQ(outcome.exit, 74);
}

TEST_F(Lines, CtrlCEndsItWithASummary) {
    daemon.on("wait", [](const Question& question) { question.interrupt(); });
    const Outcome outcome = run("one\ntwo\n");
    EXPECT_EQ(outcome.err, "2 sent, 0 delivered, 2 not confirmed yet\n");
    EXPECT_EQ(outcome.exit, 130);
}

TEST_F(Lines, ATerminalShowsTheProgressBelowTheResults) {
    const Outcome outcome = run_on_terminal(daemon.socket_path(), {"send", "10.0.0.5", "--lines"},
                                            {.input = "one\n\x04"});
    EXPECT_NE(outcome.out.find("\r0 sent, 0 delivered\x1b[K"), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("\r\x1b[K→ #1 to"), std::string::npos) << outcome.out;
    EXPECT_EQ(outcome.exit, 0);
}

TEST_F(Lines, ANameIsAskedForOnce) {
    daemon.on("peers.show", [](const Question& question) {
        question.result(write_fields(peer_record("bob", "10.0.0.5:5000")));
    });
    run_p2pctl(daemon.socket_path(), {"send", "bob", "--lines"}, {.input = "one\ntwo\n"});
    EXPECT_EQ(daemon.requests("peers.show").size(), 1U);
    EXPECT_EQ(daemon.requests("send").at(1)["peer"], "bob");
}

TEST_F(Lines, NothingToSendIsDone) {
    const Outcome outcome = run("");
    EXPECT_EQ(outcome.err, "0 sent, 0 delivered\n");
    EXPECT_EQ(outcome.exit, 0);
}

}  // namespace
}  // namespace p2pd::test
