// tests: nothing is promised, and nothing sent, before it is durable.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

using Texts = std::vector<std::string>;

TEST(Pair, DeliversAMessage) {
    Pair pair;
    pair.alice.send(pair.bob.endpoint(), "hi");
    pair.run_for(1s);
    EXPECT_EQ(inbox(pair.bob), Texts{"hi"});
    EXPECT_EQ(newest_state(pair.alice), OutState::delivered);
}

TEST(Pair, RetransmitsWhatWasLost) {
    Pair pair;
    pair.alice.send(pair.bob.endpoint(), "hi");
    pair.run_for(5ms);
    pair.network.drop_in_flight();
    pair.run_for(4s);
    EXPECT_EQ(inbox(pair.bob), Texts{"hi"});
}

TEST(Pair, TransmitsNothingBeforeItIsStored) {
    Pair pair;
    pair.alice.hold_disk();
    pair.alice.send(pair.bob.endpoint(), "hi");
    pair.run_for(10s);
    EXPECT_EQ(pair.network.transmitted(), 0U);
    EXPECT_TRUE(pair.alice.outcomes().empty());
    pair.alice.release_disk();
    pair.run_for(1s);
    EXPECT_EQ(inbox(pair.bob), Texts{"hi"});
}

TEST(Pair, AcknowledgesNothingBeforeItIsStored) {
    Pair pair;
    pair.get_acquainted();
    pair.bob.hold_disk();
    pair.alice.send(pair.bob.endpoint(), "hi");
    pair.run_for(10s);
    EXPECT_EQ(pair.bob.node().counters().acks_sent, 1U);  // of the good morning
    pair.bob.release_disk();
    pair.run_for(1s);
    EXPECT_EQ(pair.bob.node().counters().acks_sent, 2U);
}

TEST(Pair, CopiesThatComeDuringOneCommitShareAnAck) {
    Pair pair;
    pair.get_acquainted();
    pair.bob.hold_disk();
    pair.alice.send(pair.bob.endpoint(), "hi");
    pair.run_for(10s);
    EXPECT_GT(pair.alice.node().counters().retransmissions, 2U);
    pair.bob.release_disk();
    pair.run_for(10s);
    EXPECT_EQ(pair.bob.node().counters().acks_sent, 2U);
    EXPECT_EQ(inbox(pair.bob).size(), 2U);
}

TEST(Pair, ACopyOfWhatIsStoredIsAcknowledgedAgainAndNotStoredTwice) {
    Pair pair;
    pair.alice.send(pair.bob.endpoint(), "hi");
    pair.run_for(13ms);  // it is stored, and the ACK is on its way
    EXPECT_EQ(inbox(pair.bob), Texts{"hi"});
    pair.network.drop_in_flight();
    pair.run_for(4s);
    EXPECT_EQ(inbox(pair.bob), Texts{"hi"});
    EXPECT_EQ(pair.bob.node().counters().acks_sent, 2U);
    EXPECT_EQ(newest_state(pair.alice), OutState::delivered);
}

TEST(Pair, ACopyAfterARestartIsKnownAsOne) {
    Pair pair;
    pair.alice.send(pair.bob.endpoint(), "hi");
    pair.run_for(13ms);
    pair.network.drop_in_flight();
    pair.bob.crash();
    pair.bob.restart();
    pair.run_for(4s);
    EXPECT_EQ(inbox(pair.bob), Texts{"hi"});
    EXPECT_EQ(newest_state(pair.alice), OutState::delivered);
}

TEST(Pair, TheSameTimestampWithAnotherContentIsAnotherMessage) {
    Field field;
    field.program.say(field.host.endpoint(), "hi", 7);
    field.program.say(field.host.endpoint(), "ho", 7);
    field.run_for(1s);
    EXPECT_EQ(inbox(field.host), (Texts{"hi", "ho"}));
    EXPECT_EQ(field.program.all<WireAck>().size(), 2U);
}

TEST(Pair, AMessageAcceptedBeforeACrashIsDeliveredAfterIt) {
    Pair pair;
    pair.bob.crash();
    pair.alice.send(pair.bob.endpoint(), "hi");
    pair.run_for(10s);
    pair.alice.crash();
    pair.bob.restart();
    pair.alice.restart();
    pair.run_for(10s);
    EXPECT_EQ(inbox(pair.bob), Texts{"hi"});
    EXPECT_EQ(newest_state(pair.alice), OutState::delivered);
}

TEST(Pair, TimestampsRiseOverACrashAndAClockThatStepsBack) {
    Pair pair;
    pair.alice.send(pair.bob.endpoint(), "before");
    pair.run_for(1s);
    pair.alice.crash();
    pair.alice.step_clock(-1h);
    pair.alice.restart();
    pair.alice.send(pair.bob.endpoint(), "after");
    pair.run_for(1s);
    EXPECT_EQ(inbox(pair.bob), (Texts{"before", "after"}));
    EXPECT_GT(pair.bob.store().inbox()[1].us, pair.bob.store().inbox()[0].us);
}

TEST(Pair, ALongTextArrivesWhole) {
    Pair pair;
    pair.get_acquainted();
    const std::string text(64 * 1024, '"');
    pair.alice.send(pair.bob.endpoint(), text);
    pair.run_for(10s);
    EXPECT_EQ(inbox(pair.bob).back(), text);
    EXPECT_EQ(newest_state(pair.alice), OutState::delivered);
}

TEST(Pair, ALongTextGoesOnWhereItWasAfterACrash) {
    Pair pair;
    pair.get_acquainted();
    const std::string text(64 * 1024, '"');
    pair.alice.send(pair.bob.endpoint(), text);
    pair.run_for(60ms);
    pair.alice.query();  // whatever is known goes to the disk
    pair.run_for(2ms);
    const std::uint64_t before = pair.bob.node().counters().messages_received;
    pair.alice.crash();
    pair.alice.restart();
    pair.run_for(10s);
    EXPECT_EQ(inbox(pair.bob).back(), text);
    const auto parts = pair.alice.store().outgoing().rbegin()->second.message.part_ends.size();
    EXPECT_GT(before, 10U);
    EXPECT_LT(pair.bob.node().counters().messages_received, parts + before);
}

TEST(Pair, ATextThatIsTooLongIsNotAccepted) {
    Pair pair;
    const auto result = pair.alice.send(pair.bob.endpoint(), std::string(64 * 1024 + 1, 'x'));
    EXPECT_EQ(std::get<SendError>(result), SendError::text_too_long);
}

TEST(Pair, TheSameRequestIsTheSameMessage) {
    Pair pair;
    pair.alice.send(pair.bob.endpoint(), "hi", "request 1");
    pair.run_for(1s);
    pair.alice.send(pair.bob.endpoint(), "hi", "request 1");
    pair.run_for(1s);
    ASSERT_EQ(pair.alice.outcomes().size(), 2U);
    EXPECT_TRUE(pair.alice.outcomes()[1].repeated);
    EXPECT_EQ(pair.alice.outcomes()[1].id, pair.alice.outcomes()[0].id);
    EXPECT_EQ(inbox(pair.bob), Texts{"hi"});
}

TEST(Pair, AReplySaysWhatItAnswers) {
    Pair pair;
    pair.alice.send(pair.bob.endpoint(), "hi");
    pair.run_for(1s);
    pair.bob.reply(pair.alice.endpoint(), "ok");
    pair.run_for(1s);
    ASSERT_EQ(inbox(pair.alice), Texts{"ok"});
    EXPECT_EQ(pair.alice.store().inbox()[0].reply_to->us, pair.bob.store().inbox()[0].us);
    EXPECT_EQ(newest_state(pair.bob), OutState::delivered);
}

}  // namespace
}  // namespace p2pd
