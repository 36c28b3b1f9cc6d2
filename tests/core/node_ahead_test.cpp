// tests: a new message to p2pd may leave while its row is being stored; what is said of it waits.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

using Texts = std::vector<std::string>;

/// What the host was told, in order.
class Told : public Observer {
public:
    std::vector<std::string> events;

    void told(SimulatedHost&, const Event& event) override {
        if (const auto* outcome = std::get_if<SendOutcome>(&event)) {
            events.emplace_back(outcome->disk_full ? "disk full" : "accepted");
            return;
        }
        const OutState state = std::get<Finished>(event).update.state;
        events.emplace_back(state == OutState::delivered ? "delivered" : "not delivered");
    }
};

/// Two hosts 10 ms from each other that know of each other that they are p2pd; that they have just
/// talked is why timestamps are reserved.
class Ahead : public testing::Test {
protected:
    explicit Ahead(const HostOptions& options = {})
        : alice(at("10.0.0.4"), world.events, world.network, world.random, told, options),
          bob(at("10.0.0.5"), world.events, world.network, world.random, world.nobody, {}) {
        talk();
    }

    void talk() {
        alice.send(bob.endpoint(), "morning");
        world.run_for(200ms);
        told.events.clear();
    }
    void bob_writes_as_the_field_does() {
        const WireMessage message{Stamp::of(1'732'260'000'000'000), "I am another program now"};
        world.network.transmit(
            bob.endpoint(), alice.endpoint(),
            encode(message, bob.endpoint(), alice.endpoint(), Dialect::base, Extension::none));
    }
    void send(std::string text) { alice.send(bob.endpoint(), std::move(text)); }

    World world;
    Told told;
    SimulatedHost alice;
    SimulatedHost bob;
};

TEST_F(Ahead, AMessageLeavesWhileItIsBeingStored) {
    alice.hold_disk();
    send("hi");
    world.run_for(50ms);
    EXPECT_EQ(inbox(bob), (Texts{"morning", "hi"}));
    EXPECT_EQ(bob.node().counters().acks_sent, 2U);
    EXPECT_EQ(told.events, Texts{});
    EXPECT_EQ(alice.store().outgoing().size(), 1U);
}

/// A program of the field would show it, and again what is not kept.
TEST_F(Ahead, ToAPeerThatTurnsOutToBeOfTheFieldItWaitsForItsCommit) {
    alice.hold_disk();
    world.network.set_faults({.loss = 1});
    send("hi");
    world.network.heal();
    bob_writes_as_the_field_does();
    world.run_for(10s);
    EXPECT_EQ(inbox(bob), Texts{"morning"});
    alice.release_disk();
    world.run_for(10s);
    EXPECT_EQ(inbox(bob), (Texts{"morning", "hi"}));
    EXPECT_EQ(newest_state(alice), OutState::delivered);
}

TEST_F(Ahead, ToAPeerThatTurnsOutToBeOfTheFieldGoesWhatWasThereBeforeARestart) {
    world.network.set_faults({.loss = 1});
    send("hi");
    world.run_for(100ms);
    alice.crash();
    alice.restart();
    world.run_for(100ms);
    world.network.heal();
    bob_writes_as_the_field_does();
    world.run_for(1min);
    EXPECT_EQ(inbox(bob), (Texts{"morning", "hi"}));
    EXPECT_EQ(newest_state(alice), OutState::delivered);
}

TEST_F(Ahead, AcceptedIsToldBeforeDelivered) {
    alice.hold_disk();
    send("hi");
    world.run_for(50ms);
    alice.release_disk();
    world.run_for(200ms);
    EXPECT_EQ(told.events, (Texts{"accepted", "delivered"}));
    EXPECT_EQ(alice.finished().back().update.id, alice.outcomes().back().id);
    EXPECT_EQ(alice.finished().back().message->id, alice.outcomes().back().id);
    EXPECT_EQ(newest_state(alice), OutState::delivered);
    EXPECT_EQ(alice.node().outgoing_bytes(), 0U);
}

TEST_F(Ahead, WhatIsDeliveredBeforeItsRowIsWrittenIsWrittenOnce) {
    alice.hold_disk();
    send("hi");
    send("there");  // the next batch, which forms while the disk is at work
    world.run_for(50ms);
    const std::uint64_t before = alice.store().updates();
    alice.release_disk();
    world.run_for(200ms);
    EXPECT_EQ(told.events, (Texts{"accepted", "delivered", "accepted", "delivered"}));
    EXPECT_EQ(alice.store().updates() - before, 1U) << "that of the first";
    EXPECT_EQ(newest_state(alice), OutState::delivered);
    EXPECT_EQ(alice.node().pending_messages(), 0U);
    EXPECT_EQ(alice.node().outgoing_bytes(), 0U);
}

TEST_F(Ahead, WhatIsNotReservedWaitsForItsCommit) {
    world.run_for(2s);
    alice.hold_disk();
    send("hi");
    world.run_for(1s);
    EXPECT_EQ(inbox(bob), Texts{"morning"});
    alice.release_disk();
    world.run_for(1s);
    EXPECT_EQ(inbox(bob), (Texts{"morning", "hi"}));
}

TEST_F(Ahead, WhatMayTurnOutToBeRepeatedWaitsForItsCommit) {
    alice.hold_disk();
    alice.send(bob.endpoint(), "hi", "request 1");
    world.run_for(1s);
    EXPECT_EQ(inbox(bob), Texts{"morning"});
}

TEST_F(Ahead, NothingOvertakesWhatWaits) {
    alice.hold_disk();
    alice.send(bob.endpoint(), "1", "request 1");
    send("2");
    world.run_for(100ms);
    EXPECT_EQ(inbox(bob), Texts{"morning"});
    alice.release_disk();
    world.run_for(100ms);
    EXPECT_EQ(inbox(bob), (Texts{"morning", "1", "2"}));
    alice.hold_disk();
    send("3");
    world.run_for(100ms);
    EXPECT_EQ(inbox(bob), (Texts{"morning", "1", "2", "3"}));
}

TEST_F(Ahead, ACrashLosesWhatWasNotAcceptedAndNoTimestampIsUsedAgain) {
    alice.hold_disk();
    send("lost");
    world.run_for(50ms);
    alice.crash();
    alice.step_clock(-1h);
    alice.release_disk();
    alice.restart();
    send("after");
    world.run_for(2s);
    ASSERT_EQ(inbox(bob), (Texts{"morning", "lost", "after"}));
    EXPECT_GT(bob.store().inbox()[2].us, bob.store().inbox()[1].us);
    EXPECT_EQ(told.events, (Texts{"accepted", "delivered"}));
}

TEST_F(Ahead, IsWithdrawnWhenTheDiskIsFull) {
    alice.fill_disk(true);
    send("hi");
    world.run_for(10s);
    EXPECT_EQ(told.events, Texts{"disk full"});
    EXPECT_EQ(alice.node().counters().transmissions, 2U);
    EXPECT_EQ(alice.node().counters().acks_unmatched, 1U);
    EXPECT_EQ(alice.node().outgoing_bytes(), 0U);
}

TEST_F(Ahead, NothingLeavesWhileTheDiskIsFull) {
    alice.fill_disk(true);
    send("1");
    world.run_for(100ms);
    send("2");
    world.run_for(10s);
    EXPECT_EQ(inbox(bob), (Texts{"morning", "1"}));
    EXPECT_EQ(told.events, (Texts{"disk full", "disk full"}));
}

TEST_F(Ahead, WhatTheNextBatchHasIsHeldBackWhenTheDiskIsFull) {
    alice.hold_disk();
    send("1");
    send("2");
    world.network.drop_in_flight();
    alice.fill_disk(true);
    alice.release_disk();
    world.run_for(900ms);
    EXPECT_EQ(alice.node().counters().retransmissions, 0U);
    alice.fill_disk(false);
    world.run_for(3s);
    EXPECT_EQ(inbox(bob), (Texts{"morning", "2"}));
    EXPECT_EQ(told.events, (Texts{"disk full", "accepted", "delivered"}));
}

TEST_F(Ahead, NotEvenWhatIsConfirmedIsAcceptedByAFullDisk) {
    alice.hold_disk();
    send("hi");
    world.run_for(50ms);
    alice.fill_disk(true);
    alice.release_disk();
    world.run_for(10s);
    alice.fill_disk(false);
    world.run_for(10s);
    EXPECT_EQ(told.events, Texts{"disk full"});
    EXPECT_EQ(alice.store().outgoing().size(), 1U);
}

TEST_F(Ahead, IsTransmittedAgainAndItsAttemptsAreKept) {
    bob.crash();
    alice.hold_disk();
    send("hi");
    world.run_for(5s);
    const std::uint64_t before = alice.node().counters().retransmissions;
    EXPECT_GT(before, 0U);
    alice.release_disk();
    world.run_for(1ms);
    alice.query();
    world.run_for(1ms);
    EXPECT_EQ(alice.store().outgoing().rbegin()->second.message.attempts, 1 + before);
}

TEST_F(Ahead, IsCancelledOnceItHasAnId) {
    bob.crash();
    send("hi");
    world.run_for(5ms);
    ASSERT_NE(alice.node().outgoing(2), nullptr);
    alice.cancel(2);
    world.run_for(1min);
    EXPECT_EQ(told.events, (Texts{"accepted", "not delivered"}));
    EXPECT_EQ(newest_state(alice), OutState::cancelled);
}

class AheadForASecond : public Ahead {
protected:
    AheadForASecond() : Ahead({.expires_in = 1s}) {}
};

TEST_F(AheadForASecond, ExpiresBeforeItIsStored) {
    bob.crash();
    alice.hold_disk();
    send("hi");
    world.run_for(2s);
    EXPECT_EQ(told.events, Texts{});
    alice.release_disk();
    world.run_for(1s);
    EXPECT_EQ(told.events, (Texts{"accepted", "not delivered"}));
    EXPECT_EQ(newest_state(alice), OutState::expired);
}

HostOptions little_memory() {
    HostOptions options;
    options.limits.peer_memory_max = 2000;
    return options;
}

class AheadInLittleMemory : public Ahead {
protected:
    AheadInLittleMemory() : Ahead(little_memory()) {}
};

TEST_F(AheadInLittleMemory, NoMoreLeavesThanMemoryHolds) {
    Texts texts{"morning"};
    alice.hold_disk();
    for (int i = 0; i < 20; ++i) {
        texts.push_back(std::to_string(i));
        send(texts.back());
    }
    EXPECT_LT(alice.node().outgoing_bytes(), 3000U);
    EXPECT_EQ(alice.node().counters().transmissions, 4U);
    alice.release_disk();
    world.run_for(1s);
    EXPECT_EQ(inbox(bob), texts);
    EXPECT_EQ(alice.node().pending_messages(), 0U);
}

/// What p2pd confirmed, lost in a crash, is confirmed again; so it waits for company.
TEST_F(Ahead, DeliveredIsStoredSoonAfter) {
    send("hi");
    world.run_for(30ms);
    EXPECT_EQ(told.events, (Texts{"accepted", "delivered"}));
    EXPECT_EQ(newest_state(alice), OutState::pending);
    world.run_for(20ms);
    EXPECT_EQ(newest_state(alice), OutState::delivered);
}

TEST_F(Ahead, DeliveredIsStoredAtOnceWhenSomebodyAsks) {
    send("hi");
    world.run_for(30ms);
    EXPECT_TRUE(alice.node().anything_unstored());
    alice.query();
    world.run_for(2ms);
    EXPECT_EQ(newest_state(alice), OutState::delivered);
}

TEST_F(Ahead, DeliveredIsStoredWithWhatComesNext) {
    send("hi");
    world.run_for(30ms);
    send("ho");
    world.run_for(2ms);
    EXPECT_EQ(alice.store().outgoing().at(2).state, OutState::delivered);
}

TEST_F(Ahead, WhatIsCancelledAfterADeliveryIsStoredAtOnce) {
    send("hi");
    world.run_for(200ms);
    bob.crash();
    send("ho");
    world.run_for(5ms);
    alice.cancel(3);
    world.run_for(2ms);
    EXPECT_EQ(newest_state(alice), OutState::cancelled);
}

TEST_F(Ahead, DeliveredThatACrashLostIsEarnedAgain) {
    send("hi");
    world.run_for(30ms);
    alice.crash();
    alice.restart();
    world.run_for(1s);
    EXPECT_EQ(newest_state(alice), OutState::delivered);
    EXPECT_EQ(inbox(bob), (Texts{"morning", "hi"}));
}

TEST_F(Ahead, DeliveredWaitsForRoomOnTheDisk) {
    alice.fill_disk(true);
    send("refused");
    world.run_for(10ms);
    const std::uint64_t before = alice.batches_not_stored();
    alice.retry(1);  // which is delivered: nothing happens
    world.run_for(10s);
    EXPECT_EQ(alice.batches_not_stored(), before);
    alice.fill_disk(false);
    send("hi");
    world.run_for(3s);
    EXPECT_EQ(newest_state(alice), OutState::delivered);
}

/// The first is written to somebody unknown, of whom nothing can be remembered but the message.
TEST_F(AheadInLittleMemory, WhatIsOvertakenIsLoadedInItsTurn) {
    SimulatedHost carol(at("10.0.0.6"), world.events, world.network, world.random, world.nobody,
                        {});
    alice.hold_disk();
    alice.send(carol.endpoint(), "1");
    carol.send(alice.endpoint(), "hello");
    world.run_for(20ms);
    const std::string large(3000, 'x');
    alice.send(carol.endpoint(), large);
    alice.release_disk();
    world.run_for(2s);
    EXPECT_EQ(inbox(carol), (Texts{large, "1"}));
    EXPECT_EQ(alice.node().pending_messages(), 0U);
}

TEST(AheadToTheField, NothingLeavesBeforeItIsStored) {
    Field field;
    field.program.say(field.host.endpoint(), "hi");
    field.program.confirm_everything();
    field.host.send(field.program.endpoint(), "ho");
    field.run_for(100ms);
    field.host.hold_disk();
    field.host.send(field.program.endpoint(), "how");
    field.run_for(1s);
    EXPECT_EQ(field.program.shown(), Texts{"ho"});
}

TEST(AheadToTheField, DeliveredIsStoredAtOnce) {
    Field field;
    field.program.confirm_everything();
    field.host.send(field.program.endpoint(), "ho");
    field.run_for(23ms);  // there, back, and two commits
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
}

}  // namespace
}  // namespace p2pd
