// tests/store: what is whole of a damaged store comes into the new one.
#include <set>

#include "daemon/store_check.h"
#include "daemon/store_rows.h"
#include "daemon/store_salvage.h"
#include "tests/store/damage.h"

namespace p2pd::test {

class SalvageTest : public DamageTest {
protected:
    /// Salvages `files`; the new store is open then.
    SalvageReport salvage(const Files& files) {
        write_files(trial(), files);
        salvaged.reset();
        fresh = std::make_unique<TemporaryFolder>();
        const SalvageReport report = salvage_store(trial(), fresh->path());
        EXPECT_EQ(check_store(fresh->path()).damage, std::vector<std::string>{});
        StoreOptions there = options;
        there.state_dir = fresh->path();
        salvaged = std::make_unique<Store>(there);
        return report;
    }

    static std::string ask_of(Store& of, const std::string& sql) {
        return StoreInspector::rooms(of).state.connection().ask(sql);
    }
    static std::set<std::string> rows(Store& of, const std::string& table) {
        if (table == "identity") return identities_in(of);
        auto& connection = StoreInspector::rooms(of).state.connection();
        std::string columns;
        sqlite::Statement names(connection, "SELECT name FROM pragma_table_info(?1)");
        {
            sqlite::Run name = names.run(table);
            while (name.step()) {
                columns +=
                    (columns.empty() ? "quote(" : "||quote(") + name.next<std::string>() + ")";
            }
        }
        std::set<std::string> rows;
        sqlite::Statement all(connection, "SELECT " + columns + " FROM " + table);
        sqlite::Run row = all.run();
        while (row.step()) rows.insert(row.next<std::string>());
        return rows;
    }

    std::unique_ptr<TemporaryFolder> fresh;
    std::unique_ptr<Store> salvaged;
};

TEST_F(SalvageTest, OfASoundStoreIsACopy) {
    fill(20);
    const std::string expected = everything_in(*store);
    const SalvageReport report = salvage(killed());
    EXPECT_EQ(report.missing, std::vector<std::string>{});
    EXPECT_TRUE(everything_in(*salvaged) == expected);
}

/// Each page of the file in its turn: all rows that are not in that page, nor reach into it, are
/// kept; of a message both its rows, and of a pack its messages.
TEST_F(SalvageTest, KeepsAllThatIsNotInTheDamagedPage) {
    fill(12);
    std::map<std::string, std::set<std::string>> before;
    const Files files = closed();
    {
        const auto original = open_files(files);
        for (const char* table : {"each_message", "peer", "identity", "part"}) {
            before[table] = rows(*original, table);
        }
    }
    const std::size_t pages = files.at("p2pd.db").size() / 4096;
    std::vector<std::size_t> rows_in_page;
    const PageFile whole(trial() / "p2pd.db");
    for (PageNumber page = 1; page <= pages; ++page) {
        const auto leaf = RowReader(whole).leaf(page);
        const std::size_t count =
            leaf ? leaf->rows.size() : RowReader(whole).interior_rows(page).rows.size();
        rows_in_page.push_back(std::max<std::size_t>(count, 1));  // one reaches into it
    }
    constexpr std::size_t pack_messages = 6;  // as fill() makes them
    std::size_t lost_most = 0;
    for (std::size_t page = 0; page < pages; ++page) {
        SCOPED_TRACE("page " + std::to_string(page + 1));
        Files damaged = files;
        for (std::size_t i = 0; i < 4096; i += 3) damaged["p2pd.db"][page * 4096 + i] ^= 0x55;
        salvage(damaged);
        for (const auto& [table, expected] : before) {
            if (table == "peer") continue;  // a lost name or dialect is a changed row
            const auto found = rows(*salvaged, table);
            std::size_t lost = 0;
            for (const std::string& row : expected) lost += found.contains(row) ? 0 : 1;
            EXPECT_LE(found.size(), expected.size());
            const bool packed = table == "each_message" || table == "identity";
            const std::size_t in_row = packed ? pack_messages : 1;
            EXPECT_LE(lost, rows_in_page[page] * in_row) << table;
            lost_most = std::max(lost_most, lost);
        }
        EXPECT_EQ(ask_of(*salvaged, "SELECT count(*) FROM peer WHERE address LIKE '10.0.0.%'"),
                  "2");
        if (HasFailure()) break;
    }
    EXPECT_GT(lost_most, 10U);
}

TEST_F(SalvageTest, FindsWhatIsBehindADamagedFrameOfTheLog) {
    fill(6);  // so few that the log was not begun again
    Files files = killed();
    const std::size_t whole = rows(*store, "each_message").size();
    files["p2pd.db-wal"][32 + 4120 * 20 + 500] ^= 1;
    EXPECT_THROW(open_files(files), StoreFailure);
    const SalvageReport report = salvage(files);
    EXPECT_FALSE(report.missing.empty());
    EXPECT_GE(rows(*salvaged, "each_message").size() + 22, whole);
}

TEST_F(SalvageTest, NeverGivesANumberTwice) {
    fill(5);
    const auto counts = store->counts();
    Files files = closed();
    files["p2pd.db"][4096 + 9] ^= 1;
    salvage(files);
    EXPECT_GT(salvaged->counts().newest_id, counts.newest_id);
    EXPECT_GT(salvaged->counts().last_cursor, counts.last_cursor);
}

TEST_F(SalvageTest, RefusesAFolderThatHasAStore) {
    fill(1);
    const Files files = closed();
    write_files(trial(), files);
    EXPECT_THROW(salvage_store(trial(), trial()), StoreFailure);
    EXPECT_THROW(salvage_store(folder.path() / "none", folder.path() / "new"), StoreFailure);
}

}  // namespace p2pd::test
