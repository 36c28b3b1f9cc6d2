// tests/ctl: what chat decides, without a terminal and without a daemon.
#include <gtest/gtest.h>

#include "ctl/chat_hold.h"
#include "ctl/chat_lines.h"
#include "ctl/chat_outbox.h"
#include "ctl/chat_target.h"
#include "ctl/chat_text.h"
#include "tests/ctl/fake_daemon.h"

namespace p2pd::test {
namespace {

using namespace std::chrono_literals;

const SteadyTime start = SteadyTime{} + 1h;

TEST(ChatLine, IsATextUnlessItBeginsWithASlash) {
    EXPECT_EQ(parse_chat_line("hi /to bob").text, "hi /to bob");
    EXPECT_EQ(parse_chat_line("hi").command, "");
    EXPECT_EQ(parse_chat_line("//etc/passwd").text, "/etc/passwd");
    const ChatLine line = parse_chat_line("/to   bob ");
    EXPECT_EQ(line.command, "/to");
    EXPECT_EQ(line.text, "bob");
}

TEST(ChatLine, AnUnknownCommandNamesTheNearest) {
    try {
        parse_chat_line("/theard bob");
        FAIL();
    } catch (const ControlError& error) {
        EXPECT_EQ(error.exit(), ExitCode::usage);
        EXPECT_NE(error.hint().find("/thread"), std::string::npos) << error.hint();
    }
}

TEST(ChatLine, TabPutsInWhatIsCertainAndListsTheRest) {
    const std::vector<std::string> peers{"bob", "carol", "caroline"};
    EXPECT_EQ(complete_chat_line("/pe", peers).insert, "ers ");
    EXPECT_EQ(complete_chat_line("/to b", peers).insert, "ob ");
    EXPECT_EQ(complete_chat_line("/to c", peers).insert, "arol");
    EXPECT_EQ(complete_chat_line("/to carol", peers).candidates,
              (std::vector<std::string>{"carol", "caroline"}));
    EXPECT_EQ(complete_chat_line("/hold m", peers).insert, "anual ");
    EXPECT_EQ(complete_chat_line("/to zoe", peers).insert, "");
    EXPECT_EQ(complete_chat_line("a text for b", peers).insert, "");
}

MessageRecord from(std::uint64_t id, const std::string& name) {
    MessageRecord record = received_message(id, "hi");
    record.name = name;
    return record;
}

TEST(ChatTarget, WhatArrivesDoesNotChangeIt) {
    ChatTarget target;
    EXPECT_EQ(target.prompt(), "» ");
    target.choose({"bob", "bob", std::nullopt});
    target.shown(from(1, "carol"));
    EXPECT_EQ(target.prompt(), "bob» ");
    target.answer_next();
    target.shown(from(2, "dave"));
    EXPECT_EQ(target.prompt(), "carol↩1» ");
}

TEST(ChatTarget, TheKeyGoesFromTheNewestUnansweredToTheOldestAndRound) {
    ChatTarget target;
    EXPECT_FALSE(target.answer_next());
    for (std::uint64_t id = 1; id <= 4; ++id) target.shown(from(id, "bob"));
    target.answered(3);
    for (const std::uint64_t id : {4, 2, 1, 4}) {
        EXPECT_TRUE(target.answer_next());
        EXPECT_EQ(target.target()->id, id);
    }
}

TEST(ChatTarget, AfterAnAnswerThePeerStays) {
    ChatTarget target;
    target.choose({"bob", "bob", std::nullopt});
    target.shown(from(7, "carol"));
    target.answer_next();
    target.sent();
    EXPECT_EQ(target.prompt(), "carol» ");
    EXPECT_FALSE(target.answer_next());
}

TEST(ChatTarget, APeerWithoutANameIsItsAddress) {
    MessageRecord record = received_message(1, "hi");
    record.name.reset();
    EXPECT_EQ(answer_to(record).shown, "10.0.0.5:5000");
}

ChatItem message(std::uint64_t id) {
    return {"message " + std::to_string(id) + "\n", received_message(id, "")};
}

TEST(ChatHold, AModeThatDoesNotExistIsSaidToBeSo) {
    EXPECT_EQ(parse_hold_mode("--hold", "manual"), HoldMode::manual);
    try {
        parse_hold_mode("--hold", "later");
        FAIL();
    } catch (const ControlError& error) {
        EXPECT_EQ(error.exit(), ExitCode::usage);
        EXPECT_STREQ(error.what(), "--hold \"later\": must be now, idle or manual");
    }
}

TEST(ChatHold, NowIsAtOnceWhateverIsTyped) {
    ChatHold hold(HoldMode::now);
    EXPECT_FALSE(hold.due({false, start}));
    hold.add(message(1));
    EXPECT_LE(hold.due({false, start}), start);
}

TEST(ChatHold, IdleIsWhenTheLineIsEmptyOrNobodyTypes) {
    ChatHold hold(HoldMode::idle);
    hold.add(message(1));
    EXPECT_LE(hold.due({true, start}), start);
    EXPECT_EQ(hold.due({false, start}), start + ChatHold::idle_time);
}

TEST(ChatHold, ManualIsWhenItIsAskedFor) {
    ChatHold hold(HoldMode::manual);
    hold.add(message(1));
    EXPECT_FALSE(hold.due({true, start}));
    hold.add({"remark\n", std::nullopt});
    EXPECT_TRUE(hold.due({true, start}));
    const auto remarks = hold.take_due(start);
    ASSERT_EQ(remarks.size(), 1U);
    EXPECT_EQ(remarks[0].text, "remark\n");
    EXPECT_EQ(hold.messages(), 1U);
    EXPECT_EQ(hold.take_all(start).size(), 1U);
    EXPECT_EQ(hold.messages(), 0U);
}

TEST(ChatHold, WhatComesFastIsShownTogether) {
    ChatHold hold(HoldMode::now);
    hold.add(message(1));
    hold.take_due(start);
    hold.add(message(2));
    hold.add(message(3));
    EXPECT_EQ(hold.due({true, start}), start + ChatHold::redraw_interval_min);
    EXPECT_EQ(hold.take_due(start).size(), 2U);
}

TEST(ChatHold, IsBoundedAndSaysWhatIsLeftOut) {
    ChatHold hold(HoldMode::manual);
    for (std::uint64_t id = 1; id <= ChatHold::held_max + 3; ++id) hold.add(message(id));
    EXPECT_EQ(hold.take_dropped(), 3U);
    EXPECT_EQ(hold.take_dropped(), 0U);
    const auto items = hold.take_all(start);
    EXPECT_EQ(items.size(), ChatHold::held_max);
    EXPECT_EQ(items.back().message->id, ChatHold::held_max + 3);
}

class Outbox : public testing::Test {
protected:
    ChatOutbox::Post post() {
        return [this](std::string_view method, const Json& params) {
            asked.emplace_back(std::string(method), params);
            return asked.size();
        };
    }
    void answer(std::uint64_t request, std::uint64_t id) {
        Incoming incoming;
        incoming.id = request;
        incoming.body = accepted(id);
        EXPECT_TRUE(box.take_answer(incoming, start));
    }
    /// What the first request is answered with; true if it is taken.
    bool fails(ControlError error) {
        Incoming incoming;
        incoming.id = 1;
        incoming.error = std::move(error);
        return box.take_answer(incoming, start);
    }

    ChatOutbox box{Style{}};
    const Target bob{"bob", "bob", std::nullopt};
    std::vector<std::pair<std::string, Json>> asked;
};

TEST_F(Outbox, ATextIsAskedForOnceAConnectionUnderTheSameRequestId) {
    box.add(bob, "hi", start);
    box.post_waiting(post());
    box.post_waiting(post());
    ASSERT_EQ(asked.size(), 1U);
    box.connection_lost();
    box.post_waiting(post());
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_EQ(asked[0].first, "send");
    EXPECT_EQ(asked[0].second, asked[1].second);
    EXPECT_EQ(asked[0].second["text"], "hi");
    EXPECT_FALSE(asked[0].second["request_id"].get<std::string>().empty());
}

TEST_F(Outbox, AnAnswerToAMessageNamesItsId) {
    box.add({"bob", "bob", 42}, "yes", start);
    box.post_waiting(post());
    EXPECT_EQ(asked.at(0).first, "reply");
    EXPECT_EQ(asked.at(0).second["id"], 42);
}

TEST_F(Outbox, WhatIsDeliveredAtOnceIsOneLine) {
    box.add(bob, "hi", start);
    box.post_waiting(post());
    answer(1, 57);
    EXPECT_TRUE(box.take_lines().empty());
    box.changed(sent_message(57, SendState::delivered));
    EXPECT_EQ(box.take_lines(), std::vector<std::string>{"→ #57 bob: delivered in 0.8 ms\n"});
    EXPECT_FALSE(box.deadline());
}

TEST_F(Outbox, AStateThatComesBeforeTheAnswerCounts) {
    box.add(bob, "hi", start);
    box.post_waiting(post());
    box.changed(sent_message(57, SendState::delivered));
    box.changed(sent_message(3, SendState::delivered));  // of somebody else
    answer(1, 57);
    EXPECT_EQ(box.take_lines().size(), 1U);
}

TEST_F(Outbox, WhatIsLateSaysSoAndThenItsEnd) {
    box.add(bob, "hi", start);
    box.post_waiting(post());
    answer(1, 57);
    box.changed(sent_message(57, SendState::sending));
    EXPECT_EQ(box.deadline(), start + ChatOutbox::grace);
    box.pass_time(start + ChatOutbox::grace);
    EXPECT_EQ(box.take_lines(), std::vector<std::string>{"→ #57 bob: sending\n"});
    EXPECT_EQ(box.deadline(), start + ChatOutbox::late);
    box.pass_time(start + ChatOutbox::late);
    EXPECT_EQ(box.take_lines(),
              std::vector<std::string>{"→ #57 bob: no answer yet, still trying\n"});
    EXPECT_FALSE(box.deadline());
    box.changed(sent_message(57, SendState::delivered));
    EXPECT_EQ(box.take_lines().size(), 1U);
}

TEST_F(Outbox, WhatIsRefusedCanBeSentAgain) {
    box.add(bob, "hi", start);
    box.post_waiting(post());
    answer(1, 57);
    MessageRecord refused = sent_message(57, SendState::refused);
    refused.reason = "the peer refused it";
    box.changed(refused);
    EXPECT_EQ(box.take_lines(), std::vector<std::string>{
                                    "→ #57 bob: refused: the peer refused it; again: /retry 57\n"});
    EXPECT_EQ(box.newest_failed(), 57U);
    box.follow(sent_message(57, SendState::queued), start);
    box.changed(sent_message(57, SendState::delivered));
    EXPECT_FALSE(box.newest_failed());
}

TEST_F(Outbox, WhatTheDaemonRefusesIsSaidAndNotAskedForAgain) {
    box.add(bob, "hi", start);
    box.post_waiting(post());
    EXPECT_TRUE(fails(ControlError(error_queue_full, "too many messages wait")));
    EXPECT_EQ(box.take_lines(),
              std::vector<std::string>{"→ bob: not sent: too many messages wait\n"});
    EXPECT_EQ(box.waiting(), 0U);
}

TEST_F(Outbox, ADaemonThatStopsIsAskedAgainWhenItIsBack) {
    box.add(bob, "hi", start);
    box.post_waiting(post());
    EXPECT_TRUE(fails(ControlError(error_stopping, "stopping")));
    EXPECT_EQ(box.waiting(), 1U);
    EXPECT_TRUE(box.take_lines().empty());
}

TEST_F(Outbox, WhatTheDaemonDoesNotHaveIsSaidAfterAMoment) {
    box.add(bob, "hi", start);
    EXPECT_EQ(box.deadline(), start + ChatOutbox::grace);
    box.pass_time(start + ChatOutbox::grace);
    const auto lines = box.take_lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].rfind("→ bob: kept here", 0), 0U) << lines[0];
    EXPECT_FALSE(box.deadline());
}

TEST_F(Outbox, IsBounded) {
    for (std::size_t i = 0; i < ChatOutbox::waiting_max; ++i) {
        EXPECT_TRUE(box.add(bob, "hi", start));
    }
    EXPECT_FALSE(box.add(bob, "hi", start));
}

TEST(ChatText, OfAMessageTheLinesAfterTheFirstStandToTheRight) {
    const std::string text = arrived_text(received_message(42, "one\n\x1b[2Jtwo"), Style{});
    EXPECT_NE(text.find("← #42 bob: one\n  \\x1b[2Jtwo\n"), std::string::npos) << text;
}

TEST(ChatText, OfALongMessageTheBeginningIsShownAndHowToSeeTheRest) {
    std::string snowmen;
    for (int i = 0; i < 20000; ++i) snowmen += "☃";
    const std::string text = arrived_text(received_message(42, snowmen), Style{});
    EXPECT_LT(text.size(), 5000U);
    EXPECT_NE(text.find("☃ … all of it: p2pctl show 42\n"), std::string::npos);
    const std::string lines = arrived_text(received_message(42, std::string(9999, '\n')), Style{});
    EXPECT_LT(std::count(lines.begin(), lines.end(), '\n'), 40);
}

}  // namespace
}  // namespace p2pd::test
