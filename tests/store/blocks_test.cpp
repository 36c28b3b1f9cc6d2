// tests/store: blocks of ids and spans of cursors, in place of indexes over all messages.
#include <random>

#include "daemon/store_check.h"
#include "daemon/store_schema.h"
#include "tests/store/store_fixture.h"

namespace p2pd::test {

class Blocks : public StoreTest {
protected:
    std::string blocks() {
        return ask(
            "SELECT group_concat(first_id || '-' || last_id || ' ' || dir || ' ' || open, ', ') "
            "FROM (SELECT * FROM block ORDER BY first_id)");
    }
    std::string spans() {
        return ask(
            "SELECT group_concat(first_cursor || '+' || count || '=' || first_id, ', ') "
            "FROM (SELECT * FROM change ORDER BY first_cursor)");
    }
    std::vector<MessageId> changed(Cursor since) {
        std::vector<MessageId> ids;
        for (const auto& message : store->changes(since, 100).messages) ids.push_back(message.id);
        return ids;
    }
    void send_to(const Endpoint& peer, std::int64_t from_us, int count) {
        StoreBatch batch;
        for (int i = 0; i < count; ++i) {
            batch.accepted.push_back(outgoing(peer, from_us + i, "out"));
        }
        store->commit(batch);
    }
    /// What one ACK confirms.
    void deliver(MessageId first, MessageId last) {
        StoreBatch batch;
        for (MessageId id = first; id <= last; ++id) {
            batch.updates.push_back({.id = id, .state = OutState::delivered, .attempts = 1});
        }
        store->commit(batch);
    }
    std::vector<std::string> damage() {
        store.reset();
        return check_store(options.state_dir).damage;
    }

    using Ids = std::vector<MessageId>;
};

TEST_F(Blocks, HoldWhatFollowsOneAnotherWithOnePeerInOneDirection) {
    receive({received(alice, 1, "a"), received(alice, 2, "b"), received(bob, 3, "c")});
    send_to(bob, 4, 2);
    EXPECT_EQ(blocks(), "1-2 in 2, 3-3 in 1, 4-5 out 2");
    EXPECT_EQ(damage(), std::vector<std::string>{});
}

TEST_F(Blocks, GrowOverBatchesUpToTheirSize) {
    for (int i = 0; i < 3; ++i) send_to(bob, 1 + 100 * i, 100);
    EXPECT_EQ(blocks(), "1-256 out 256, 257-300 out 44");
    EXPECT_EQ(spans(), "1+100=1, 101+100=101, 201+100=201");
    EXPECT_EQ(damage(), std::vector<std::string>{});
}

TEST_F(Blocks, OfSentMessagesSpanASecondOfTimestamps) {
    send_to(bob, 1, 1);
    send_to(bob, block_us_max, 1);
    send_to(bob, block_us_max + 1, 1);
    EXPECT_EQ(blocks(), "1-2 out 2, 3-3 out 1");
}

TEST_F(Blocks, OfATransactionThatFailsAreNotKept) {
    send_to(bob, 1, 1);
    options.pages_max = 60;
    reopen();
    StoreBatch large;
    large.accepted.push_back(outgoing(bob, 2, std::string(60000, 'x')));
    large.accepted.push_back(outgoing(bob, 3, std::string(60000, 'x')));
    large.accepted.push_back(outgoing(bob, 4, std::string(60000, 'x')));
    large.accepted.push_back(outgoing(bob, 5, std::string(60000, 'x')));
    EXPECT_TRUE(store->commit(large).full);
    send_to(bob, 6, 1);
    EXPECT_EQ(blocks(), "1-1 out 1, 2-2 out 1");
    EXPECT_EQ(spans(), "1+1=1, 2+1=2");
    EXPECT_EQ(damage(), std::vector<std::string>{});
}

TEST_F(Blocks, GoWithTheLastOfTheirMessages) {
    receive({received(alice, 1, "a"), received(alice, 2, "b")});
    store->remove(Ids{2});
    EXPECT_EQ(blocks(), "1-2 in 1");
    store->remove(Ids{1});
    EXPECT_EQ(blocks(), "");
    EXPECT_EQ(spans(), "");
    receive({received(alice, 3, "c")});
    EXPECT_EQ(blocks(), "3-3 in 1");
    EXPECT_EQ(damage(), std::vector<std::string>{});
}

TEST_F(Blocks, FindAMessageOfTheSameBatchByItsTimestamp) {
    ReceivedMessage reply = received(bob, 100, "ok");
    reply.reply_to = stamp(51);
    StoreBatch batch;
    batch.accepted.push_back(outgoing(bob, 50, "one"));
    batch.accepted.push_back(outgoing(bob, 51, "two"));
    batch.received.push_back(std::move(reply));
    store->commit(batch);
    EXPECT_EQ(record(3).reply_to, 2U);
}

TEST_F(Blocks, FindAMessageAmongOthersWithTimestampsBetween) {
    send_to(bob, 50, 1);
    send_to(bob, 60, 1);  // so the block is of 50 to 60
    send_to(alice, 55, 1);
    for (const std::int64_t us : {50, 55, 60}) {
        const Endpoint& peer = us == 55 ? alice : bob;
        ReceivedMessage reply = received(peer, 100 + us, "ok");
        reply.reply_to = stamp(us);
        receive({reply});
    }
    EXPECT_EQ(record(4).reply_to, 1U);
    EXPECT_EQ(record(5).reply_to, 3U);
    EXPECT_EQ(record(6).reply_to, 2U);
}

TEST_F(Blocks, ExpireWhenTheFirstOfTheirsDoes) {
    StoreBatch batch;
    for (const std::int64_t seconds : {300, 100, 200}) {
        batch.accepted.push_back(outgoing(bob, seconds, "out"));
        batch.accepted.back().expires_at = at_second(seconds);
    }
    store->commit(batch);
    deliver(2, 2);
    EXPECT_EQ(store->maintain(at_second(150)).expired, Ids{});
    EXPECT_EQ(store->maintain(at_second(250)).expired, Ids{3});
    EXPECT_EQ(store->maintain(at_second(350)).expired, Ids{1});
    EXPECT_EQ(damage(), std::vector<std::string>{});
}

TEST_F(Blocks, OfAnOlderStoreAreMadeWhenItIsOpened) {
    receive({received(alice, 1, "a"), received(bob, 2, "b")});
    send_to(bob, 3, 3);
    deliver(4, 4);
    store->mark(Ids{1}, false, true);
    store.reset();
    {
        sqlite::Connection old((options.state_dir / "p2pd.db").string(), "");
        old.execute("PRAGMA locking_mode = EXCLUSIVE");
        old.execute(
            "DROP TABLE block; DROP TABLE change; DROP TABLE pack; DROP TABLE pack_span;"
            "DROP TABLE identity_pack;"
            "CREATE INDEX message_tray ON message (tray) WHERE stamp IS NOT NULL;"
            "CREATE INDEX message_peer ON message (peer_id, tray) WHERE stamp IS NOT NULL;"
            "CREATE UNIQUE INDEX message_cursor ON message (cursor);"
            "CREATE INDEX message_expiry ON message (expires_us) WHERE tray = 2;"
            "CREATE INDEX message_sent ON message (id) WHERE stamp IS NULL;"
            "CREATE INDEX message_sent_to ON message (peer_id) WHERE stamp IS NULL;"
            "CREATE INDEX message_pending ON message (peer_id) WHERE tray = 2;"
            "CREATE INDEX message_stamp ON message (stamp_us) WHERE stamp IS NULL;"
            "PRAGMA user_version = 5");
    }
    EXPECT_EQ(check_store(options.state_dir).damage, std::vector<std::string>{});
    open();
    EXPECT_EQ(blocks(), "1-1 in 0, 2-2 in 1, 3-3 out 1, 4-4 out 0, 5-5 out 1");
    EXPECT_EQ(changed(0), (Ids{1, 2, 3, 5, 4}));
    EXPECT_EQ(ask("SELECT count(*) FROM sqlite_schema WHERE name GLOB 'message_[a-eg-qs-z]*'"),
              "0");
    EXPECT_EQ(damage(), std::vector<std::string>{});
}

TEST_F(Blocks, SpansLoseWhatHasOtherCursorsNow) {
    send_to(bob, 1, 6);
    deliver(3, 4);
    EXPECT_EQ(spans(), "1+2=1, 5+2=5, 7+2=3");
    deliver(1, 1);
    EXPECT_EQ(spans(), "2+1=2, 5+2=5, 7+2=3, 9+1=1");
    deliver(5, 6);
    EXPECT_EQ(spans(), "2+1=2, 7+2=3, 9+1=1, 10+2=5");
    EXPECT_EQ(changed(0), (Ids{2, 3, 4, 1, 5, 6}));
    EXPECT_EQ(changed(7), (Ids{4, 1, 5, 6}));
    EXPECT_EQ(damage(), std::vector<std::string>{});
}

TEST_F(Blocks, DeliveredTogetherThoughTheirCursorsAreApart) {
    send_to(bob, 1, 3);
    update({.id = 2, .attempts = 2});  // it was sent again
    EXPECT_EQ(spans(), "1+1=1, 3+1=3, 4+1=2");
    deliver(1, 3);
    EXPECT_EQ(spans(), "5+3=1");
    EXPECT_EQ(damage(), std::vector<std::string>{});
}

/// Whatever was done, every message is in its block and its span once, and they say what is so.
TEST_F(Blocks, AgreeWithTheMessagesAfterAnything) {
    std::mt19937 random{20261128};
    std::int64_t us = 1000;
    for (int round = 0; round < 8; ++round) {
        for (int step = 0; step < 60; ++step) {
            const MessageId newest = store->counts().newest_id;
            const MessageId id = random() % (newest + 2);
            const Endpoint& peer = random() % 3 == 0 ? alice : bob;
            switch (random() % 8) {
                case 0:
                    receive({received(peer, ++us, "in"), received(peer, ++us, "in")});
                    break;
                case 1:
                    send_to(peer, us += 500, 1 + static_cast<int>(random() % 300));
                    break;
                case 2:
                    deliver(id, id + random() % 50);
                    break;
                case 3:
                    update({.id = id, .state = OutState(random() % 5), .attempts = 3});
                    break;
                case 4:
                    update({.id = id, .reopen = true, .expires_at = at_second(us)});
                    break;
                case 5:
                    store->mark(Ids{id, id + 1}, false, random() % 2 == 0);
                    break;
                case 6:
                    store->remove(Ids{id, id + 1, id + 2});
                    break;
                default:
                    store->maintain(at_second(us % 700));
                    break;
            }
        }
        ASSERT_EQ(damage(), std::vector<std::string>{}) << "round " << round;
        open();
    }
}

}  // namespace p2pd::test
