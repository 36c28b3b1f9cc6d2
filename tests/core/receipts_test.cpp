// tests: whoever waits learns that a message was read, if its reader's host says so.
#include <gtest/gtest.h>

#include "tests/core/json_builder.h"
#include "tests/core/world.h"

namespace p2pd {
namespace {

using Words = std::vector<ReceiptWord>;

HostOptions telling(bool read_receipts = true) {
    HostOptions options;
    options.limits.read_receipts = read_receipts;
    return options;
}

/// Alice has sent bob one message, which is delivered.
class Receipt : public Pair {
public:
    explicit Receipt(bool read_receipts = true) : Pair(telling(read_receipts)) { get_acquainted(); }

    std::int64_t sent_us() const { return bob.store().inbox().back().us; }
    MessageId received() const { return bob.store().inbox().back().id; }
    void ask() { alice.ask_receipt(bob.endpoint(), sent_us()); }
    Words heard() const {
        Words words;
        for (const ReceiptHeard& receipt : alice.receipts()) words.push_back(receipt.word);
        return words;
    }
};

TEST(Receipt, IsNotGivenUnlessItsHostIsToldTo) {
    Receipt world(false);
    world.bob.mark(world.received(), true, true);
    world.ask();
    world.run_for(1s);
    EXPECT_EQ(world.heard(), Words{ReceiptWord::off});
}

TEST(Receipt, TellsWhatIsKnownAtOnceAndEachChangeAfterThat) {
    Receipt world;
    world.ask();
    world.run_for(100ms);
    EXPECT_EQ(world.heard(), Words{ReceiptWord::unread});
    world.bob.mark(world.received(), false, true);
    world.run_for(100ms);
    world.bob.mark(world.received(), true, true);
    world.run_for(100ms);
    EXPECT_EQ(world.heard(), (Words{ReceiptWord::unread, ReceiptWord::handled, ReceiptWord::both}));
    EXPECT_EQ(world.alice.receipts().back().about.peer, world.bob.endpoint());
    EXPECT_EQ(world.alice.receipts().back().about.message_us, world.sent_us());
}

TEST(Receipt, ChangesOfOtherMessagesAreNotTold) {
    Receipt world;
    const MessageId first = world.received();
    world.alice.send(world.bob.endpoint(), "another");
    world.run_for(1s);
    world.ask();
    world.run_for(100ms);
    world.bob.mark(first, true, false);
    world.run_for(100ms);
    EXPECT_EQ(world.heard(), Words{ReceiptWord::unread});
}

TEST(Receipt, OfAMessageThatIsNotThereIsUnknown) {
    Receipt world;
    world.alice.ask_receipt(world.bob.endpoint(), world.sent_us() + 1);
    world.run_for(100ms);
    EXPECT_EQ(world.heard(), Words{ReceiptWord::unknown});
}

TEST(Receipt, IsAskedForUntilThereIsAnAnswer) {
    Receipt world;
    world.bob.mark(world.received(), true, false);
    world.network.set_faults({.loss = 1.0});
    world.ask();
    world.run_for(20s);
    EXPECT_TRUE(world.heard().empty());
    world.network.set_faults({});
    world.run_for(Receipts::interval_max);
    EXPECT_EQ(world.heard(), Words{ReceiptWord::read});
}

TEST(Receipt, AChangeThatGetsLostIsAskedFor) {
    Receipt world;
    world.ask();
    world.run_for(100ms);
    world.network.set_faults({.loss = 1.0});
    world.bob.mark(world.received(), true, false);
    world.run_for(100ms);
    world.network.set_faults({});
    world.run_for(Receipts::interval_max);
    EXPECT_EQ(world.heard(), (Words{ReceiptWord::unread, ReceiptWord::read}));
}

TEST(Receipt, IsToldThoughTheOtherBeganAnewMeanwhile) {
    Receipt world;
    world.ask();
    world.run_for(100ms);
    world.bob.crash();
    world.bob.restart();
    world.bob.mark(world.received(), true, false);
    world.run_for(Receipts::interval_max);
    EXPECT_EQ(world.heard(), (Words{ReceiptWord::unread, ReceiptWord::read}));
}

TEST(Receipt, NobodyIsToldWhatHeNoLongerWaitsFor) {
    Receipt world;
    world.ask();
    world.run_for(100ms);
    world.alice.stop_asking(world.bob.endpoint(), world.sent_us());
    const auto received = [&] { return world.alice.node().counters().receipts_received; };
    const auto before = received();
    world.run_for(Receipts::watched_for);
    world.bob.mark(world.received(), true, false);
    world.run_for(1min);
    EXPECT_EQ(received(), before);
    EXPECT_EQ(world.heard(), Words{ReceiptWord::unread});
}

TEST(Receipt, WithoutAQuestionIsNotListenedTo) {
    Field field(Dialect::base, telling());
    field.program.send(field.host.endpoint(), WireReceipt{7, ReceiptWord::read, Stamp::of(8)},
                       Extension::p2pd);
    field.run_for(1s);
    EXPECT_TRUE(field.host.receipts().empty());
}

TEST(Receipt, AStrangersQuestionIsNotAnswered) {
    Field field(Dialect::base, telling());
    field.program.send(field.host.endpoint(), WireReceipt{7, ReceiptWord::ask, Stamp::of(8)},
                       Extension::p2pd);
    field.run_for(1s);
    EXPECT_TRUE(field.program.arrived().empty());
}

TEST(Receipt, AProgramOfTheFieldIsNeverAsked) {
    Field field(Dialect::base, telling());
    field.program.say(field.host.endpoint(), "hi", 7);
    field.run_for(1s);
    const auto before = field.program.arrived().size();
    field.host.ask_receipt(field.program.endpoint(), 7);
    field.run_for(1min);
    EXPECT_EQ(field.program.arrived().size(), before);
}

TEST(Receipt, NoMoreMessagesAreAskedAboutThanIsSaid) {
    Receipts receipts;
    const Endpoint peer = at("10.0.0.5");
    for (std::size_t us = 1; us <= Receipts::asking_max; ++us) {
        EXPECT_TRUE(receipts.ask(Instant{}, {peer, static_cast<std::int64_t>(us)}));
    }
    EXPECT_FALSE(receipts.ask(Instant{}, {peer, 0}));
    EXPECT_TRUE(receipts.ask(Instant{}, {peer, 1}));
    receipts.stop_asking({peer, 1});
    EXPECT_TRUE(receipts.ask(Instant{}, {peer, 0}));
}

TEST(Receipt, FloodsOfQuestionsAreBounded) {
    Receipts receipts;
    const Endpoint peer = at("10.0.0.5");
    for (std::int64_t us = 1; us <= 10'000; ++us) receipts.asked(Instant{}, {peer, us});
    EXPECT_EQ(receipts.take_questions().size(), Receipts::questions_max);
    for (std::int64_t us = 1; us <= 10'000; ++us) {
        receipts.answer(Instant{}, {peer, us}, ReadMarks{static_cast<MessageId>(us)});
    }
    std::size_t answers = 0;
    while (receipts.next()) ++answers;
    EXPECT_LE(answers, Receipts::asking_max + Receipts::questions_max);
    receipts.marked(Instant{}, {});
    EXPECT_EQ(receipts.take_questions().size(), Receipts::questions_max);
    // Those of a minute ago make room for others.
    const Instant later = Instant{} + Receipts::watched_for;
    receipts.answer(later, {peer, 20'000}, ReadMarks{20'000});
    receipts.marked(later, {});
    EXPECT_EQ(receipts.take_questions().size(), 1U);
}

TEST(CodecP2pd, AReceiptIsReadBackInEachDialect) {
    for (const Dialect dialect :
         {Dialect::base, Dialect::upper, Dialect::quoted, Dialect::short_}) {
        for (const auto& [word, name] : enum_names(ReceiptWord{})) {
            const WireReceipt receipt{1'732'260'000'123'456, word, Stamp::of(5)};
            const auto bytes =
                encode(receipt, at("10.0.0.4"), at("10.0.0.5"), dialect, Extension::p2pd);
            const auto read = std::get<Datagram>(decode(bytes));
            ASSERT_TRUE(std::holds_alternative<WireReceipt>(read.object)) << bytes;
            EXPECT_EQ(std::get<WireReceipt>(read.object).message_us, receipt.message_us);
            EXPECT_EQ(std::get<WireReceipt>(read.object).word, word) << name;
        }
    }
}

TEST(CodecP2pd, WhatIsNoWholeReceiptIsAnAck) {
    for (const char* p2pd :
         {R"({"receipt":7})", R"({"is":"ask"})", R"({"receipt":7,"is":"so"})",
          R"({"receipt":0,"is":"ask"})", R"({"receipt":7,"receipt":7,"is":"ask"})",
          R"({"receipt":7,"is":"ask","is":"ask"})", R"({"receipt":4294967296000000,"is":"ask"})"}) {
        const auto bytes =
            ack_json().set("Timestamp da mensagem original", "0").set("p2pd", p2pd).text();
        const auto read = std::get<Datagram>(decode(bytes));
        EXPECT_TRUE(std::holds_alternative<WireAck>(read.object)) << p2pd;
    }
    const auto of_a_message = ack_json().set("p2pd", R"({"receipt":7,"is":"ask"})").text();
    EXPECT_TRUE(std::holds_alternative<WireAck>(std::get<Datagram>(decode(of_a_message)).object));
}

}  // namespace
}  // namespace p2pd
