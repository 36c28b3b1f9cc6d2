// tests/store: which hosts the user knows, and how much is kept of strangers.
#include "tests/store/store_fixture.h"

namespace p2pd::test {

namespace {

// A store as the first version made it, with two peers on one host and one on another.
constexpr const char* old_rows = R"sql(
    INSERT INTO peer (id, address, name, pending) VALUES
        (1, '10.0.0.4:5000', NULL, 0), (2, '10.0.0.4:6000', NULL, 0),
        (3, '[fe80::1%2]:5000', NULL, 0), (4, '10.0.0.7:5000', NULL, 1);
    INSERT INTO message (id, tray, peer_id, cursor, time_us, late_us, stamp_us, parts,
                         stamp) VALUES
        (1, 0, 1, 1, 1, 0, 1, 1, '1'), (2, 1, 2, 2, 2, 0, 2, 1, '2'), (3, 0, 3, 3, 3, 0, 3, 1, '3'),
        (4, 2, 4, 4, 4, 0, 4, 1, NULL);
    INSERT INTO body (id, text) VALUES (1, 'four'), (2, 'é'), (3, 'x'), (4, 'out');
    UPDATE meta SET last_id = 4, last_cursor = 4, messages = 4, unread = 2, pending = 1, peers = 4;
)sql";

}  // namespace

class Hosts : public StoreTest {
protected:
    void limit(const StrangerQuotas& quotas) { store->set_limits(std::chrono::hours{1}, quotas); }
    /// How many of `count` messages of 10 bytes are kept.
    std::size_t kept_of(const Endpoint& peer, int count) {
        std::vector<ReceivedMessage> messages;
        for (int i = 0; i < count; ++i) {
            messages.push_back(received(peer, ++last_us_, std::string(10, 'x')));
        }
        return static_cast<std::size_t>(count) - receive(messages).turned_away.size();
    }

    std::string hosts(const std::string& column) {
        return ask("SELECT group_concat(" + column + ") FROM (SELECT * FROM host ORDER BY id)");
    }

    std::int64_t last_us_ = 0;
};

TEST_F(Hosts, AreStrangersUntilTheyAreSentTo) {
    receive({received(bob, 1, "hi")});
    EXPECT_FALSE(store->is_known(bob));
    send(outgoing(bob, 1, "hello"));
    EXPECT_TRUE(store->is_known(bob));
    reopen();
    EXPECT_TRUE(store->is_known(bob));
    EXPECT_EQ(store->recover(10).known_hosts, std::vector<Endpoint>{endpoint("10.0.0.5:0")});
}

TEST_F(Hosts, AreKnownAsLongAsOneOfTheirPeersHasAName) {
    store->set_name(bob, "bob", std::nullopt);
    EXPECT_TRUE(store->is_known(endpoint("10.0.0.5:77")));
    store->set_name(bob, std::nullopt, std::nullopt);
    EXPECT_FALSE(store->is_known(bob));
    store->set_name(bob, "friend", std::nullopt);
    store->set_name(alice, "friend", std::nullopt);
    EXPECT_FALSE(store->is_known(bob));
    EXPECT_TRUE(store->is_known(alice));
}

TEST_F(Hosts, OfStrangersAreCountedUntilTheyAreKnown) {
    receive({received(bob, 1, "hi"), received(alice, 1, "\xc3\xa9")});
    EXPECT_EQ(store->counts().stranger_messages, 2U);
    EXPECT_EQ(store->counts().stranger_bytes, 4U);
    send(outgoing(bob, 1, "hello"));
    EXPECT_EQ(store->counts().stranger_messages, 1U);
    EXPECT_EQ(store->counts().stranger_bytes, 2U);
    store->remove(std::vector<MessageId>{2});
    EXPECT_EQ(store->counts().stranger_messages, 0U);
    EXPECT_EQ(store->counts().stranger_bytes, 0U);
    reopen();
    EXPECT_EQ(store->counts().stranger_messages, 0U);
}

TEST_F(Hosts, OfStrangersHaveAQuotaOfMessages) {
    limit({.host_messages_max = 5});
    EXPECT_EQ(kept_of(bob, 4), 4U);
    EXPECT_EQ(kept_of(endpoint("10.0.0.5:77"), 3), 1U);
    EXPECT_EQ(kept_of(alice, 9), 5U);
}

TEST_F(Hosts, OfStrangersHaveAQuotaOfBytes) {
    limit({.host_bytes_max = 35});
    EXPECT_EQ(kept_of(bob, 9), 3U);
    EXPECT_TRUE(receive({received(bob, 99, "12345")}).turned_away.empty());
    EXPECT_FALSE(receive({received(bob, 100, "1")}).turned_away.empty());
}

TEST_F(Hosts, OfStrangersShareAQuota) {
    limit({.messages_max = 5, .bytes_max = 1000});
    EXPECT_EQ(kept_of(bob, 3) + kept_of(alice, 9), 5U);
    limit({.messages_max = 100, .bytes_max = 70});
    EXPECT_EQ(kept_of(endpoint("10.0.0.9"), 9), 2U);
}

TEST_F(Hosts, ThatAreKnownHaveNoQuota) {
    store->set_name(bob, "bob", std::nullopt);
    limit({.host_messages_max = 1, .host_bytes_max = 1, .messages_max = 1, .bytes_max = 1});
    EXPECT_EQ(kept_of(bob, 9), 9U);
}

TEST_F(Hosts, AboveTheirQuotaStillGetTheirCopiesConfirmed) {
    const auto first = received(bob, 1, "hi");
    receive({first});
    limit({.host_messages_max = 1});
    const BatchResult again = receive({received(bob, 2, "more"), first});
    EXPECT_EQ(again.turned_away, std::vector<std::size_t>{0});
    EXPECT_EQ(inbox(), std::vector<std::string>{"hi"});
}

TEST_F(Hosts, AboveTheirQuotaLeaveNothingBehind) {
    limit({.messages_max = 1});
    receive({received(bob, 1, "hi")});
    StoreBatch batch;
    batch.received = {received(alice, 1, "hi")};
    batch.peers = {{.endpoint = alice, .dialect = Dialect::upper}};
    store->commit(batch);
    EXPECT_FALSE(store->peer(alice));
    EXPECT_EQ(ask("SELECT count(*) FROM host"), "1");
    EXPECT_EQ(ask("SELECT count(*) FROM identity"), "1");
}

TEST_F(Hosts, FindRoomAgainWhenTheirMessagesAreDeleted) {
    limit({.host_messages_max = 2});
    EXPECT_EQ(kept_of(bob, 3), 2U);
    store->remove(std::vector<MessageId>{1});
    EXPECT_EQ(kept_of(bob, 3), 1U);
}

TEST_F(Hosts, AreChargedForThePartsOfLongTexts) {
    receive({part(bob, 100, 1, 3, "aaaa"), part(bob, 100, 2, 3, "bbbb")});
    EXPECT_EQ(store->counts().stranger_bytes, 8U);
    EXPECT_EQ(store->counts().stranger_messages, 0U);
    receive({part(bob, 100, 3, 3, "cccc")});
    EXPECT_EQ(store->counts().stranger_bytes, 12U);
    EXPECT_EQ(store->counts().stranger_messages, 1U);
}

TEST_F(Hosts, AreForgottenWhenNothingIsLeftOfThem) {
    for (int i = 1; i <= 3; ++i) {
        const Endpoint stranger = endpoint("10.2.0." + std::to_string(i));
        receive({received(stranger, i, "hi", at_second(1000))});
    }
    send(outgoing(bob, 1, "hello"));
    store->remove(std::vector<MessageId>{1, 2});
    const WallTime later = at_second(1000) + std::chrono::days{40};
    store->age(std::chrono::days{40});
    while (store->maintain(later).more) {
    }
    EXPECT_EQ(hosts("address"), "10.2.0.3,10.0.0.5");
    EXPECT_EQ(store->counts().peers, 2U);
    EXPECT_EQ(kept_of(endpoint("10.2.0.1"), 1), 1U);
}

TEST_F(Hosts, OfAnOldStoreAreCountedWhenItIsOpened) {
    const std::filesystem::path path = folder.path() / "old";
    std::filesystem::create_directory(path);
    {
        sqlite::Connection old((path / "p2pd.db").string(), "");
        old.execute("PRAGMA journal_mode = WAL");
        migrate(old, store_migrations().first(1));
        old.execute(old_rows);
    }
    store.reset();
    options.state_dir = path;
    open();
    EXPECT_EQ(hosts("address || ' ' || messages || '/' || bytes"),
              "10.0.0.4 2/6,10.0.0.7 0/0,fe80::1%2 1/1");
    EXPECT_EQ(store->counts().stranger_messages, 3U);
    EXPECT_EQ(store->counts().stranger_bytes, 7U);
    EXPECT_TRUE(store->is_known(endpoint("10.0.0.7")));
    EXPECT_FALSE(store->is_known(endpoint("[fe80::1%2]:5000")));
}

}  // namespace p2pd::test
