// tests/store: what a committed batch means.
#include "tests/store/failing_vfs.h"
#include "tests/store/store_fixture.h"

namespace p2pd::test {

using Texts = std::vector<std::string>;

class Batch : public StoreTest {};

TEST_F(Batch, KeepsWhatWasReceived) {
    ReceivedMessage message = received(alice, 7, "hi", at_second(1234));
    message.claims = "192.168.1.1:5000";
    receive({message});
    const MessageRecord kept = record(1);
    EXPECT_EQ(kept.dir, Direction::in);
    EXPECT_EQ(kept.peer, "10.0.0.4:5000");
    EXPECT_EQ(kept.name, std::nullopt);
    EXPECT_EQ(kept.text, "hi");
    EXPECT_EQ(kept.sent_at, UtcTime{7});
    EXPECT_EQ(kept.received_at, UtcTime{1234000000});
    EXPECT_FALSE(kept.read);
    EXPECT_EQ(kept.claims, "192.168.1.1:5000");
    EXPECT_EQ(kept.parts, 1U);
    EXPECT_EQ(kept.cursor, 1U);
}

TEST_F(Batch, StoresACopyOnce) {
    receive({received(alice, 7, "hi")});
    const BatchResult copy = receive({received(alice, 7, "hi"), received(alice, 7, "hi")});
    EXPECT_EQ(copy.last_cursor, 1U);
    EXPECT_EQ(inbox(), Texts{"hi"});
}

TEST_F(Batch, SaysWhichOfTheReceivedAreNewMessages) {
    receive({received(alice, 7, "hi")});
    const BatchResult result =
        receive({received(alice, 7, "hi"), received(bob, 8, "one"), received(alice, 9, "two")});
    ASSERT_EQ(result.arrived.size(), 2U);
    EXPECT_EQ(result.arrived[0].received, 1U);
    EXPECT_EQ(result.arrived[0].id, 2U);
    EXPECT_EQ(result.arrived[1].received, 2U);
    EXPECT_EQ(result.arrived[1].id, 3U);
}

TEST_F(Batch, KnowsACopyAfterItsMessageWasDeleted) {
    receive({received(alice, 7, "hi")});
    store->remove(std::vector<MessageId>{1});
    receive({received(alice, 7, "hi")});
    EXPECT_EQ(inbox(), Texts{});
}

TEST_F(Batch, TakesAnotherContentOrPeerOrTimeForAnotherMessage) {
    receive({received(alice, 7, "hi"), received(alice, 7, "hello"), received(alice, 8, "hi"),
             received(bob, 7, "hi"), received(endpoint("10.0.0.4:5001"), 7, "hi")});
    EXPECT_EQ(inbox().size(), 5U);
}

TEST_F(Batch, TakesAReplyForAnotherMessageThanTheSameTextUnasked) {
    ReceivedMessage reply = received(alice, 7, "hi");
    reply.reply_to = stamp(3);
    ReceivedMessage reply_to_other = received(alice, 7, "hi");
    reply_to_other.reply_to = stamp(4);
    receive({received(alice, 7, "hi"), reply, reply_to_other, reply});
    EXPECT_EQ(inbox().size(), 3U);
}

TEST_F(Batch, WritesAndSyncsNothingForCopies) {
    FailingVfs vfs;
    options.vfs = vfs.name();
    reopen();
    StoreBatch batch;
    batch.received = {received(alice, 7, "hi"), part(alice, 20, 1, 2, "half")};
    batch.peers = {PeerFacts{alice, Dialect::upper, false, true, at_second(5)}};
    batch.last_stamp_us = 99;
    store->commit(batch);
    const std::uint64_t writes = vfs.writes();
    const std::uint64_t syncs = vfs.syncs();
    store->commit(batch);
    store->commit(StoreBatch{});
    EXPECT_EQ(vfs.writes(), writes);
    EXPECT_EQ(vfs.syncs(), syncs);
    store.reset();
}

TEST_F(Batch, SyncsOncePerBatch) {
    FailingVfs vfs;
    options.vfs = vfs.name();
    reopen();
    receive({received(alice, 1, "the first one also writes the header of the log")});
    const std::uint64_t syncs = vfs.syncs();
    receive({received(alice, 7, "a"), received(alice, 8, "b"), received(bob, 9, "c")});
    EXPECT_EQ(vfs.syncs(), syncs + 1);
    store.reset();
}

TEST_F(Batch, KeepsTextsByteForByte) {
    const std::string odd("a\0b\x1b[31m \xf0\x9f\x90\xa7\n\0", 15);
    receive({received(alice, 7, odd), received(alice, 8, "")});
    const MessageId id = send(outgoing(bob, 100, odd));
    reopen();
    EXPECT_EQ(inbox(), (Texts{odd, ""}));
    EXPECT_EQ(store->load_one(id)->text, odd);
    EXPECT_EQ(store->answerable(1)->answered.text, odd);
}

TEST_F(Batch, GivesBackAnOutgoingMessageAsItWasAccepted) {
    OutgoingMessage message = outgoing(bob, 100, "one two three");
    message.part_ends = {4, 8, 13};
    message.answered = Answered{Stamp{"\"12.5\"", true, 12500000}, std::string("x\0y", 3)};
    message.reply_to = 77;
    message.request_id = "r1";
    const MessageId id = send(message);
    reopen();
    const LoadedPage page = store->load({bob, 0, 10, 1000});
    ASSERT_EQ(page.messages.size(), 1U);
    const OutgoingMessage& kept = page.messages.front();
    EXPECT_EQ(kept.id, id);
    EXPECT_EQ(kept.peer, bob);
    EXPECT_EQ(kept.first_us, 100);
    EXPECT_EQ(kept.text, message.text);
    EXPECT_EQ(kept.part_ends, message.part_ends);
    EXPECT_EQ(kept.answered->stamp, message.answered->stamp);
    EXPECT_EQ(kept.answered->text, message.answered->text);
    EXPECT_EQ(kept.reply_to, 77U);
    EXPECT_EQ(kept.created_at, message.created_at);
    EXPECT_EQ(kept.expires_at, message.expires_at);
    EXPECT_EQ(kept.request_id, "r1");
    EXPECT_EQ(store->recover(10).last_stamp_us, 102);
}

TEST_F(Batch, AnswersAKnownRequestWithItsFirstMessage) {
    OutgoingMessage message = outgoing(bob, 100, "once");
    message.request_id = "r1";
    StoreBatch batch;
    batch.accepted = {message, message};
    batch.accepted[1].first_us = 200;
    const BatchResult both = store->commit(batch);
    EXPECT_FALSE(both.accepted[0].repeated);
    EXPECT_TRUE(both.accepted[1].repeated);
    EXPECT_EQ(both.accepted[1].id, both.accepted[0].id);
    reopen();
    const BatchResult later = store->commit(batch);
    EXPECT_TRUE(later.accepted[0].repeated);
    EXPECT_EQ(later.accepted[0].id, both.accepted[0].id);
    EXPECT_EQ(store->counts().messages, 1U);
    EXPECT_EQ(later.pending_messages, 1U);
}

TEST_F(Batch, KnowsAllMessagesOfARequestByTheIdOfTheFirst) {
    StoreBatch batch;
    for (int i = 0; i < 12; ++i) {
        batch.accepted.push_back(outgoing(bob, 100 + i, "text " + std::to_string(i)));
    }
    batch.accepted[1].request_id = "r1";
    batch.accepted[1].followers = 9;
    const BatchResult first = store->commit(batch);
    reopen();
    batch.accepted.front().first_us = 200;
    batch.accepted.back().first_us = 201;
    const BatchResult again = store->commit(batch);
    ASSERT_EQ(again.accepted.size(), 12U);
    for (std::size_t i = 1; i < 11; ++i) {
        EXPECT_TRUE(again.accepted[i].repeated);
        EXPECT_EQ(again.accepted[i].id, first.accepted[0].id + i);
    }
    EXPECT_FALSE(again.accepted[0].repeated);
    EXPECT_FALSE(again.accepted[11].repeated);
    EXPECT_EQ(store->counts().messages, 14U);
    EXPECT_EQ(record(again.accepted[11].id).text, "text 11");
}

TEST_F(Batch, NeverLowersTheLastStamp) {
    StoreBatch batch;
    batch.last_stamp_us = 500;
    store->commit(batch);
    batch.last_stamp_us = 400;
    store->commit(batch);
    EXPECT_EQ(store->recover(1).last_stamp_us, 500);
    const MessageId id = send(outgoing(bob, 1000, "x"));
    update({.id = id, .state = OutState::cancelled});
    store->remove(std::vector<MessageId>{id});
    reopen();
    EXPECT_EQ(store->recover(1).last_stamp_us, 1000);
}

TEST_F(Batch, NeverGivesIdsOrCursorsTwice) {
    receive({received(alice, 1, "a"), received(alice, 2, "b")});
    store->remove(std::vector<MessageId>{1, 2});
    reopen();
    EXPECT_EQ(receive({received(alice, 3, "c")}).last_cursor, 3U);
    EXPECT_EQ(record(3).cursor, 3U);
}

TEST_F(Batch, LinksAReplyToTheMessageItAnswers) {
    OutgoingMessage long_one = outgoing(bob, 100, "one two");
    long_one.part_ends = {4, 7};
    const MessageId question = send(long_one);
    send(outgoing(alice, 300, "to alice"));
    ReceivedMessage to_first = received(endpoint("10.0.0.5:777"), 1, "from another port");
    to_first.reply_to = stamp(100);
    ReceivedMessage to_second = received(bob, 2, "to the second part");
    to_second.reply_to = stamp(101);
    ReceivedMessage beyond = received(bob, 3, "to nothing of ours");
    beyond.reply_to = stamp(102);
    ReceivedMessage foreign = received(bob, 4, "to what alice was told");
    foreign.reply_to = stamp(300);
    receive({to_first, to_second, beyond, foreign});
    EXPECT_EQ(record(3).reply_to, question);
    EXPECT_EQ(record(4).reply_to, question);
    EXPECT_EQ(record(5).reply_to, std::nullopt);
    EXPECT_EQ(record(6).reply_to, std::nullopt);
}

TEST_F(Batch, SaysWhatAReplyMustKnow) {
    ReceivedMessage message = received(alice, 12500000, "question");
    message.stamp = Stamp{"\"12.50\"", true, 12500000};
    receive({message});
    const auto answerable = store->answerable(1);
    ASSERT_TRUE(answerable);
    EXPECT_EQ(answerable->peer, alice);
    EXPECT_EQ(answerable->answered.stamp, message.stamp);
    EXPECT_EQ(answerable->answered.text, "question");
    EXPECT_FALSE(store->answerable(send(outgoing(bob, 5, "ours"))));
    EXPECT_FALSE(store->answerable(99));
}

class States : public StoreTest {
protected:
    MessageId id = send(outgoing(bob, 100, "x"));
};

TEST_F(States, GoFromQueuedOverSendingToDelivered) {
    EXPECT_EQ(record(id).state, SendState::queued);
    update({.id = id, .attempts = 2});
    EXPECT_EQ(record(id).state, SendState::sending);
    EXPECT_EQ(record(id).attempts, 2U);
    const BatchResult result = update({.id = id,
                                       .state = OutState::delivered,
                                       .attempts = 2,
                                       .parts_done = 1,
                                       .acked_at = at_second(9),
                                       .rtt = Duration(800)});
    EXPECT_EQ(result.pending_messages, 0U);
    const MessageRecord done = record(id);
    EXPECT_EQ(done.state, SendState::delivered);
    EXPECT_EQ(done.acked_at, UtcTime{9000000});
    EXPECT_DOUBLE_EQ(done.rtt_ms.value(), 0.8);
    EXPECT_EQ(done.cursor, 3U);
    EXPECT_TRUE(store->load({bob, 0, 10, 1000}).messages.empty());
}

TEST_F(States, DeliveredBeforeTheRowIsWrittenIsThereFromTheStart) {
    StoreBatch batch;
    OutgoingMessage& message = batch.accepted.emplace_back(outgoing(bob, 101, "y"));
    message.attempts = 2;
    message.parts_done = 1;
    message.delivered = {at_second(9), Duration(800)};
    const BatchResult result = store->commit(batch);
    EXPECT_EQ(result.pending_messages, 1U) << "only the other";
    const MessageRecord done = record(result.accepted.at(0).id);
    EXPECT_EQ(done.state, SendState::delivered);
    EXPECT_EQ(done.attempts, 2U);
    EXPECT_EQ(done.acked_at, UtcTime{9000000});
    EXPECT_DOUBLE_EQ(done.rtt_ms.value(), 0.8);
    EXPECT_EQ(store->load({bob, 0, 10, 1000}).messages.size(), 1U);
}

TEST_F(States, StayWhenFinal) {
    update({.id = id, .state = OutState::refused, .reason = "text is over the limit"});
    update({.id = id, .state = OutState::cancelled});
    update({.id = id, .state = OutState::pending, .attempts = 5});
    EXPECT_EQ(record(id).state, SendState::refused);
    EXPECT_EQ(record(id).reason, "text is over the limit");
    EXPECT_EQ(store->counts().pending, 0U);
}

TEST_F(States, ImproveToDeliveredFromAnyOther) {
    update({.id = id, .state = OutState::expired, .reason = "not confirmed in time"});
    update({.id = id, .state = OutState::delivered});
    EXPECT_EQ(record(id).state, SendState::delivered);
    EXPECT_EQ(record(id).reason, std::nullopt);
    update({.id = id, .state = OutState::refused});
    EXPECT_EQ(record(id).state, SendState::delivered);
    EXPECT_EQ(store->counts().pending, 0U);
}

TEST_F(States, StartAnewByHand) {
    update({.id = id, .state = OutState::expired, .attempts = 7, .reason = "not confirmed"});
    update({.id = id, .reopen = true, .expires_at = at_second(5000)});
    const MessageRecord again = record(id);
    EXPECT_EQ(again.state, SendState::queued);
    EXPECT_EQ(again.attempts, 0U);
    EXPECT_EQ(again.reason, std::nullopt);
    EXPECT_EQ(again.expires_at, UtcTime{5000000000});
    EXPECT_EQ(store->counts().pending, 1U);
    EXPECT_EQ(store->load({bob, 0, 10, 1000}).messages.size(), 1U);
    EXPECT_EQ(store->recover(10).pending_peers, std::vector<Endpoint>{bob});
}

class Delivered : public States {
protected:
    /// Messages that follow `id`, and all of them delivered by one ACK.
    void SetUp() override {
        for (std::int64_t us = 101; us < 104; ++us) send(outgoing(bob, us, "x"));
    }
    BatchResult deliver_all() {
        StoreBatch batch;
        for (MessageId each = id; each < id + 4; ++each) {
            batch.updates.push_back({.id = each,
                                     .state = OutState::delivered,
                                     .attempts = 1,
                                     .parts_done = 1,
                                     .acked_at = at_second(9),
                                     .rtt = Duration(800)});
        }
        return store->commit(batch);
    }
    void expect_delivered(MessageId which) {
        EXPECT_EQ(record(which).state, SendState::delivered);
        EXPECT_EQ(record(which).attempts, 1U);
        EXPECT_EQ(record(which).acked_at, UtcTime{9000000});
        EXPECT_DOUBLE_EQ(record(which).rtt_ms.value(), 0.8);
    }
};

TEST_F(Delivered, TogetherAreToldOneByOneInTheOrderOfTheirIds) {
    const Cursor before = store->counts().last_cursor;
    EXPECT_EQ(deliver_all().pending_messages, 0U);
    for (MessageId each = id; each < id + 4; ++each) expect_delivered(each);
    std::vector<MessageId> told;
    for (const MessageRecord& change : store->changes(before, 10).messages) {
        told.push_back(change.id);
    }
    EXPECT_EQ(told, (std::vector<MessageId>{id, id + 1, id + 2, id + 3}));
    EXPECT_EQ(ask("SELECT pending FROM peer WHERE id = 1"), "0");
    EXPECT_TRUE(store->load({bob, 0, 10, 1000}).messages.empty());
}

TEST_F(Delivered, TogetherWithOneThatHadEndedAlreadyIsEach) {
    update({.id = id + 1, .state = OutState::expired, .reason = "not confirmed in time"});
    update({.id = id + 2, .state = OutState::delivered, .attempts = 1, .acked_at = at_second(5)});
    EXPECT_EQ(deliver_all().pending_messages, 0U);
    for (const MessageId each : {id, id + 1, id + 3}) expect_delivered(each);
    EXPECT_EQ(record(id + 1).reason, std::nullopt);
    EXPECT_EQ(record(id + 2).acked_at, UtcTime{5000000}) << "it had been, before";
}

TEST_F(Delivered, TogetherWithOneThatIsNoLongerThereIsEachOther) {
    update({.id = id, .state = OutState::cancelled});
    store->remove(std::array{id});
    EXPECT_EQ(deliver_all().pending_messages, 0U);
    for (const MessageId each : {id + 1, id + 2, id + 3}) expect_delivered(each);
}

TEST_F(Delivered, TogetherButToOtherPeersIsEach) {
    const MessageId other = send(outgoing(alice, 104, "x"));
    StoreBatch batch;
    for (const MessageId each : {other - 1, other}) {
        batch.updates.push_back({.id = each, .state = OutState::delivered});
    }
    EXPECT_EQ(store->commit(batch).pending_messages, 3U);
    EXPECT_EQ(ask("SELECT group_concat(pending) FROM peer"), "3,0");
    EXPECT_EQ(record(other).state, SendState::delivered);
}

TEST_F(States, OfWhatIsNotOursOrNotThereAreIgnored) {
    receive({received(alice, 1, "in")});
    const Cursor cursor = store->counts().last_cursor;
    update({.id = 2, .state = OutState::delivered});
    update({.id = 99, .state = OutState::delivered});
    EXPECT_EQ(update({.id = id, .attempts = 0}).last_cursor, cursor);
}

}  // namespace p2pd::test
