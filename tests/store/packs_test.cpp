// tests/store: messages that came together, packed into one row.
#include "daemon/store_check.h"
#include "daemon/store_import.h"
#include "daemon/store_salvage.h"
#include "tests/store/store_fixture.h"

namespace p2pd::test {

class Packs : public StoreTest {
protected:
    using Ids = std::vector<MessageId>;

    /// Ids 1 to `count`, all from alice.
    void receive_some(int count, std::int64_t us = 1000) {
        std::vector<ReceivedMessage> messages;
        for (int i = 0; i < count; ++i) {
            messages.push_back(received(alice, us + i, "in " + std::to_string(i)));
        }
        receive(std::move(messages));
    }
    void send_some(int count, std::int64_t us = 1000) {
        StoreBatch batch;
        for (int i = 0; i < count; ++i) {
            batch.accepted.push_back(outgoing(bob, us + i, "out " + std::to_string(i)));
        }
        store->commit(batch);
    }
    void deliver(MessageId first, MessageId last) {
        StoreBatch batch;
        for (MessageId id = first; id <= last; ++id) {
            batch.updates.push_back({.id = id,
                                     .state = OutState::delivered,
                                     .attempts = 2,
                                     .parts_done = 1,
                                     .acked_at = at_second(1234),
                                     .rtt = Duration{5000}});
        }
        store->commit(batch);
    }
    /// Of the packs' spans: first-last tray.
    std::string spans() {
        return ask(
            "SELECT group_concat(first_id || '-' || last_id || ' ' || tray, ', ') "
            "FROM (SELECT * FROM pack_span ORDER BY first_id)");
    }
    std::string count(const std::string& table) { return ask("SELECT count(*) FROM " + table); }
    std::vector<std::string> damage() {
        store.reset();
        return check_store(options.state_dir).damage;
    }
    static std::vector<std::string> none() { return {}; }
};

TEST_F(Packs, HoldWhatCameTogetherWithOnePeer) {
    receive_some(4);
    send_some(5);
    EXPECT_EQ(spans(), "1-4 0, 5-9 2");
    EXPECT_EQ(count("pack"), "2");
    EXPECT_EQ(count("message"), "0");
    EXPECT_EQ(store->counts().messages, 9U);
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, AreNotMadeOfAFew) {
    receive_some(3);
    EXPECT_EQ(count("pack"), "0");
    EXPECT_EQ(count("message"), "3");
}

TEST_F(Packs, LeaveOutWhatIsMoreThanATextOfOnePart) {
    std::vector<ReceivedMessage> messages;
    for (int i = 0; i < 8; ++i) messages.push_back(received(alice, 10 + i, "a"));
    messages[3].reply_to = stamp(1);
    messages[7].text = std::string(packed_text_bytes_max + 1, 'x');
    receive(messages);
    EXPECT_EQ(count("pack"), "0");  // three before it, three after it
    StoreBatch batch;
    for (int i = 0; i < 4; ++i) batch.accepted.push_back(outgoing(bob, 100 + i, "b"));
    batch.accepted[1].request_id = "once";
    store->commit(batch);
    EXPECT_EQ(count("pack"), "0");
    EXPECT_TRUE(store->commit(batch).accepted.at(1).repeated);
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, AreNoLargerThanAPieceOfTheFile) {
    receive_some(300);
    EXPECT_EQ(ask("SELECT group_concat(last_id - first_id + 1, ' ') FROM pack"), "256 44");
    std::vector<ReceivedMessage> messages;
    for (int i = 0; i < 20; ++i) {
        messages.push_back(received(alice, 5000 + i, std::string(packed_text_bytes_max, 'x')));
    }
    receive(std::move(messages));
    EXPECT_EQ(ask("SELECT max(length(bytes)) < 40000 FROM pack"), "1");
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, AreReadLikeOthers) {
    std::vector<ReceivedMessage> messages;
    for (int i = 0; i < 5; ++i) messages.push_back(received(alice, 1'000'000 + i, "text"));
    messages[1].text = std::string("a\0b", 3);
    messages[1].claims = "10.9.9.9:5000";
    messages[2].stamp = {"1.0000020", true, 1'000'002};
    messages[3].text.clear();
    receive(messages);
    const MessageRecord second = record(2);
    EXPECT_EQ(second.text, messages[1].text);
    EXPECT_EQ(second.claims, "10.9.9.9:5000");
    EXPECT_EQ(second.peer, alice.text());
    EXPECT_EQ(second.cursor, 2U);
    EXPECT_FALSE(second.read);
    EXPECT_EQ(record(4).text, "");
    const auto answerable = store->answerable(3);
    ASSERT_TRUE(answerable);
    EXPECT_EQ(answerable->answered.stamp, messages[2].stamp);
    EXPECT_EQ(store->answerable(1)->answered.stamp, Stamp::of(1'000'000));
    EXPECT_FALSE(store->load_one(3));
}

TEST_F(Packs, OfSentMessagesAreLoadedToBeSent) {
    send_some(6);
    deliver(2, 3);
    const LoadedPage page = store->load({bob, 1, 3, 1 << 20});
    ASSERT_EQ(page.messages.size(), 3U);
    EXPECT_TRUE(page.more == false);
    EXPECT_EQ(page.messages[0].id, 4U);
    EXPECT_EQ(page.messages[0].text, "out 3");
    EXPECT_EQ(page.messages[0].first_us, 1003);
    EXPECT_EQ(page.messages[0].part_ends, std::vector<std::uint32_t>{5});
    EXPECT_EQ(page.messages[0].created_at, outgoing(bob, 1, "").created_at);
    EXPECT_EQ(page.messages[0].expires_at, outgoing(bob, 1, "").expires_at);
}

TEST_F(Packs, MarkWhatIsDeliveredWithoutTouchingTheTexts) {
    send_some(10);
    deliver(4, 6);
    EXPECT_EQ(spans(), "1-3 2, 4-6 3, 7-10 2");
    EXPECT_EQ(count("message"), "0");
    EXPECT_EQ(record(5).state, SendState::delivered);
    EXPECT_EQ(record(5).attempts, 2U);
    EXPECT_EQ(record(5).cursor, 12U);
    EXPECT_EQ(record(5).rtt_ms, 5.0);
    EXPECT_EQ(record(5).acked_at->us, 1'234'000'000);
    EXPECT_EQ(record(7).state, SendState::queued);
    EXPECT_EQ(store->counts().pending, 7U);
    deliver(1, 10);  // some are delivered already: one by one
    EXPECT_EQ(store->counts().pending, 0U);
    EXPECT_EQ(record(10).state, SendState::delivered);
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, OfPacksAndRowsAreDeliveredByOneAck) {
    send_some(2);
    send_some(5, 2000);
    send_some(5, 3000);
    deliver(2, 9);
    EXPECT_EQ(store->counts().pending, 4U);
    EXPECT_EQ(record(2).cursor, 13U);
    EXPECT_EQ(record(9).cursor, 20U);
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, AreWrittenOnceIfTheyWereDeliveredAhead) {
    StoreBatch batch;
    for (int i = 0; i < 6; ++i) {
        OutgoingMessage& message = batch.accepted.emplace_back(outgoing(bob, 1000 + i, "text"));
        if (i >= 4) continue;
        message.delivered = {at_second(2000), Duration{i < 2 ? 7 : 8}};
        message.attempts = message.parts_done = 1;
    }
    store->commit(batch);
    EXPECT_EQ(spans(), "1-2 3, 3-4 3, 5-6 2");
    EXPECT_EQ(count("pack"), "1");
    EXPECT_EQ(store->counts().pending, 2U);
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, AreTakenApartForAnyOtherChange) {
    receive_some(5);
    send_some(5, 2000);
    EXPECT_EQ(store->mark(Ids{2}, false, true), 1U);
    EXPECT_EQ(spans(), "6-10 2");
    EXPECT_EQ(count("message"), "5");
    EXPECT_TRUE(record(2).read);
    EXPECT_FALSE(record(3).read);
    deliver(7, 8);
    update({.id = 9, .state = OutState::refused, .reason = "why"});
    EXPECT_EQ(count("pack"), "0");
    EXPECT_EQ(record(7).state, SendState::delivered);
    EXPECT_EQ(record(7).attempts, 2U);
    EXPECT_EQ(record(9).reason, "why");
    EXPECT_EQ(record(10).state, SendState::queued);
    EXPECT_EQ(record(10).text, "out 4");
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, AreErasedWithTheirLastMessage) {
    receive_some(5);
    store->mark({}, true, true);
    EXPECT_EQ(store->purge(at_second(100'000)), 5U);
    EXPECT_EQ(count("pack"), "0");
    EXPECT_EQ(count("pack_span"), "0");
    EXPECT_EQ(store->counts().messages, 0U);
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, AreFoundInEveryPage) {
    receive({received(alice, 1, "first")});
    receive_some(300, 1000);
    receive({received(bob, 2, "last")});
    ListParams params;
    params.limit = 3;
    EXPECT_EQ(texts(store->list(params, std::nullopt)),
              (std::vector<std::string>{"in 298", "in 299", "last"}));
    EXPECT_EQ(texts(store->list(params, alice)),
              (std::vector<std::string>{"in 297", "in 298", "in 299"}));
    params.after = 0;
    params.unread = true;
    EXPECT_EQ(texts(store->list(params, std::nullopt)),
              (std::vector<std::string>{"first", "in 0", "in 1"}));
    params.after = 200;
    EXPECT_EQ(texts(store->list(params, std::nullopt)),
              (std::vector<std::string>{"in 199", "in 200", "in 201"}));
    SearchParams words;
    words.words = "\"in 250\"";
    EXPECT_EQ(texts(store->search(words, std::nullopt)), std::vector<std::string>{"in 250"});
    EXPECT_EQ(store->changes(299, 2).messages.at(0).text, "in 298");
}

TEST_F(Packs, ExpireLikeOthers) {
    StoreBatch batch;
    for (int i = 0; i < 5; ++i) {
        batch.accepted.push_back(outgoing(bob, 1000 + i, "text"));
        batch.accepted.back().expires_at = at_second(2000 + i);
    }
    store->commit(batch);
    EXPECT_EQ(store->maintain(at_second(2002)).expired, (Ids{1, 2}));
    EXPECT_EQ(record(2).state, SendState::expired);
    EXPECT_EQ(record(3).state, SendState::queued);
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, KeepACopyOut) {
    receive_some(5);
    store->mark({}, true, true);
    store->purge(at_second(100'000));
    receive_some(5);
    EXPECT_EQ(store->counts().messages, 0U);
}

TEST_F(Packs, AreExportedAndImportedAgain) {
    receive_some(5);
    send_some(5, 2000);
    deliver(7, 8);
    std::vector<TransferRecord> records;
    for (const Json& line : store->export_page("", 1000).records) {
        records.push_back(parse_transfer_json(line));
    }
    options.state_dir = folder.path() / "other";
    open();
    const auto imported = store->import_records(records, true);
    ASSERT_TRUE(imported);
    EXPECT_EQ(record(3).text, "in 2");
    EXPECT_EQ(record(7).state, SendState::delivered);
    EXPECT_EQ(record(9).state, SendState::queued);
    EXPECT_EQ(store->import_records(records, true)->added, 0U);
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, BecomeRowsInASalvage) {
    receive_some(5);
    send_some(5, 2000);
    deliver(7, 8);
    store->checkpoint();
    store.reset();
    const auto fresh = folder.path() / "fresh";
    salvage_store(options.state_dir, fresh);
    options.state_dir = fresh;
    open();
    EXPECT_EQ(count("pack"), "0");
    EXPECT_EQ(count("message"), "10");
    EXPECT_EQ(record(7).state, SendState::delivered);
    EXPECT_EQ(record(6).state, SendState::queued);
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, WithoutTheirSpansAreSalvagedAsFarAsIsKnown) {
    receive_some(5);
    send_some(5, 2000);
    deliver(6, 6);
    StoreInspector::rooms(*store).state.connection().execute(
        "DELETE FROM pack_span WHERE first_id IN (1, 7); DELETE FROM pack WHERE first_id = 99");
    store->checkpoint();
    store.reset();
    EXPECT_FALSE(check_store(options.state_dir).damage.empty());
    const auto fresh = folder.path() / "fresh";
    salvage_store(options.state_dir, fresh);
    options.state_dir = fresh;
    open();
    EXPECT_FALSE(record(1).read);
    EXPECT_EQ(record(5).text, "in 4");
    EXPECT_EQ(record(6).state, SendState::delivered);
    EXPECT_EQ(record(7).state, SendState::cancelled);
    EXPECT_EQ(record(7).reason, "its state was lost");
    EXPECT_EQ(damage(), none());
}

TEST_F(Packs, ThatAreLostAreNamedByASalvage) {
    receive_some(5);
    StoreInspector::rooms(*store).state.connection().execute("DELETE FROM pack");
    store->checkpoint();
    store.reset();
    const SalvageReport report = salvage_store(options.state_dir, folder.path() / "fresh");
    ASSERT_FALSE(report.missing.empty());
    EXPECT_EQ(report.missing[0], "5 messages: 1 2 3 4 5");
}

TEST_F(Packs, ThatCannotBeReadAreDamage) {
    receive_some(5);
    StoreInspector::rooms(*store).state.connection().execute(
        "UPDATE pack SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) AS BLOB)");
    EXPECT_THROW(record(5), StoreFailure);
    EXPECT_FALSE(damage().empty());
}

}  // namespace p2pd::test
