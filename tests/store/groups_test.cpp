// tests/store: the groups of the address book.
#include "daemon/store_import.h"
#include "daemon/store_salvage.h"
#include "tests/store/damage.h"

namespace p2pd::test {

class Groups : public DamageTest {
protected:
    GroupChange add(const std::string& name, const std::vector<std::string>& members) {
        return store->add_to_group(name, members);
    }
    std::vector<std::string> members(const std::string& name) { return store->group(name).members; }
};

using Members = std::vector<std::string>;

TEST_F(Groups, KeepTheOrderInWhichTheirMembersCame) {
    EXPECT_EQ(add("ops", {"carol", "10.0.0.9", "alice"}), GroupChange::done);
    EXPECT_EQ(add("ops", {"bob", "carol"}), GroupChange::done);
    EXPECT_EQ(members("ops"), (Members{"carol", "10.0.0.9", "alice", "bob"}));
}

TEST_F(Groups, LoseMembersOneByOneAndThenAll) {
    add("ops", {"alice", "bob", "carol"});
    EXPECT_EQ(store->remove_from_group("ops", Members{"bob"}), GroupChange::done);
    EXPECT_EQ(members("ops"), (Members{"alice", "carol"}));
    EXPECT_EQ(store->remove_from_group("ops", Members{"bob"}), GroupChange::unknown);
    EXPECT_EQ(store->remove_from_group("ops", Members{}), GroupChange::done);
    EXPECT_TRUE(store->groups().empty());
}

TEST_F(Groups, WithTooManyMembersAreNotChanged) {
    Members many;
    for (std::size_t i = 0; i < group_members_max; ++i) many.push_back("m" + std::to_string(i));
    EXPECT_EQ(add("ops", many), GroupChange::done);
    EXPECT_EQ(add("ops", {"m0"}), GroupChange::done);
    EXPECT_EQ(add("ops", {"one-more"}), GroupChange::too_many);
    EXPECT_EQ(members("ops"), many);
}

TEST_F(Groups, ThereAreOnlySoMany) {
    for (std::size_t i = 0; i < groups_max; ++i) {
        EXPECT_EQ(add("g" + std::to_string(i), {"bob"}), GroupChange::done);
    }
    EXPECT_EQ(add("one-more", {"bob"}), GroupChange::too_many);
    EXPECT_EQ(store->groups().size(), groups_max);
}

TEST_F(Groups, WhoeverIsRenamedStaysInThem) {
    const Endpoint endpoint = *parse_endpoint("10.0.0.5:5000", 0);
    store->set_name(endpoint, "bob", std::nullopt);
    add("ops", {"bob", "carol"});
    store->set_name(endpoint, "robert", std::nullopt);
    EXPECT_EQ(members("ops"), (Members{"robert", "carol"}));
}

TEST_F(Groups, AreExportedAndImportedOnce) {
    add("ops", {"carol", "bob"});
    std::vector<TransferRecord> records;
    for (const Json& each : store->export_page("", 500).records) {
        records.push_back(parse_transfer_json(each));
        EXPECT_EQ(reason_against(records.back()), "");
    }
    StoreOptions there = options;
    there.state_dir = folder.path() / "other";
    Store other(there);
    EXPECT_EQ(other.import_records(records, false).value().added, 2U);
    EXPECT_EQ(other.import_records(records, false).value().added, 0U);
    EXPECT_EQ(other.group("ops").members, (Members{"carol", "bob"}));
}

TEST_F(Groups, AreSalvaged) {
    add("ops", {"carol", "bob"});
    store.reset();
    salvage_store(options.state_dir, folder.path() / "new");
    StoreOptions salvaged = options;
    salvaged.state_dir = folder.path() / "new";
    EXPECT_EQ(Store(salvaged).group("ops").members, (Members{"carol", "bob"}));
}

}  // namespace p2pd::test
