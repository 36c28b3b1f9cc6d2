// tests/store: peers and the address book.
#include "tests/store/store_fixture.h"

namespace p2pd::test {

class Peers : public StoreTest {
protected:
    void keep(PeerFacts facts) {
        StoreBatch batch;
        batch.peers.push_back(std::move(facts));
        store->commit(batch);
    }
    std::vector<std::string> addresses(const std::vector<PeerRecord>& records) {
        std::vector<std::string> found;
        for (const PeerRecord& record : records) found.push_back(record.address);
        return found;
    }
};

TEST_F(Peers, KeepWhatIsKnownOfThem) {
    keep({bob, Dialect::quoted, false, true, at_second(5)});
    keep({bob, Dialect::short_, false, true, std::nullopt});
    reopen();
    const PeerRecord record = store->peer(bob).value();
    EXPECT_EQ(record.address, "10.0.0.5:5000");
    EXPECT_EQ(record.dialect, DialectName::short_);
    EXPECT_TRUE(record.p2pd);
    EXPECT_EQ(record.last_heard, UtcTime{5000000});
    EXPECT_FALSE(store->peer(alice));
    EXPECT_EQ(store->counts().peers, 1U);
}

TEST_F(Peers, AreNamedRenamedAndUnnamed) {
    EXPECT_TRUE(store->set_name(bob, "bob", Dialect::upper));
    receive({received(bob, 1, "hi")});
    EXPECT_EQ(record(1).name, "bob");
    EXPECT_TRUE(store->peer(bob)->dialect_by_hand);
    store->set_name(bob, "robert", std::nullopt);
    ASSERT_EQ(store->book().size(), 1U);
    EXPECT_EQ(store->book()[0].name, "robert");
    EXPECT_EQ(store->book()[0].endpoint, bob);
    EXPECT_EQ(store->peer(bob)->dialect, DialectName::upper);
    store->set_name(bob, std::nullopt, std::nullopt);
    EXPECT_TRUE(store->book().empty());
    EXPECT_EQ(record(1).name, std::nullopt);
}

TEST_F(Peers, HaveNamesOfTheirOwn) {
    store->set_name(bob, "friend", std::nullopt);
    store->set_name(alice, "friend", std::nullopt);
    ASSERT_EQ(store->book().size(), 1U);
    EXPECT_EQ(store->book()[0].endpoint, alice);
}

TEST_F(Peers, AreListedInTheOrderOfTheirAddresses) {
    const Endpoint link_local = endpoint("[fe80::1%2]:5000");
    for (const Endpoint& peer : {link_local, bob, alice}) keep({peer, {}, false, false, {}});
    const auto first = store->peers(std::nullopt, 2);
    EXPECT_EQ(addresses(first), (std::vector<std::string>{"10.0.0.4:5000", "10.0.0.5:5000"}));
    EXPECT_EQ(addresses(store->peers(bob, 2)), std::vector<std::string>{"[fe80::1%2]:5000"});
    EXPECT_TRUE(store->peers(link_local, 2).empty());
}

TEST_F(Peers, AreRecoveredNamedAndWaitingOnesFirst) {
    for (int i = 1; i <= 9; ++i) {
        keep({endpoint("10.1.0." + std::to_string(i)), {}, false, false, at_second(i)});
    }
    send(outgoing(bob, 1, "waits"));
    store->set_name(alice, "alice", std::nullopt);
    const Recovered recovered = store->recover(4);
    ASSERT_EQ(recovered.peers.size(), 4U);
    EXPECT_EQ(recovered.peers[0].endpoint, alice);
    EXPECT_EQ(recovered.peers[1].endpoint, bob);
    EXPECT_EQ(recovered.peers[2].endpoint, endpoint("10.1.0.9"));
    EXPECT_EQ(recovered.peers[3].last_heard, at_second(8));
    EXPECT_EQ(recovered.pending_peers, std::vector<Endpoint>{bob});
    EXPECT_EQ(store->peer(bob)->queued, 1U);
}

TEST_F(Peers, CountTheirUnreadMessagesUpToABound) {
    receive({received(bob, 1, "one"), received(bob, 2, "two"), received(alice, 3, "three")});
    store->mark(std::vector<MessageId>{1}, false, true);
    EXPECT_EQ(store->peer(bob)->unread, 1U);
    EXPECT_EQ(store->peers(std::nullopt, 2).at(0).unread, 1U);
    std::vector<ReceivedMessage> many;
    for (int i = 0; i < 1'200; ++i) many.push_back(received(bob, 10 + i, "more"));
    receive(std::move(many));
    EXPECT_EQ(store->peer(bob)->unread, peer_unread_max);
}

}  // namespace p2pd::test
