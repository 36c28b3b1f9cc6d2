// tests/store: what can wait.
#include "tests/store/store_fixture.h"

namespace p2pd::test {

using Ids = std::vector<MessageId>;

class Upkeep : public StoreTest {
protected:
    std::string identities() {
        return ask(
            "SELECT (SELECT count(*) FROM identity) + "
            "(SELECT coalesce(sum(count), 0) FROM identity_pack)");
    }
};

TEST_F(Upkeep, ExpiresWhatIsNotConfirmedInTime) {
    OutgoingMessage soon = outgoing(bob, 1, "soon");
    soon.expires_at = at_second(2000);
    OutgoingMessage later = outgoing(bob, 2, "later");
    later.expires_at = at_second(3000);
    const MessageId first = send(soon);
    const MessageId second = send(later);
    EXPECT_TRUE(store->maintain(at_second(2000)).expired.empty());
    const Maintenance done = store->maintain(at_second(2001));
    EXPECT_EQ(done.expired, Ids{first});
    EXPECT_FALSE(done.more);
    EXPECT_EQ(done.last_cursor, 3U);
    EXPECT_EQ(done.pending_messages, 1U);
    EXPECT_EQ(record(first).state, SendState::expired);
    EXPECT_EQ(record(first).reason, "not confirmed in time");
    EXPECT_EQ(record(second).state, SendState::queued);
}

TEST_F(Upkeep, ExpiresInPieces) {
    StoreBatch batch;
    for (std::int64_t us = 1; us <= 1500; ++us) {
        batch.accepted.push_back(outgoing(bob, us, "x", at_second(0)));
    }
    store->commit(batch);
    const Maintenance first = store->maintain(at_second(1000000));
    EXPECT_EQ(first.expired.size(), 1000U);
    EXPECT_TRUE(first.more);
    EXPECT_EQ(store->maintain(at_second(1000000)).expired.size(), 500U);
    EXPECT_TRUE(store->recover(10).pending_peers.empty());
}

TEST_F(Upkeep, DoesNotExpireWhatIsFinished) {
    const MessageId id = send(outgoing(bob, 1, "x", at_second(0)));
    update({.id = id, .state = OutState::delivered});
    EXPECT_TRUE(store->maintain(at_second(1000000)).expired.empty());
}

TEST_F(Upkeep, ForgetsIdentitiesAfterThirtyDaysAndNotBefore) {
    std::vector<ReceivedMessage> many;
    for (std::int64_t us = 1; us <= 5000; ++us) many.push_back(received(alice, us, "x"));
    receive(std::move(many));
    many.clear();
    for (std::int64_t us = 1; us <= 5000; ++us) {  // of two peers in turn: they are not packed
        many.push_back(received(us % 2 == 0 ? alice : bob, us + 5000, "x"));
    }
    receive(std::move(many));
    EXPECT_EQ(ask("SELECT count(*) FROM identity"), "5000");
    store->age(std::chrono::days(30));
    for (int call = 0; call < 10; ++call) store->maintain(at_second(1000));
    EXPECT_EQ(identities(), "10000");
    store->age(std::chrono::days(1));
    int calls = 1;
    while (store->maintain(at_second(1000)).more) ++calls;
    EXPECT_LE(calls, 10);
    for (int call = 0; call < 3; ++call) store->maintain(at_second(1000));
    EXPECT_EQ(identities(), "0");
    EXPECT_EQ(store->counts().messages, 10000U);
}

TEST_F(Upkeep, ForgetsNoIdentityWhenTheClockJumps) {
    receive({received(alice, 1, "x", at_second(1000))});
    const WallTime after_a_jump = at_second(1000) + std::chrono::years(56);
    for (int call = 0; call < 3; ++call) store->maintain(after_a_jump);
    reopen();
    for (int call = 0; call < 3; ++call) store->maintain(after_a_jump);
    receive({received(alice, 1, "x", after_a_jump)});
    EXPECT_EQ(store->counts().messages, 1U);
}

TEST_F(Upkeep, CountsTheAgeOfIdentitiesThoughItNeverRunsForAnHour) {
    for (int run = 1; run <= 31 * 25; ++run) {
        store->age(std::chrono::minutes(58));
        receive({received(alice, run, "x")});
        if (run % 50 == 0) reopen();
    }
    for (int call = 0; call < 3; ++call) store->maintain(at_second(1000));
    EXPECT_LT(std::stoi(identities()), 31 * 25);
}

TEST_F(Upkeep, CountsTheAgeOfIdentitiesOverRestarts) {
    receive({received(alice, 1, "x")});
    for (int day = 0; day < 31; ++day) {
        reopen();
        for (int hour = 0; hour < 24; ++hour) store->age(std::chrono::hours(1));
        if (day < 30) store->maintain(at_second(1000));
        EXPECT_EQ(identities(), "1");
    }
    store->maintain(at_second(1000));
    EXPECT_EQ(identities(), "0");
}

TEST_F(Upkeep, WithNothingToDoWritesNothing) {
    receive({received(alice, 1, "x")});
    store->maintain(at_second(1000));
    const std::string before = ask("PRAGMA data_version");
    const std::uint64_t bytes = store->counts().bytes;
    EXPECT_FALSE(store->maintain(at_second(1000)).more);
    EXPECT_EQ(store->counts().bytes, bytes);
    EXPECT_EQ(ask("PRAGMA data_version"), before);
}

TEST_F(Upkeep, KeepsTheWriteAheadLogShort) {
    options.checkpoint_bytes = 100000;
    reopen();
    for (std::int64_t us = 1; us <= 300; ++us) {
        receive({received(alice, us, std::string(3000, 'x'))});
    }
    EXPECT_LT(std::filesystem::file_size(options.state_dir / "p2pd.db-wal"), 200000U);
    store->checkpoint();
    EXPECT_EQ(std::filesystem::file_size(options.state_dir / "p2pd.db-wal"), 0U);
}

class Log : public StoreTest {
protected:
    Log() {
        options.checkpoint_bytes = std::size_t{3} * 1024 * 1024;
        reopen();
    }
    std::uintmax_t log_bytes() {
        return std::filesystem::file_size(options.state_dir / "p2pd.db-wal");
    }
    void maintain() {
        while (store->maintain(at_second(1000)).more) {
        }
    }
};

TEST_F(Log, IsMadeAsLongAsItWillGetWhenItIsQuiet) {
    receive({received(bob, 1, "one")});
    maintain();
    const std::uintmax_t bytes = log_bytes();
    EXPECT_GE(bytes, options.checkpoint_bytes);
    receive({received(bob, 2, "two")});
    EXPECT_EQ(log_bytes(), bytes);
    EXPECT_EQ(inbox(*open_copy()), (std::vector<std::string>{"one", "two"}));
}

TEST_F(Log, IsNotTouchedByAStoreThatTakesNothing) {
    maintain();
    EXPECT_EQ(log_bytes(), 0U);
}

TEST_F(Log, IsMadeLongAgainAfterACrash) {
    receive({received(bob, 1, "one")});
    maintain();
    auto copy = open_copy();
    EXPECT_EQ(inbox(*copy), std::vector<std::string>{"one"});
    EXPECT_FALSE(copy->maintain(at_second(1000)).more);  // nothing is in it yet
}

}  // namespace p2pd::test
