// tests/ctl: send, reply and wait against a fake daemon.
#include <fstream>

#include <gtest/gtest.h>

#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

/// A daemon that takes every message as #57 and says `state` when asked to wait.
class Send : public testing::Test {
protected:
    Send() {
        daemon.on("send", [](const Question& question) { question.result(accepted(57)); });
        daemon.on("reply", [](const Question& question) { question.result(accepted(57)); });
        becomes(SendState::delivered);
    }

    void becomes(SendState state, std::optional<std::string> reason = {}) {
        MessageRecord record = sent_message(57, state);
        record.reason = std::move(reason);
        daemon.on("wait",
                  [record](const Question& question) { question.result(page_of({record})); });
        record.text = "hi";
        daemon.on("get",
                  [record](const Question& question) { question.result(page_of({record})); });
    }

    Outcome run(const std::vector<std::string>& arguments, const std::string& input = {}) {
        return run_p2pctl(daemon.socket_path(), arguments, {.input = input});
    }

    Json sent() { return daemon.requests("send").at(0); }

    FakeDaemon daemon;
};

TEST_F(Send, SaysHowFastItWasDelivered) {
    const Outcome outcome = run({"send", "10.0.0.5", "hi"});
    EXPECT_EQ(outcome.out, "→ #57 to bob (10.0.0.5:5000): delivered in 0.8 ms\n");
    EXPECT_EQ(outcome.exit, 0);
}

TEST_F(Send, NoAnswerInTimeIsNotFailed) {
    MessageRecord record = sent_message(58, SendState::sending);
    record.name.reset();
    record.attempts = 2;
    daemon.on("wait", [&](const Question& question) { question.result(page_of({record})); });
    const Outcome outcome = run({"send", "10.0.0.5", "hi"});
    EXPECT_EQ(outcome.out,
              "→ #58 to 10.0.0.5:5000: no answer yet, still trying (attempt 2). Follow it: p2pctl "
              "wait 58\n");
    EXPECT_EQ(outcome.exit, 75);
}

TEST_F(Send, RefusedGivesTheReason) {
    becomes(SendState::refused, "not accepted");
    const Outcome outcome = run({"send", "10.0.0.5", "hi"});
    EXPECT_NE(outcome.out.find("refused: not accepted"), std::string::npos);
    EXPECT_EQ(outcome.exit, 1);
}

TEST_F(Send, NoWaitReturnsOnceTheDaemonHasIt) {
    const Outcome outcome = run({"send", "-n", "10.0.0.5", "hi"});
    EXPECT_EQ(outcome.out, "→ #57 to 10.0.0.5:5000: queued\n");
    EXPECT_TRUE(daemon.requests("wait").empty());
    EXPECT_EQ(outcome.exit, 0);
}

TEST_F(Send, JoinsItsWordsByASpace) {
    run({"send", "10.0.0.5", "two", "words"});
    EXPECT_EQ(sent()["text"], "two words");
}

TEST_F(Send, TakesAPipeWithoutItsLastLineBreak) {
    run({"send", "10.0.0.5"}, "one\ntwo\n\n");
    EXPECT_EQ(sent()["text"], "one\ntwo\n");
}

TEST_F(Send, TakesStandardInputForADash) {
    run({"send", "10.0.0.5", "-"}, "hi\n");
    EXPECT_EQ(sent()["text"], "hi");
}

TEST_F(Send, TakesAFile) {
    const std::string path = daemon.folder() + "/text";
    std::ofstream(path) << "from a file\n";
    run({"send", "10.0.0.5", "-f", path});
    EXPECT_EQ(sent()["text"], "from a file");
}

TEST_F(Send, AMissingFileIsAnIoError) {
    EXPECT_EQ(run({"send", "10.0.0.5", "-f", "/nowhere/text"}).exit, 74);
}

TEST_F(Send, TakesATextThatBeginsWithADashBehindTwo) {
    run({"send", "10.0.0.5", "--", "-5 degrees"});
    EXPECT_EQ(sent()["text"], "-5 degrees");
}

TEST_F(Send, NamesTheOffsetOfWhatIsNotUtf8) {
    const Outcome outcome = run({"send", "10.0.0.5", "ab\xff"});
    EXPECT_NE(outcome.err.find("not UTF-8 at byte offset 2"), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.exit, 65);
}

TEST_F(Send, GivesTheExactExcessOfATextTooLong) {
    const Outcome outcome = run({"send", "10.0.0.5"}, std::string(text_bytes_max + 3, 'x') + "\n");
    EXPECT_NE(outcome.err.find("3 bytes too long"), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.exit, 65);
}

TEST_F(Send, TakesTheLongestText) {
    EXPECT_EQ(run({"send", "10.0.0.5"}, std::string(text_bytes_max, 'x') + "\n").exit, 0);
    EXPECT_EQ(sent()["text"].get<std::string>().size(), text_bytes_max);
}

TEST_F(Send, AnEmptyTextIsBadData) {
    EXPECT_EQ(run({"send", "10.0.0.5", ""}).exit, 65);
}

TEST_F(Send, TellsTheDaemonWhenToGiveUp) {
    run({"send", "10.0.0.5", "--expires", "2h", "hi"});
    EXPECT_EQ(sent()["expires_s"], 7200);
}

TEST_F(Send, WaitsAsLongAsItIsTold) {
    run({"send", "10.0.0.5", "--timeout=10m", "hi"});
    // What is left of it: a slow machine has used some already.
    const int timeout = daemon.requests("wait").at(0)["timeout_ms"];
    EXPECT_GT(timeout, 300'000);
    EXPECT_LE(timeout, 600'000);
}

TEST_F(Send, WaitsFiveSecondsByDefault) {
    run({"send", "10.0.0.5", "hi"});
    const int timeout = daemon.requests("wait").at(0)["timeout_ms"];
    EXPECT_GT(timeout, 1000);
    EXPECT_LE(timeout, 5000);
}

TEST_F(Send, JsonIsTheWholeRecord) {
    const Outcome outcome = run({"send", "10.0.0.5", "hi", "--json"});
    const auto lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]["v"], 1);
    EXPECT_EQ(lines[0]["type"], "message");
    EXPECT_EQ(lines[0]["state"], "delivered");
    EXPECT_EQ(lines[0]["text"], "hi");
}

TEST_F(Send, AsksAgainWithTheSameRequestIdWhenTheConnectionBreaks) {
    int asked = 0;
    daemon.on("send", [&](const Question& question) {
        if (++asked == 1) return question.hang_up();
        question.result(accepted(57));
    });
    const Outcome outcome = run({"send", "10.0.0.5", "hi"});
    EXPECT_EQ(outcome.exit, 0);
    const auto requests = daemon.requests("send");
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0]["request_id"], requests[1]["request_id"]);
}

TEST_F(Send, GivesUpWhenTheConnectionBreaksTwice) {
    daemon.on("send", [](const Question& question) { question.hang_up(); });
    EXPECT_EQ(run({"send", "10.0.0.5", "hi"}).exit, 69);
    EXPECT_EQ(daemon.requests("send").size(), 2U);
}

TEST_F(Send, TwoMessagesHaveTwoRequestIds) {
    run({"send", "10.0.0.5", "hi"});
    run({"send", "10.0.0.5", "hi"});
    const auto requests = daemon.requests("send");
    EXPECT_NE(requests.at(0)["request_id"], requests.at(1)["request_id"]);
}

TEST_F(Send, WaitsOnWhenTheConnectionBreaksMeanwhile) {
    int asked = 0;
    daemon.on("wait", [&](const Question& question) {
        if (++asked == 1) return question.hang_up();
        question.result(page_of({sent_message(57, SendState::delivered)}));
    });
    EXPECT_EQ(run({"send", "10.0.0.5", "hi"}).exit, 0);
    EXPECT_EQ(daemon.requests("send").size(), 1U);
}

TEST_F(Send, IsNotConfirmedWhenTheDaemonGoesAwayAfterTakingIt) {
    daemon.on("wait", [](const Question& question) { question.hang_up(); });
    const Outcome outcome = run({"send", "10.0.0.5", "hi"});
    EXPECT_NE(outcome.out.find("p2pctl wait 57"), std::string::npos) << outcome.out;
    EXPECT_EQ(outcome.exit, 75);
}

TEST_F(Send, AFullQueueIsNotConfirmed) {
    daemon.on("send", [](const Question& question) {
        question.error(error_queue_full, "the queue to 10.0.0.5:5000 is full", "try again later");
    });
    const Outcome outcome = run({"send", "10.0.0.5", "hi"});
    EXPECT_NE(outcome.err.find("is full"), std::string::npos);
    EXPECT_EQ(outcome.exit, 75);
}

TEST_F(Send, QuietSaysNothingOfASuccess) {
    const Outcome outcome = run({"-q", "send", "10.0.0.5", "hi"});
    EXPECT_EQ(outcome.out + outcome.err, "");
}

TEST_F(Send, ReplyNamesTheMessage) {
    EXPECT_EQ(run({"reply", "#42", "yes"}).exit, 0);
    const Json request = daemon.requests("reply").at(0);
    EXPECT_EQ(request["id"], 42);
    EXPECT_EQ(request["text"], "yes");
}

TEST_F(Send, WaitSucceedsWhenAllAreDelivered) {
    const Outcome outcome = run({"wait", "57"});
    EXPECT_EQ(outcome.out, "→ #57 to bob (10.0.0.5:5000): delivered in 0.8 ms\n");
    EXPECT_EQ(outcome.exit, 0);
}

TEST_F(Send, WaitSaysTheWorstOfAll) {
    daemon.on("wait", [](const Question& question) {
        question.result(
            page_of({sent_message(1, SendState::delivered), sent_message(2, SendState::expired),
                     sent_message(3, SendState::sending)}));
    });
    EXPECT_EQ(run({"wait", "1", "2", "3", "--timeout", "1s"}).exit, 1);
}

TEST_F(Send, WaitThatRunsOutOfTimeIsNotConfirmed) {
    becomes(SendState::sending);
    EXPECT_EQ(run({"wait", "57", "--timeout", "0"}).exit, 75);
}

TEST_F(Send, WaitWithoutATimeoutAsksUntilItIsFinal) {
    int asked = 0;
    daemon.on("wait", [&](const Question& question) {
        const SendState state = ++asked < 3 ? SendState::sending : SendState::delivered;
        question.result(page_of({sent_message(57, state)}));
    });
    EXPECT_EQ(run({"wait", "57"}).exit, 0);
    EXPECT_EQ(daemon.requests("wait").size(), 3U);
}

}  // namespace
}  // namespace p2pd::test
