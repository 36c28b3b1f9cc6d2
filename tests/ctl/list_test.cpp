// tests/ctl: inbox, sent, show, thread, search and the commands that mark, against a fake daemon.
#include <gtest/gtest.h>

#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

class List : public testing::Test {
protected:
    void holds(std::vector<MessageRecord> messages) {
        const auto answer = [messages = std::move(messages)](const Question& question) {
            question.result(page_of(messages));
        };
        for (const char* method : {"list", "get", "thread", "search"}) daemon.on(method, answer);
    }

    Outcome run(const std::vector<std::string>& arguments) {
        return run_p2pctl(daemon.socket_path(), arguments);
    }

    FakeDaemon daemon;
};

TEST_F(List, InboxShowsALineAMessage) {
    MessageRecord read = received_message(9, "older");
    read.read = true;
    holds({read, received_message(42, "hi there")});
    EXPECT_EQ(run({"inbox"}).out,
              "   9  2026-11-22 10:31:00  bob  older\n"
              "* 42  2026-11-22 10:31:00  bob  hi there\n");
}

TEST_F(List, AnEmptyInboxIsNothingFound) {
    holds({});
    const Outcome outcome = run({"inbox"});
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "p2pctl: the inbox is empty\n");
    EXPECT_EQ(outcome.exit, 1);
}

TEST_F(List, ReceivedTextCannotReachTheTerminal) {
    holds({received_message(1, "\x1b[2Jgone\r\xe2\x80\xaeright\nto left")});
    const std::string out = run({"inbox"}).out;
    EXPECT_NE(out.find("\\x1b[2Jgone\\r\\u202eright\\nto left"), std::string::npos) << out;
    EXPECT_EQ(out.find('\x1b'), std::string::npos);
}

TEST_F(List, ShowKeepsLineBreaksAndNothingElse) {
    holds({received_message(1, "one\ntwo\x1b[31m")});
    const std::string out = run({"show", "1"}).out;
    EXPECT_NE(out.find("\n\none\ntwo\\x1b[31m\n"), std::string::npos) << out;
    EXPECT_NE(out.find("from         bob (10.0.0.5:5000)\n"), std::string::npos) << out;
}

TEST_F(List, JsonIsAsciiOnly) {
    holds({received_message(1,
                            "\x7f\xc2\x9b"
                            "31m\xe2\x80\xae ol\xc3\xa1")});
    const std::string out = run({"inbox", "--json"}).out;
    for (const char c : out) EXPECT_TRUE((c >= ' ' && c < '\x7f') || c == '\n') << out;
    EXPECT_EQ(json_lines(out).at(0)["text"],
              "\x7f\xc2\x9b"
              "31m\xe2\x80\xae ol\xc3\xa1");
}

TEST_F(List, JsonHasTheMembersOfTheInterface) {
    holds({received_message(42, "hi")});
    const Json line = json_lines(run({"--json", "inbox"}).out).at(0);
    EXPECT_EQ(line["v"], 1);
    EXPECT_EQ(line["type"], "message");
    EXPECT_EQ(line["id"], 42);
    EXPECT_EQ(line["dir"], "in");
    EXPECT_EQ(line["received_at"], "2026-11-22T10:31:00.000000Z");
    EXPECT_EQ(line["read"], false);
    EXPECT_TRUE(line["reply_to"].is_null());
    EXPECT_EQ(line["cursor"], 1042);
}

TEST_F(List, AsksForTheNewestFifty) {
    holds({received_message(1, "hi")});
    run({"inbox"});
    EXPECT_EQ(daemon.requests("list").at(0)["limit"], 50);
    EXPECT_EQ(daemon.requests("list").at(0)["box"], "inbox");
}

TEST_F(List, MoreThanAPageComesInPages) {
    daemon.on("list", [](const Question& question) {
        const Json before = question.params["before"];
        const std::uint64_t end = before.is_null() ? 2001 : before.get<std::uint64_t>();
        const auto limit = question.params["limit"].get<std::uint64_t>();
        std::vector<MessageRecord> page;
        for (std::uint64_t id = end - limit; id < end; ++id) {
            page.push_back(received_message(id, "x"));
        }
        question.result(page_of(page, true));
    });
    const auto lines = json_lines(run({"inbox", "-n", "1200", "--json"}).out);
    ASSERT_EQ(lines.size(), 1200U);
    EXPECT_EQ(lines.front()["id"], 801);
    EXPECT_EQ(lines.back()["id"], 2000);
}

TEST_F(List, OptionsBecomeParameters) {
    holds({received_message(1, "hi")});
    run({"inbox", "--unread", "--from", "bob", "--since", "2026-11-22 10:00", "--until",
         "2026-11-22T12:00:00Z", "-n", "3"});
    const Json request = daemon.requests("list").at(0);
    EXPECT_EQ(request["unread"], true);
    EXPECT_EQ(request["peer"], "bob");
    EXPECT_EQ(request["since"], "2026-11-22T10:00:00.000000Z");
    EXPECT_EQ(request["until"], "2026-11-22T12:00:00.000000Z");
    EXPECT_EQ(request["limit"], 3);
}

TEST_F(List, FromIsOnlyWhatThePeerWrote) {
    auto other = received_message(3, "of another");
    other.peer = "10.0.0.6:5000";
    holds({received_message(1, "of bob"), sent_message(2, SendState::delivered), other});
    daemon.on("peers.show", [](const Question& question) {
        question.result(write_fields(peer_record("bob", "10.0.0.5:5000")));
    });
    for (const char* from : {"bob", "10.0.0.5", "10.0.0.5:5000", "::ffff:10.0.0.5"}) {
        for (const auto& command : {std::vector<std::string>{"thread", "bob"}, {"search", "of"}}) {
            std::vector<std::string> words = command;
            words.insert(words.end(), {"--from", from, "--json"});
            const auto lines = json_lines(run(words).out);
            ASSERT_EQ(lines.size(), 1U) << command.front() << " " << from;
            EXPECT_EQ(lines[0]["text"], "of bob");
        }
    }
}

/// Of 2,000 messages each tenth is asked for, in whatever letters.
TEST_F(List, GrepLooksFurtherBackUntilThereAreEnough) {
    daemon.on("list", [](const Question& question) {
        const Json before = question.params["before"];
        const std::uint64_t end = before.is_null() ? 2001 : before.get<std::uint64_t>();
        const auto limit = question.params["limit"].get<std::uint64_t>();
        std::vector<MessageRecord> page;
        for (std::uint64_t id = end - std::min(limit, end - 1); id < end; ++id) {
            page.push_back(received_message(id, id % 10 == 0 ? "An ALARM" : "nothing"));
        }
        question.result(page_of(page, page.front().id > 1));
    });
    const auto some = json_lines(run({"inbox", "--grep", "alarm", "-n", "60", "--json"}).out);
    ASSERT_EQ(some.size(), 60U);
    EXPECT_EQ(some.front()["id"], 1410);
    EXPECT_EQ(some.back()["id"], 2000);
    EXPECT_EQ(json_lines(run({"inbox", "--grep", "alarm", "-n", "999", "--json"}).out).size(),
              200U);
}

TEST_F(List, NothingThatHoldsTheTextIsNothingFound) {
    holds({received_message(1, "hi")});
    const Outcome outcome = run({"inbox", "--grep", "alarm"});
    EXPECT_EQ(outcome.exit, 1);
    EXPECT_NE(outcome.err.find("no such messages"), std::string::npos) << outcome.err;
}

TEST_F(List, ThreadAndSearchTakeASpanOfTime) {
    for (const char* method : {"thread", "search"}) {
        daemon.on(method, [](const Question& question) {
            question.result(page_of({received_message(1, "hi")}, false));
        });
        run({method, "bob", "--since", "2026-11-22 10:00", "--until", "2026-11-22T12:00:00Z"});
        const Json request = daemon.requests(method).at(0);
        EXPECT_EQ(request["since"], "2026-11-22T10:00:00.000000Z");
        EXPECT_EQ(request["until"], "2026-11-22T12:00:00.000000Z");
    }
}

TEST_F(List, LookingMarksNothing) {
    holds({received_message(1, "hi")});
    run({"inbox"});
    EXPECT_TRUE(daemon.requests("mark").empty());
}

TEST_F(List, MarkReadMarksWhatWasShownUnread) {
    MessageRecord read = received_message(1, "old");
    read.read = true;
    holds({read, received_message(2, "new")});
    daemon.on("mark", [](const Question& question) { question.result({{"count", 1}}); });
    run({"inbox", "--mark-read"});
    EXPECT_EQ(daemon.requests("mark").at(0)["ids"], Json::array({2}));
}

TEST_F(List, SentShowsTheState) {
    MessageRecord record = sent_message(57, SendState::expired);
    record.text = "ok";
    holds({record});
    EXPECT_EQ(run({"sent"}).out, "  57  2026-11-22 10:31:00  bob  expired  ok\n");
}

TEST_F(List, TimesAreLocal) {
    holds({received_message(1, "hi")});
    const Outcome outcome =
        run_p2pctl(daemon.socket_path(), {"inbox"}, {.environment = {{"TZ", "UTC-2"}}});
    EXPECT_NE(outcome.out.find("2026-11-22 12:31:00"), std::string::npos) << outcome.out;
}

TEST_F(List, UtcTimesAreUtc) {
    holds({received_message(1, "hi")});
    const Outcome outcome =
        run_p2pctl(daemon.socket_path(), {"inbox", "--utc"}, {.environment = {{"TZ", "UTC-2"}}});
    EXPECT_NE(outcome.out.find("2026-11-22 10:31:00"), std::string::npos) << outcome.out;
}

TEST_F(List, AThreadOfANumberIsThatOfAMessage) {
    holds({received_message(1, "hi")});
    run({"thread", "1"});
    EXPECT_EQ(daemon.requests("thread").at(0)["id"], 1);
    EXPECT_TRUE(daemon.requests("thread").at(0)["peer"].is_null());
}

TEST_F(List, AThreadShowsBothDirections) {
    MessageRecord answer = sent_message(57, SendState::delivered);
    answer.text = "ok";
    holds({received_message(42, "hi"), answer});
    EXPECT_EQ(run({"thread", "bob"}).out,
              "* 42  2026-11-22 10:31:00  ← bob             hi\n"
              "  57  2026-11-22 10:31:00  → bob  delivered  ok\n");
}

TEST_F(List, SearchThatFindsNothingSaysSo) {
    holds({});
    const Outcome outcome = run({"search", "lunch"});
    EXPECT_EQ(outcome.err, "p2pctl: no message has \"lunch\"\n");
    EXPECT_EQ(outcome.exit, 1);
}

TEST_F(List, ReadAllMarksAll) {
    daemon.on("mark", [](const Question& question) { question.result({{"count", 7}}); });
    EXPECT_EQ(run({"read", "--all"}).out, "7 messages marked as read\n");
    EXPECT_EQ(daemon.requests("mark").at(0)["all"], true);
}

TEST_F(List, UnreadTakesIds) {
    daemon.on("mark", [](const Question& question) { question.result({{"count", 2}}); });
    EXPECT_EQ(json_lines(run({"unread", "1", "2", "--json"}).out).at(0)["count"], 2);
    EXPECT_EQ(daemon.requests("mark").at(0)["read"], false);
}

TEST_F(List, ReadNeedsIdsOrAll) {
    EXPECT_EQ(run({"read"}).exit, 64);
}

TEST_F(List, RetryAndCancelCountTheirMessages) {
    for (const char* method : {"retry", "cancel"}) {
        daemon.on(method, [](const Question& question) {
            question.result(page_of({sent_message(57, SendState::queued)}));
        });
    }
    EXPECT_EQ(run({"retry", "57"}).out, "1 message queued again\n");
    EXPECT_EQ(run({"cancel", "57"}).out, "1 message cancelled\n");
    EXPECT_EQ(json_lines(run({"retry", "57", "--json"}).out).at(0)["state"], "queued");
}

TEST_F(List, DeleteCountsItsMessages) {
    daemon.on("delete", [](const Question& question) { question.result({{"count", 2}}); });
    EXPECT_EQ(run({"delete", "1", "2"}).out, "2 messages deleted\n");
}

TEST_F(List, ShowAsksForNoMoreThanFitsALine) {
    daemon.on("get", [](const Question& question) {
        std::vector<MessageRecord> records;
        for (const Json& id : question.params["ids"]) {
            records.push_back(
                received_message(id.get<std::uint64_t>(), std::string(text_bytes_max, '\x01')));
        }
        question.result(page_of(records));
    });
    const Outcome outcome = run({"show", "1", "2", "3", "4", "5", "--json"});
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), 5U);
}

TEST_F(List, PurgeTellsTheAge) {
    daemon.on("purge", [](const Question& question) { question.result({{"count", 1}}); });
    EXPECT_EQ(run({"purge", "--older-than", "30d"}).out, "1 message deleted\n");
    EXPECT_EQ(daemon.requests("purge").at(0)["older_than_s"], 30 * 86400);
}

TEST_F(List, AnUnknownIdNamesTheNewest) {
    daemon.on("get", [](const Question& question) {
        question.error(error_unknown_message, "no message 420");
    });
    daemon.on("status", [](const Question& question) {
        StatusResult status;
        status.newest_id = 57;
        question.result(write_fields(status));
    });
    const Outcome outcome = run({"show", "420"});
    EXPECT_EQ(outcome.err, "p2pctl: no message 420; the newest is 57\n  p2pctl inbox\n");
    EXPECT_EQ(outcome.exit, 66);
}

TEST_F(List, AnUnknownIdInJsonIsOneErrorLine) {
    daemon.on("get", [](const Question& question) {
        question.error(error_unknown_message, "no message 420", "p2pctl inbox");
    });
    const Outcome outcome = run({"show", "420", "--json"});
    EXPECT_EQ(outcome.err,
              "{\"v\":1,\"type\":\"error\",\"code\":\"unknown_message\",\"message\":\"no message "
              "420\",\"hint\":\"p2pctl inbox\",\"exit\":66}\n");
    EXPECT_EQ(outcome.exit, 66);
}

}  // namespace
}  // namespace p2pd::test
