// tests/store: export and import round-trip; a backup is the store of one moment.
#include "daemon/store_check.h"
#include "daemon/store_import.h"
#include "tests/store/damage.h"

namespace p2pd::test {

class Transfer : public DamageTest {
protected:
    Transfer() {
        StoreOptions there = options;
        there.state_dir = folder.path() / "other";
        other = std::make_unique<Store>(there);
    }

    static std::vector<std::string> lines(Store& of, std::uint32_t limit = 500) {
        std::vector<std::string> lines;
        std::string after;
        for (;;) {
            const ExportResult page = of.export_page(after, limit);
            for (const Json& record : page.records) lines.push_back(record.dump());
            if (!page.next) return lines;
            after = *page.next;
        }
    }

    static std::vector<std::string> sorted(std::vector<std::string> lines) {
        std::ranges::sort(lines);
        return lines;
    }

    static ImportResult import(Store& into, const std::vector<std::string>& lines, bool pending) {
        std::vector<TransferRecord> records;
        for (const std::string& line : lines) {
            records.push_back(parse_transfer_json(Json::parse(line)));
            EXPECT_EQ(reason_against(records.back()), "") << line;
        }
        return into.import_records(records, pending).value();
    }

    std::unique_ptr<Store> other;
};

TEST_F(Transfer, RoundTripsIntoAnEmptyStore) {
    fill(20);
    const auto exported = lines(*store);
    ASSERT_GT(exported.size(), 200U);
    const ImportResult result = import(*other, exported, true);
    EXPECT_EQ(result.known + result.added, exported.size());
    EXPECT_EQ(result.cancelled, 0U);
    EXPECT_EQ(sorted(lines(*other)), sorted(exported));  // identities that were packed come last
    EXPECT_EQ(inbox(*other), inbox());
    EXPECT_EQ(other->recover(10).pending_messages, store->recover(10).pending_messages);
    EXPECT_EQ(other->recover(10).last_stamp_us, store->recover(10).last_stamp_us);
    other.reset();
    EXPECT_EQ(check_store(folder.path() / "other").damage, std::vector<std::string>{});
}

TEST_F(Transfer, PagesOfAnySizeGiveTheSame) {
    fill(4);
    EXPECT_EQ(lines(*store, 1), lines(*store));
    EXPECT_EQ(lines(*store, 7), lines(*store));
    EXPECT_EQ(lines(*other).size(), 1U);  // the store's own
}

TEST_F(Transfer, TheSameAgainChangesNothing) {
    fill(10);
    const auto exported = lines(*store);
    EXPECT_EQ(import(*store, exported, false).added, 0U);
    EXPECT_EQ(lines(*store), exported);
    import(*other, exported, true);
    EXPECT_EQ(import(*other, exported, true).added, 0U);
    EXPECT_EQ(sorted(lines(*other)), sorted(exported));
}

TEST_F(Transfer, LeavesWhatIsThereAndCancelsWhatWaits) {
    StoreBatch batch;
    batch.received = {received(alice, 900000, "newer")};
    other->commit(batch);
    other->set_name(bob, "robert", std::nullopt);
    receive({received(bob, 1, "older")});
    const MessageId waiting = send(outgoing(bob, 5, "out"));
    store->set_name(bob, "bob", std::nullopt);
    const auto exported = lines(*store);
    EXPECT_EQ(import(*other, exported, false).cancelled, 1U);
    EXPECT_EQ(inbox(*other), (std::vector<std::string>{"newer", "older"}));
    EXPECT_EQ(other->book().at(0).name, "robert");
    EXPECT_EQ(other->recover(10).pending_messages, 0U);
    EXPECT_EQ(record(waiting).state, SendState::queued);
    // What got another id is known as well.
    EXPECT_EQ(import(*other, exported, false).added, 0U);
    EXPECT_EQ(inbox(*other), (std::vector<std::string>{"newer", "older"}));
}

TEST_F(Transfer, KnowsCopiesOfWhatWasImported) {
    receive({received(alice, 1, "a")});
    import(*other, lines(*store), true);
    StoreBatch batch;
    batch.received = {received(alice, 1, "a"), received(alice, 2, "b")};
    other->commit(batch);
    EXPECT_EQ(inbox(*other), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Transfer, RefusesWhatCannotBeOfAStore) {
    const auto refused = [](const char* line) {
        try {
            return !reason_against(parse_transfer_json(Json::parse(line))).empty();
        } catch (const FieldError&) {
            return true;
        }
    };
    EXPECT_TRUE(refused("{}"));
    EXPECT_TRUE(refused("[]"));
    EXPECT_TRUE(refused(R"({"type":"star"})"));
    EXPECT_TRUE(refused(R"({"type":"store","format":2,"last_stamp_us":0})"));
    EXPECT_TRUE(refused(R"({"type":"identity","peer":"10.0.0.1:1","stamp_us":1,"hash":"00"})"));
    EXPECT_FALSE(refused(R"({"type":"store","format":1,"last_stamp_us":0})"));
}

TEST_F(Transfer, ABackupHasAllThatCameBeforeItsEnd) {
    fill(60);
    BackupStep step = store->backup(at_second(1000000));
    EXPECT_FALSE(step.done);
    receive({received(alice, 1'000'000'000, "meanwhile")});
    while (!step.done) step = store->backup(at_second(1000000));
    EXPECT_EQ(step.error, "");
    EXPECT_EQ(step.path, (options.state_dir / "backup/p2pd-19700112T134640Z.db").string());
    const std::string expected = everything_in(*store);
    const std::filesystem::path restored = folder.path() / "restored";
    std::filesystem::create_directory(restored);
    std::filesystem::copy_file(step.path, restored / "p2pd.db");
    EXPECT_EQ(step.bytes, std::filesystem::file_size(step.path));
    EXPECT_EQ(check_store(restored).damage, std::vector<std::string>{});
    StoreOptions there = options;
    there.state_dir = restored;
    Store copy(there);
    EXPECT_TRUE(everything_in(copy) == expected);
    EXPECT_TRUE(StoreInspector::rooms(copy).state.connection().summed());
}

TEST_F(Transfer, ABackupThatIsNotDoneLeavesNothing) {
    fill(60);
    EXPECT_FALSE(store->backup(at_second(1)).done);
    store.reset();
    EXPECT_TRUE(std::filesystem::is_empty(options.state_dir / "backup"));
}

}  // namespace p2pd::test
