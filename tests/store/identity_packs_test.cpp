// tests/store: copies are known, and nothing else is taken for one, where identities are packed.
#include <array>
#include <random>

#include <sodium.h>

#include "daemon/store_check.h"
#include "daemon/store_import.h"
#include "daemon/store_salvage.h"
#include "tests/store/damage.h"

namespace p2pd::test {

class IdentityPacks : public StoreTest {
protected:
    using Ids = std::vector<MessageId>;
    static constexpr std::int64_t first_us = 1000;

    static std::string text(std::int64_t us) { return "text " + std::to_string(us); }
    /// From alice, each at one of these.
    std::vector<ReceivedMessage> run(const std::vector<std::int64_t>& stamps) {
        std::vector<ReceivedMessage> messages;
        for (const std::int64_t us : stamps) messages.push_back(received(alice, us, text(us)));
        return messages;
    }
    static std::vector<std::int64_t> from(std::int64_t us, int count) {
        std::vector<std::int64_t> stamps;
        for (int i = 0; i < count; ++i) stamps.push_back(us + i);
        return stamps;
    }
    std::string packs() {
        return ask(
            "SELECT group_concat(first_stamp_us || '-' || last_stamp_us || ' ' || count, ', ') "
            "FROM (SELECT * FROM identity_pack ORDER BY first_stamp_us)");
    }
    std::string rows() { return ask("SELECT count(*) FROM identity"); }
    MessageId marked(std::int64_t us) {
        const auto marks = store->read_marks({alice, us});
        return marks ? marks->id : 0;
    }
    std::vector<std::string> damage() {
        store.reset();
        return check_store(options.state_dir).damage;
    }
    void execute(const std::string& sql) {
        StoreInspector::rooms(*store).state.connection().execute(sql);
    }
    /// As before schema 9.
    static void hash_as_before(sqlite::Connection& old, std::int64_t us) {
        const std::string content = "m" + text(us);
        std::array<unsigned char, 16> hash{};
        crypto_generichash(hash.data(), hash.size(),
                           reinterpret_cast<const unsigned char*>(content.data()), content.size(),
                           nullptr, 0);
        std::array<char, 33> hex{};
        sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
        old.execute("UPDATE identity SET hash = x'" + std::string(hex.data()) +
                    "' WHERE stamp_us = " + std::to_string(us));
    }
    static std::vector<std::string> none() { return {}; }
};

TEST_F(IdentityPacks, HoldThoseOfMessagesThatArePacked) {
    receive(run(from(first_us, 5)));
    receive(run(from(first_us + 10, 3)));
    EXPECT_EQ(packs(), "1000-1004 5");
    EXPECT_EQ(rows(), "3");
    receive(run(from(first_us + 20, 600)));
    EXPECT_EQ(packs(), "1000-1004 5, 1020-1275 256, 1276-1531 256, 1532-1619 88");
    EXPECT_EQ(rows(), "3");
    EXPECT_EQ(damage(), none());
}

TEST_F(IdentityPacks, KnowACopyThatComesAloneOrWithOthers) {
    receive(run(from(first_us, 300)));
    EXPECT_TRUE(receive(run({first_us + 299})).arrived.empty());
    EXPECT_TRUE(receive(run(from(first_us, 300))).arrived.empty());
    const auto result = receive(run(from(first_us + 200, 200)));
    ASSERT_EQ(result.arrived.size(), 100U);
    EXPECT_EQ(result.arrived.front().received, 100U);
    EXPECT_EQ(result.arrived.front().id, 301U);
    store->mark({}, true, true);
    store->purge(at_second(100'000));
    receive(run(from(first_us, 400)));
    EXPECT_EQ(store->counts().messages, 0U);
    EXPECT_EQ(packs(), "1000-1255 256, 1256-1299 44, 1300-1399 100");
    EXPECT_EQ(damage(), none());
}

TEST_F(IdentityPacks, KnowACopyOfWhatHasARow) {
    receive(run({first_us + 2}));
    EXPECT_EQ(receive(run(from(first_us, 5))).arrived.size(), 4U);
    EXPECT_EQ(store->counts().messages, 5U);
    EXPECT_TRUE(receive(run(from(first_us, 5))).arrived.empty());
    EXPECT_EQ(damage(), none());
}

TEST_F(IdentityPacks, TakeOtherContentOrAnotherPeerForAnotherMessage) {
    receive(run(from(first_us, 5)));
    const auto other = received(alice, first_us + 2, "other");
    EXPECT_EQ(receive({other}).arrived.size(), 1U);
    EXPECT_TRUE(receive({other}).arrived.empty());
    EXPECT_EQ(receive({received(bob, first_us + 2, text(first_us + 2))}).arrived.size(), 1U);
    auto answer = received(alice, first_us + 3, text(first_us + 3));
    answer.reply_to = stamp(1);
    EXPECT_EQ(receive({answer}).arrived.size(), 1U);
    EXPECT_EQ(store->counts().messages, 8U);
}

TEST_F(IdentityPacks, KeepOneOfTwoInTheSameRun) {
    auto messages = run({first_us, first_us + 1, first_us, first_us + 2, first_us + 3});
    messages.push_back(received(alice, first_us, "other"));
    messages.push_back(messages.back());
    const auto result = receive(messages);
    std::vector<std::size_t> kept;
    for (const auto& arrived : result.arrived) kept.push_back(arrived.received);
    EXPECT_EQ(kept, (std::vector<std::size_t>{0, 1, 3, 4, 5}));
    EXPECT_EQ(store->counts().messages, 5U);
    EXPECT_EQ(packs(), "1000-1003 5");
    EXPECT_EQ(marked(first_us + 3), 4U);
    EXPECT_TRUE(receive(messages).arrived.empty());
    EXPECT_EQ(damage(), none());
}

/// What comes later than what was sent after it, as after a loss.
TEST_F(IdentityPacks, DoNotOverlapWhateverTheOrder) {
    receive(run({1010, 1000, 1020, 1005}));
    EXPECT_EQ(packs(), "1000-1020 4");
    receive(run({1003, 1030, 990, 1031, 1040, 1035, 1020, 1022}));
    EXPECT_EQ(packs(), "1000-1020 4, 1022-1040 5");
    EXPECT_EQ(rows(), "2");
    EXPECT_EQ(marked(1000), 2U);
    EXPECT_EQ(marked(1003), 5U);
    EXPECT_EQ(marked(990), 7U);
    EXPECT_EQ(marked(1035), 10U);
    EXPECT_EQ(marked(1022), 11U);
    std::vector<std::int64_t> back = from(2000, 600);
    std::ranges::reverse(back);
    receive(run(back));
    EXPECT_EQ(marked(2599), 12U);
    EXPECT_EQ(marked(2000), 611U);
    EXPECT_EQ(marked(2300), 311U);
    EXPECT_TRUE(receive(run(back)).arrived.empty());
    EXPECT_TRUE(receive(run({1003, 1030, 990, 1031, 1040, 1035, 1020, 1022})).arrived.empty());
    EXPECT_EQ(damage(), none());
}

TEST_F(IdentityPacks, EndWhereATimestampDoes) {
    std::vector<ReceivedMessage> messages;
    for (int i = 0; i < 300; ++i) {
        messages.push_back(received(alice, i < 290 ? 7 : 8, "text " + std::to_string(i)));
    }
    EXPECT_EQ(receive(messages).arrived.size(), 300U);
    EXPECT_EQ(packs(), "7-7 256, 8-8 10");
    EXPECT_EQ(rows(), "34");
    EXPECT_TRUE(receive(messages).arrived.empty());
    for (const ReceivedMessage& message : messages) EXPECT_TRUE(receive({message}).arrived.empty());
    EXPECT_EQ(damage(), none());
}

TEST_F(IdentityPacks, OfAStrangerAboveItsQuotaStillConfirmCopies) {
    receive(run(from(first_us, 5)));
    store->set_limits(std::chrono::hours{1}, {.host_messages_max = 7});
    const auto some = receive(run(from(first_us + 2, 8)));  // three of them are copies
    EXPECT_EQ(some.turned_away, (std::vector<std::size_t>{5, 6, 7}));
    EXPECT_EQ(store->counts().messages, 7U);
    EXPECT_TRUE(receive(run({first_us + 2})).turned_away.empty());
    EXPECT_EQ(damage(), none());
}

TEST_F(IdentityPacks, KnowAPartThatCameAsAMessage) {
    receive(run(from(first_us, 5)));
    receive({part(alice, first_us, 1, 2, text(first_us))});
    EXPECT_EQ(ask("SELECT count(*) FROM part"), "0");
    receive({part(alice, first_us + 2, 1, 2, "a"), part(alice, first_us + 2, 2, 2, "b")});
    EXPECT_EQ(record(6).text, "ab");
    receive({part(alice, first_us + 2, 2, 2, "later")});  // it is closed: a message of its own
    EXPECT_EQ(record(7).text, "later");
}

TEST_F(IdentityPacks, TellWhichMessageWasRead) {
    receive(run(from(first_us, 5)));
    EXPECT_EQ(marked(first_us + 3), 4U);
    EXPECT_EQ(marked(first_us + 5), 0U);
    store->mark(Ids{4}, false, true);
    EXPECT_TRUE(store->read_marks({alice, first_us + 3})->read);
    store->remove(Ids{4});
    EXPECT_EQ(marked(first_us + 3), 0U);
    receive({received(alice, first_us + 3, "other")});
    EXPECT_EQ(marked(first_us + 3), 6U);
    EXPECT_FALSE(store->read_marks({bob, first_us + 3}));
}

TEST_F(IdentityPacks, AreForgottenAfterThirtyDaysAndNotBefore) {
    const WallTime late = at_second(1'000'000'000);
    receive(run(from(first_us, 5)));
    store->mark({}, true, true);
    store->purge(late);
    store->age(std::chrono::days(20));
    receive(run(from(first_us + 100, 5)));
    store->age(std::chrono::days(10));
    store->maintain(late);
    EXPECT_EQ(packs(), "1000-1004 5, 1100-1104 5");
    store->age(std::chrono::days(1));
    store->maintain(late);
    EXPECT_EQ(packs(), "1100-1104 5");
    store->mark({}, true, true);
    store->purge(late);
    store->maintain(late);
    EXPECT_TRUE(store->peer(alice));  // with its keys
    store->age(std::chrono::days(20));
    for (int call = 0; call < 3; ++call) store->maintain(late);
    EXPECT_EQ(packs(), "");
    EXPECT_FALSE(store->peer(alice));
}

TEST_F(IdentityPacks, BecomeRowsInASalvage) {
    receive(run(from(first_us, 5)));
    receive(run({first_us + 2000}));
    const auto before = identities_in(*store);
    store->checkpoint();
    store.reset();
    const auto fresh = folder.path() / "fresh";
    EXPECT_EQ(salvage_store(options.state_dir, fresh).missing, none());
    options.state_dir = fresh;
    open();
    EXPECT_EQ(identities_in(*store), before);
    EXPECT_EQ(packs(), "");
    EXPECT_EQ(marked(first_us + 1), 2U);
    EXPECT_TRUE(receive(run(from(first_us, 5))).arrived.empty());
    EXPECT_EQ(damage(), none());
}

TEST_F(IdentityPacks, ThatCannotBeReadAreDamageAndNoNewMessages) {
    receive(run(from(first_us, 5)));
    execute("UPDATE identity_pack SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) AS BLOB)");
    EXPECT_THROW(receive(run({first_us + 4})), StoreFailure);
    EXPECT_THROW(store->export_page("", 500), StoreFailure);
    EXPECT_EQ(damage(), std::vector<std::string>{"1 packs of dedup keys cannot be read"});
    const auto report = salvage_store(options.state_dir, folder.path() / "fresh");
    EXPECT_EQ(report.missing, std::vector<std::string>{"1 dedup keys"});
}

TEST_F(IdentityPacks, ThatOverlapAreDamage) {
    receive(run(from(first_us, 5)));
    receive(run(from(first_us + 10, 5)));
    execute("UPDATE identity_pack SET last_stamp_us = 1010 WHERE first_id = 1");
    EXPECT_EQ(damage(), (std::vector<std::string>{"1 packs of dedup keys overlap",
                                                  "1 packs of dedup keys cannot be read"}));
}

TEST_F(IdentityPacks, OfABatchThatTheDiskHadNoRoomForAreNotKnown) {
    receive(run(from(first_us, 5)));
    execute("PRAGMA max_page_count = " + ask("PRAGMA page_count"));
    EXPECT_TRUE(receive(run(from(first_us, 600))).full);
    EXPECT_EQ(packs(), "1000-1004 5");
    execute("PRAGMA max_page_count = 100000");
    EXPECT_EQ(receive(run(from(first_us, 600))).arrived.size(), 595U);
    EXPECT_EQ(damage(), none());
}

TEST_F(IdentityPacks, AreExported) {
    receive(run(from(first_us, 300)));
    std::vector<TransferRecord> records;
    std::optional<std::string> after("");
    for (; after; after = store->export_page(*after, 7).next) {
        for (const Json& line : store->export_page(*after, 7).records) {
            records.push_back(parse_transfer_json(line));
        }
    }
    EXPECT_EQ(store->import_records(records, false)->added, 0U);
    options.state_dir = folder.path() / "other";
    open();
    EXPECT_EQ(store->import_records(records, false)->added, records.size() - 1);  // but the store's
    EXPECT_TRUE(receive(run(from(first_us, 300))).arrived.empty());
    EXPECT_EQ(damage(), none());
}

TEST_F(IdentityPacks, StandBesideTheRowsOfAnOlderStore) {
    options.pack_messages_min = 1000;
    reopen();
    receive(run(from(first_us, 10)));
    EXPECT_EQ(rows(), "10");
    store.reset();
    {
        sqlite::Connection old((options.state_dir / "p2pd.db").string(), "");
        old.execute("PRAGMA locking_mode = EXCLUSIVE");
        old.execute("DROP TABLE identity_pack; PRAGMA user_version = 7");
        for (const std::int64_t us : from(first_us, 10)) hash_as_before(old, us);
    }
    EXPECT_EQ(check_store(options.state_dir).damage, none());
    options.pack_messages_min = 4;
    open();
    EXPECT_TRUE(receive(run({first_us})).arrived.empty());
    EXPECT_EQ(receive(run(from(first_us, 20))).arrived.size(), 10U);
    EXPECT_EQ(packs(), "1010-1019 10");
    EXPECT_TRUE(receive(run(from(first_us, 20))).arrived.empty());
    EXPECT_EQ(marked(first_us), 1U);
    EXPECT_EQ(damage(), none());
}

/// Whatever comes in which order, with which timestamps: each once.
TEST_F(IdentityPacks, KeepEachMessageOnceWhateverComes) {
    std::mt19937 random{20261130};
    std::set<std::string> known;
    for (int round = 0; round < 300; ++round) {
        std::vector<ReceivedMessage> messages;
        std::set<std::size_t> expected;
        const int range = random() % 3 == 0 ? 20 : 2000;
        const std::int64_t begin = 1 + random() % 2000;
        const bool rises = random() % 2 == 0;
        for (std::size_t i = 0, size = 1 + random() % 40; i < size; ++i) {
            const Endpoint& peer = random() % 30 == 0 ? bob : alice;
            const std::int64_t us =
                rises ? begin + std::int64_t(i) : begin + std::int64_t(random() % range);
            const std::string what = random() % 4 == 0 ? "other" : "text";
            messages.push_back(received(peer, us, what));
            if (known.insert(peer.text() + " " + std::to_string(us) + what).second) {
                expected.insert(i);
            }
        }
        std::set<std::size_t> kept;
        for (const auto& arrived : receive(messages).arrived) kept.insert(arrived.received);
        ASSERT_EQ(kept, expected) << "round " << round;
        if (round % 50 == 49) {
            ASSERT_EQ(damage(), none());
            open();
        }
    }
    EXPECT_EQ(store->counts().messages, known.size());
    EXPECT_EQ(identities_in(*store).size(), known.size());
    EXPECT_NE(ask("SELECT count(*) FROM identity_pack"), "0");
}

}  // namespace p2pd::test
