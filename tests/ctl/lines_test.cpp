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
        daemon.on("send_many", [this](const Question& question) { take(question); });
        daemon.on("wait", [](const Question& question) { states(question); });
        daemon.on("get", [](const Question& question) { states(question); });
    }

    void take(const Question& question, SendState state = SendState::delivered) {
        const std::string request_id = question.params["request_id"];
        const auto [known, is_new] = ids.emplace(request_id, texts.size() + 1);
        const auto count = static_cast<std::uint32_t>(question.params["texts"].size());
        if (is_new)
            texts.insert(texts.end(), question.params["texts"].begin(),
                         question.params["texts"].end());
        if (!question.params.contains("timeout_ms")) state = SendState::queued;
        question.result(accepted_many({{known->second, count, state}}));
    }
    /// As a daemon whose peer takes its time.
    void take_unconfirmed() {
        daemon.on("send_many",
                  [this](const Question& question) { take(question, SendState::sending); });
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
    take_unconfirmed();
    daemon.on("wait", [](const Question& question) {
        std::vector<MessageRecord> records;
        for (const Json& id : question.params["ids"]) {
            const auto number = id.get<std::uint64_t>();
            records.push_back(
                sent_message(number, number == 2 ? SendState::sending : SendState::delivered));
        }
        question.result(page_of(records));
    });
    const Outcome outcome = run("one\ntwo\nthree\n", {"--timeout", "100ms"});
    EXPECT_EQ(outcome.err, "3 sent, 2 delivered, 1 not confirmed yet\n");
    EXPECT_EQ(outcome.exit, 75);
}

TEST_F(Lines, AsLongAsConfirmationsComeInItWaits) {
    take_unconfirmed();
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

TEST_F(Lines, LinesThatHaveComeInGoInOneRequest) {
    run(numbered_lines(1000));
    EXPECT_EQ(daemon.requests("send_many").size(), 4U);
    EXPECT_TRUE(daemon.requests("wait").empty());
}

TEST_F(Lines, LongLinesGoInRequestsThatTheDaemonTakes) {
    std::string lines;
    for (int i = 0; i < 10; ++i) lines += std::to_string(i) + std::string(60'000, '\x01') + "\n";
    const Outcome outcome = run(lines);  // a request that is too long would end it
    EXPECT_EQ(texts.size(), 10U);
    EXPECT_EQ(outcome.err, "10 sent, 10 delivered\n");
}

TEST_F(Lines, AnAnswerThatLeavesMessagesOutIsAnError) {
    daemon.on("send_many", [](const Question& question) {
        question.result(accepted_many({{1, 1, SendState::delivered}}));
    });
    const Outcome outcome = run("one\ntwo\n");
    EXPECT_NE(outcome.err.find("does not understand"), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.exit, 76);
}

TEST_F(Lines, ALineThatTheDaemonRefusesIsNamedAndTheOthersGo) {
    daemon.on("send_many", [this](const Question& question) {
        for (const Json& text : question.params["texts"]) {
            if (text == "two") return question.error(error_text_too_long, "too long");
        }
        take(question);
    });
    const Outcome outcome = run("one\ntwo\nthree\n");
    EXPECT_EQ(texts, (std::vector<std::string>{"one", "three"}));
    EXPECT_NE(outcome.err.find("line 2: too long"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("2 sent, 2 delivered, 1 not sent"), std::string::npos)
        << outcome.err;
    EXPECT_EQ(outcome.exit, 65);
}

TEST_F(Lines, AFullQueueLosesNoLine) {
    int asked = 0;
    daemon.on("send_many", [&](const Question& question) {
        // Every third request meets a full queue, and so does each that wants much room.
        if (++asked % 3 == 0 || question.params["texts"].size() > 10) {
            return question.error(error_queue_full, "full");
        }
        take(question);
    });
    const Outcome outcome = run(numbered_lines(100));
    EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 100U);
    EXPECT_EQ(outcome.err, "100 sent, 100 delivered\n");
    EXPECT_EQ(outcome.exit, 0);
}

TEST_F(Lines, ABrokenConnectionLosesAndDoublesNoLine) {
    int asked = 0;
    daemon.on("send_many", [&](const Question& question) {
        take(question);
        if (++asked % 3 == 0) question.hang_up();
    });
    const Outcome outcome = run(numbered_lines(2000));
    EXPECT_EQ(texts.size(), 2000U);
    EXPECT_EQ(outcome.err, "2000 sent, 2000 delivered\n");
    EXPECT_EQ(outcome.exit, 0);
}

TEST_F(Lines, AFullDiskStopsIt) {
    daemon.on("send_many", [&](const Question& question) {
        if (texts.size() == 256) return question.error(error_disk_full, "the disk is full");
        take(question);
    });
    const Outcome outcome = run(numbered_lines(300));
    EXPECT_NE(outcome.err.find("the disk is full"), std::string::npos);
    EXPECT_NE(outcome.err.find("256 sent, 256 delivered, 44 not sent"), std::string::npos)
        << outcome.err;
    EXPECT_EQ(outcome.exit, 74);
}

TEST_F(Lines, CtrlCEndsItWithASummary) {
    take_unconfirmed();
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
    EXPECT_EQ(daemon.requests("send_many").at(0)["peer"], "bob");
}

TEST_F(Lines, NothingToSendIsDone) {
    const Outcome outcome = run("");
    EXPECT_EQ(outcome.err, "0 sent, 0 delivered\n");
    EXPECT_EQ(outcome.exit, 0);
}

}  // namespace
}  // namespace p2pd::test
