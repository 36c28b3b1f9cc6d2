// tests: what becomes of outgoing messages: expiry, cancelling, trying again, a full disk.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

using Texts = std::vector<std::string>;

HostOptions expiring_in(Duration time) {
    HostOptions options;
    options.expires_in = time;
    return options;
}

/// Room in memory for some two messages a peer.
HostOptions little_memory() {
    HostOptions options;
    options.limits.peer_memory_max = 2000;
    return options;
}

TEST(Outgoing, ExpiresWhenItsTimeIsOver) {
    Field field(Dialect::base, expiring_in(1min));
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(59s);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
    field.run_for(2s);
    EXPECT_EQ(newest_state(field.host), OutState::expired);
    ASSERT_EQ(field.host.finished().size(), 1U);
    EXPECT_EQ(field.host.finished()[0].update.state, OutState::expired);
    EXPECT_EQ(field.host.node().pending_messages(), 0U);
}

TEST(Outgoing, ExpiresAtTheSameTimeAfterARestart) {
    Field field(Dialect::base, expiring_in(1min));
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(30s);
    field.host.crash();
    field.host.restart();
    field.run_for(29s);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
    field.run_for(2s);
    EXPECT_EQ(newest_state(field.host), OutState::expired);
}

TEST(Outgoing, WhatTheStoreLetExpireIsNotSentAnyMore) {
    Field field(Dialect::base, expiring_in(1min));
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    field.host.step_clock(1h);
    field.host.maintain();
    field.run_for(1s);
    EXPECT_EQ(newest_state(field.host), OutState::expired);
    const std::size_t shown = field.program.shown().size();
    field.run_for(1h);
    EXPECT_EQ(field.program.shown().size(), shown);
    EXPECT_EQ(field.host.finished().size(), 1U);
}

TEST(Outgoing, WhatWasDeliveredBeforeTheDiskKnewIsNotToldToHaveExpired) {
    Field field(Dialect::base, expiring_in(1min));
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    field.host.step_clock(1h);
    field.host.hold_disk();
    field.host.maintain();
    field.program.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp);
    field.run_for(1s);
    field.host.release_disk();
    field.run_for(1s);
    ASSERT_EQ(field.host.finished().size(), 1U);
    EXPECT_EQ(field.host.finished()[0].update.state, OutState::delivered);
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
}

TEST(Outgoing, AFirstAttemptIsWrittenWhenSomebodyAsks) {
    Field field;
    const auto attempts = [&] { return field.host.store().outgoing().at(1).message.attempts; };
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    field.host.send(field.program.endpoint(), "ho");
    field.run_for(1s);
    EXPECT_EQ(field.program.shown().size(), 1U);
    EXPECT_EQ(attempts(), 0U);
    field.host.query();
    field.run_for(1s);
    EXPECT_EQ(attempts(), 1U);
}

TEST(Outgoing, IsCancelled) {
    Field field;
    const auto ticket = std::get<std::int64_t>(field.host.send(field.program.endpoint(), "hi"));
    field.run_for(1s);
    field.host.cancel(*field.host.id_of(ticket));
    field.run_for(1min);
    EXPECT_EQ(newest_state(field.host), OutState::cancelled);
    EXPECT_EQ(field.program.shown(), Texts{"hi"});
}

TEST(Outgoing, ThatIsOnlyInTheStoreIsCancelled) {
    Field field(Dialect::base, little_memory());
    for (int i = 0; i < 100; ++i) {
        field.host.send(field.program.endpoint(), std::to_string(i));
        field.run_for(5ms);
    }
    EXPECT_EQ(field.host.node().outgoing(50), nullptr);
    field.host.cancel(50);
    field.program.confirm_everything();
    field.run_for(1min);
    EXPECT_EQ(field.host.store().outgoing().at(50).state, OutState::cancelled);
    EXPECT_EQ(field.program.shown().size(), 1U + 99U);  // the first was shown twice
    EXPECT_EQ(field.host.node().pending_messages(), 0U);
}

TEST(Outgoing, IsCancelledWhileThePageThatHoldsItIsLoading) {
    Field field(Dialect::base, little_memory());
    for (int i = 0; i < 10; ++i) field.host.send(field.program.endpoint(), std::to_string(i));
    field.run_for(1s);
    field.host.crash();
    field.host.hold_disk();
    field.host.restart();
    field.host.cancel(2);
    field.host.release_disk();
    field.program.confirm_everything();
    field.run_for(1min);
    EXPECT_EQ(field.host.store().outgoing().at(2).state, OutState::cancelled);
    for (const std::string& text : field.program.shown()) EXPECT_NE(text, "1");
}

TEST(Outgoing, CancelledWhileTheDiskIsFullIsNotSentFromALaterPage) {
    Field field(Dialect::base, little_memory());
    for (int i = 0; i < 10; ++i) field.host.send(field.program.endpoint(), std::to_string(i));
    field.run_for(1s);
    field.host.fill_disk(true);
    field.host.cancel(9);
    field.run_for(5s);
    field.program.confirm_everything();
    field.run_for(1min);
    for (const std::string& text : field.program.shown()) EXPECT_NE(text, "8");
    field.host.fill_disk(false);
    field.run_for(5s);
    EXPECT_EQ(field.host.store().outgoing().at(9).state, OutState::cancelled);
    EXPECT_EQ(field.host.store().outgoing().at(10).state, OutState::delivered);
}

TEST(Outgoing, ARetriedOneKeepsItsIdentity) {
    Field field(Dialect::base, expiring_in(1min));
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(2min);
    const std::size_t before = field.program.shown().size();
    field.host.retry(1);
    field.program.confirm_everything();
    field.run_for(1s);
    const auto messages = field.program.all<WireMessage>();
    ASSERT_EQ(messages.size(), before + 1);
    EXPECT_EQ(messages.back().stamp, messages.front().stamp);
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
    EXPECT_EQ(field.host.finished().back().update.state, OutState::delivered);
}

TEST(Outgoing, ARetriedOneThatWaitsIsTriedAtOnce) {
    Field field;
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(10min);
    const std::size_t before = field.program.shown().size();
    field.host.retry(1);
    field.run_for(100ms);
    EXPECT_EQ(field.program.shown().size(), before + 1);
}

TEST(Outgoing, OneThatExpiredAndIsRetriedBeforeTheDiskKnowsIsTriedAgain) {
    Field field(Dialect::base, expiring_in(1min));
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(59s);
    field.host.hold_disk();
    field.run_for(2s);
    ASSERT_EQ(field.host.finished().size(), 1U);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
    field.host.retry(1);
    field.host.release_disk();
    field.program.confirm_everything();
    field.run_for(10s);
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
}

TEST(Outgoing, OneThatWasDeliveredAndIsRetriedBeforeTheDiskKnowsStaysDelivered) {
    Field field(Dialect::base, expiring_in(1min));
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    field.host.hold_disk();
    field.program.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp);
    field.run_for(1s);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
    field.host.retry(1);
    field.host.release_disk();
    field.run_for(2min);
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
    EXPECT_EQ(field.program.shown(), Texts{"hi"});
}

TEST(Outgoing, ABacklogLargerThanMemoryIsLoadedInOrder) {
    Field field(Dialect::base, little_memory());
    Texts texts;
    for (int i = 0; i < 300; ++i) {
        texts.push_back(std::to_string(i));
        field.host.send(field.program.endpoint(), texts.back());
        field.run_for(2ms);
    }
    field.run_for(2s);  // less than a retransmission takes
    field.program.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp);
    field.program.confirm_everything();
    field.run_for(30s);
    EXPECT_EQ(field.program.shown(), texts);
    EXPECT_EQ(field.host.node().pending_messages(), 0U);
}

TEST(Outgoing, WhatIsSentWhileAPageIsLoadingIsNotForgotten) {
    Field field(Dialect::base, little_memory());
    for (int i = 0; i < 20; ++i) field.host.send(field.program.endpoint(), std::to_string(i));
    field.run_for(1s);
    field.host.crash();
    field.host.restart();
    field.host.send(field.program.endpoint(), "20");
    field.program.confirm_everything();
    field.run_for(30s);
    EXPECT_EQ(field.program.shown().size(), 1U + 21U);
    EXPECT_EQ(field.host.node().pending_messages(), 0U);
}

TEST(DiskFull, NothingIsAcknowledgedUntilThereIsRoom) {
    Field field;
    field.host.fill_disk(true);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    EXPECT_TRUE(field.program.all<WireAck>().empty());
    EXPECT_TRUE(field.host.node().disk_full());
    field.host.fill_disk(false);
    field.run_for(5s);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    EXPECT_EQ(field.program.all<WireAck>().size(), 1U);
    EXPECT_EQ(inbox(field.host), Texts{"hi"});
    EXPECT_FALSE(field.host.node().disk_full());
}

TEST(DiskFull, SendingIsRefusedWithTheReason) {
    Field field;
    field.host.fill_disk(true);
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(5s);
    ASSERT_EQ(field.host.outcomes().size(), 1U);
    EXPECT_TRUE(field.host.outcomes()[0].disk_full);
    field.host.fill_disk(false);
    field.run_for(1min);
    EXPECT_TRUE(field.program.arrived().empty());
}

TEST(DiskFull, WhatWasDeliveredMeanwhileIsWrittenWhenThereIsRoom) {
    Field field;
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    field.host.fill_disk(true);
    field.program.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp);
    field.run_for(1min);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
    field.host.fill_disk(false);
    field.run_for(5s);
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
}

TEST(DiskFull, IsTriedOnceASecond) {
    Field field(Dialect::upper);  // which is learnt, and so wants to be stored
    field.host.fill_disk(true);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1min);
    EXPECT_GE(field.host.batches_not_stored(), 50U);
    EXPECT_LE(field.host.batches_not_stored(), 61U);
}

/// What the disk did not take comes before what has happened since.
TEST(DiskFull, WhatWasCancelledAndThenRetriedIsRetried) {
    Field field;
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    field.host.fill_disk(true);
    field.host.hold_disk();
    field.host.cancel(1);
    field.host.retry(1);
    field.host.release_disk();
    field.run_for(3s);
    field.host.fill_disk(false);
    field.run_for(3s);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
    field.program.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp);
    field.run_for(1s);
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
}

TEST(DiskFull, WhatWasLearntMeanwhileIsWrittenWhenThereIsRoom) {
    Field field(Dialect::upper);
    field.host.fill_disk(true);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(10s);
    field.host.fill_disk(false);
    field.run_for(5s);
    EXPECT_EQ(field.host.store().peers().at(field.program.endpoint()).dialect, Dialect::upper);
}

TEST(Outgoing, WhatEndsAlikeIsOneEvent) {
    Pair pair;
    pair.get_acquainted();
    pair.alice.send_together(pair.bob.endpoint(), {"one", "two", "three"}, "");
    pair.run_for(1s);
    const Finished& last = pair.alice.ends().back();
    EXPECT_GT(last.count, 1U);
    EXPECT_EQ(last.update.id + last.count, pair.alice.outcomes().back().id + 3);
    EXPECT_EQ(last.update.state, OutState::delivered);
}

TEST(Outgoing, WhatEndsOtherwiseIsAnEventOfItsOwn) {
    Pair pair;
    pair.get_acquainted();
    const std::size_t before = pair.alice.ends().size();
    pair.alice.send_together(pair.bob.endpoint(), {"one", std::string(3000, 'x'), "three"}, "");
    pair.run_for(1s);
    EXPECT_EQ(pair.alice.finished().size() - before, 3U);
    EXPECT_EQ(pair.alice.ends().size() - before, 3U) << "one is of several parts";
}

/// Those may be made as large as each other, so that the kernel cuts them (peer_socket).
TEST(Outgoing, OfManyDatagramsAllButTheLastAreFull) {
    const Now now{Instant{1s}, WallTime{1'732'260'000s}};
    const Endpoint peer = at("10.0.0.5");
    const Endpoint local = at("10.0.0.4");
    Node node({}, {}, 1);
    node.receive(now, peer, local,
                 encode(WireMessage{Stamp::of(1'732'260'000'000'000), "hi"}, peer, local,
                        Dialect::base, Extension::p2pd));
    BatchResult stored;
    for (MessageId id = 1; id <= 10; ++id) {
        node.send(now, {.peer = peer, .text = std::string(100, 'x'), .expires_in = 1h});
        stored.accepted.push_back({id});
    }
    node.take_batch(now, true);
    node.stored(now, stored);
    std::vector<bool> full;
    for (const Transmit& transmit : node.take_transmits(now, 100)) {
        if (std::holds_alternative<WireMessage>(transmit.objects.front())) {
            full.push_back(transmit.full || transmit.padded_bytes > 0);  // or a probe of the path
        }
    }
    EXPECT_EQ(full, (std::vector<bool>{true, true, false}));
}

}  // namespace
}  // namespace p2pd
