// tests/store: marks of reading, deletion, and the counters.
#include <random>

#include "tests/store/store_fixture.h"

namespace p2pd::test {

using Ids = std::vector<MessageId>;

class Edit : public StoreTest {};

TEST_F(Edit, MarksCountWhatTheyChange) {
    receive({received(alice, 1, "a"), received(alice, 2, "b"), received(alice, 3, "c")});
    send(outgoing(bob, 10, "x"));
    EXPECT_EQ(store->mark(Ids{1, 1, 2, 4, 99}, false, true), 2U);
    EXPECT_EQ(store->counts().unread, 1U);
    EXPECT_TRUE(record(1).read);
    EXPECT_EQ(store->mark(Ids{1}, false, false), 1U);
    EXPECT_EQ(store->counts().unread, 2U);
    EXPECT_EQ(store->counts().last_cursor, 4U);
}

TEST_F(Edit, MarksAllHoweverMany) {
    std::vector<ReceivedMessage> many;
    for (std::int64_t us = 1; us <= 1001; ++us) many.push_back(received(alice, us, "x"));
    receive(std::move(many));
    EXPECT_EQ(store->mark({}, true, true), 1001U);
    EXPECT_EQ(store->counts().unread, 0U);
    EXPECT_EQ(store->mark({}, true, false), 1001U);
    EXPECT_EQ(store->counts().unread, 1001U);
}

TEST_F(Edit, RemovesButWhatIsPending) {
    receive({received(alice, 1, "a"), received(alice, 2, "b")});
    const MessageId pending = send(outgoing(bob, 10, "x"));
    const MessageId done = send(outgoing(bob, 11, "y"));
    update({.id = done, .state = OutState::delivered});
    EXPECT_EQ(store->remove(Ids{1, pending, done, done, 99}), 2U);
    EXPECT_EQ(store->counts().messages, 2U);
    EXPECT_EQ(store->counts().unread, 1U);
    EXPECT_EQ(store->get(Ids{1, 2, pending, done}).size(), 2U);
    EXPECT_EQ(ask("SELECT count(text) FROM each_message"), "2");
}

TEST_F(Edit, PurgesWhatIsReadOrFinishedAndOld) {
    receive({received(alice, 1, "old, read", at_second(10)),
             received(alice, 2, "old, unread", at_second(11)),
             received(alice, 3, "new, read", at_second(20))});
    store->mark(Ids{1, 3}, false, true);
    const MessageId pending = send(outgoing(bob, 10, "pending", at_second(10)));
    EXPECT_EQ(store->purge(at_second(20)), 1U);
    EXPECT_EQ(inbox(), (std::vector<std::string>{"old, unread", "new, read"}));
    EXPECT_EQ(store->purge(at_second(1000)), 1U);
    update({.id = pending, .state = OutState::cancelled});
    EXPECT_EQ(store->purge(at_second(1000)), 1U);
    EXPECT_EQ(store->counts().messages, 1U);
}

TEST_F(Edit, PurgesInPiecesHoweverMany) {
    std::vector<ReceivedMessage> many;
    for (std::int64_t us = 1; us <= 1001; ++us) many.push_back(received(alice, us, "x"));
    receive(std::move(many));
    store->mark({}, true, true);
    EXPECT_EQ(store->purge(at_second(1001)), 1001U);
    EXPECT_EQ(store->counts().messages, 0U);
}

/// Counters are kept, not counted; so they are compared with a count after anything may happen.
class Counters : public StoreTest {
protected:
    void act() {
        const MessageId id = random_() % (store->counts().newest_id + 2);
        switch (random_() % 9) {
            case 0:
                receive({received(alice, now(), "in"), received(bob, now(), "in")});
                break;
            case 1:
                receive({part(bob, now(), 1, 2, "a"), part(bob, us_ - 1, 2, 2, "b")});
                break;
            case 2:
                send(outgoing(random_() % 2 ? alice : bob, now(), "out", wall()));
                break;
            case 3:
                update({.id = id, .state = OutState(random_() % 5), .attempts = 3});
                break;
            case 4:
                update({.id = id, .reopen = true, .expires_at = wall()});
                break;
            case 5:
                store->mark(Ids{id}, false, random_() % 2 == 0);
                break;
            case 6:
                store->remove(Ids{id, id + 1});
                break;
            case 7:
                store->maintain(wall());
                break;
            default:
                store->purge(wall() - std::chrono::seconds(100));
                break;
        }
    }
    void compare() {
        const StoreCounts counts = store->counts();
        EXPECT_EQ(ask("SELECT count(*) FROM each_message"), std::to_string(counts.messages));
        EXPECT_EQ(ask("SELECT count(text) FROM each_message"), std::to_string(counts.messages));
        EXPECT_EQ(ask("SELECT count(*) FROM each_message WHERE tray = 0"),
                  std::to_string(counts.unread));
        EXPECT_EQ(ask("SELECT count(*) FROM each_message WHERE tray = 2"),
                  std::to_string(counts.pending));
        EXPECT_EQ(
            ask("SELECT count(*) FROM each_message WHERE (tray = 2) != coalesce(state = 0, 0)"),
            "0");
        EXPECT_EQ(ask("SELECT count(*) FROM peer"), std::to_string(counts.peers));
        EXPECT_EQ(
            ask("SELECT count(*) FROM peer WHERE pending != (SELECT count(*) FROM each_message "
                "WHERE peer_id = peer.id AND tray = 2)"),
            "0");
    }
    std::int64_t now() { return us_ += 2; }
    WallTime wall() { return WallTime(std::chrono::seconds(us_)); }

    std::mt19937 random_{20261122};
    std::int64_t us_ = 1000;
};

TEST_F(Counters, AgreeWithWhatIsThereAfterAnything) {
    for (int round = 0; round < 20; ++round) {
        for (int step = 0; step < 60; ++step) act();
        compare();
        if (HasFailure()) return;
    }
    reopen();
    compare();
}

}  // namespace p2pd::test
