// tests/store: damage is found: page sums, the witness of the commits, --check-store.
#include <algorithm>

#include "daemon/store_check.h"
#include "daemon/store_rows.h"
#include "tests/store/damage.h"
#include "tests/store/failing_vfs.h"

namespace p2pd::test {

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t frame_bytes = page_bytes + 24;

bool contains(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

}  // namespace

class Integrity : public DamageTest {
protected:
    std::string failure_of(const Files& files) {
        try {
            everything_in(*open_files(files));
        } catch (const StoreFailure& failure) {
            return failure.what();
        }
        return {};
    }
    CheckReport check(const Files& files) {
        write_files(trial(), files);
        return check_store(trial());
    }
    /// The pages of a table or an index.
    std::set<PageNumber> pages_of(const Files& files, const std::string& root) {
        write_files(trial(), files);
        const PageFile file(trial() / "p2pd.db");
        std::set<PageNumber> pages;
        Leaf rows;
        EXPECT_TRUE(read_tree(file, static_cast<PageNumber>(std::stoul(root)), pages, rows));
        return pages;
    }
    std::string root_of(const std::string& name) {
        return ask("SELECT rootpage FROM sqlite_schema WHERE name = '" + name + "'");
    }
};

TEST_F(Integrity, EveryPageOfANewStoreHasItsSum) {
    fill(20);
    const Files files = closed();
    const std::string& database = files.at("p2pd.db");
    for (std::size_t at = 0; at < database.size(); at += page_bytes) {
        const std::span page(reinterpret_cast<const std::uint8_t*>(database.data()) + at,
                             page_bytes);
        EXPECT_TRUE(is_whole_page(page, static_cast<std::uint32_t>(at / page_bytes + 1))) << at;
    }
    EXPECT_TRUE(check(files).damage.empty());
}

TEST_F(Integrity, FindsPagesThatHaveChangedPlaces) {
    fill(10);
    const std::string root = root_of("body");
    Files files = closed();
    const auto pages = pages_of(files, root);
    const auto first = std::ptrdiff_t((*pages.begin() - 1) * page_bytes);
    const auto last = std::ptrdiff_t((*pages.rbegin() - 1) * page_bytes);
    const auto begin = files["p2pd.db"].begin();
    std::swap_ranges(begin + first, begin + first + page_bytes, begin + last);
    EXPECT_TRUE(contains(failure_of(files), "is damaged: page ")) << failure_of(files);
    EXPECT_GE(check(files).damage.size(), 2U);
}

TEST_F(Integrity, ADamagedHeaderDoesNotTurnTheChecksOff) {
    fill(5);
    Files files = closed();
    files["p2pd.db"][reserved_bytes_at] = 0;
    EXPECT_TRUE(contains(failure_of(files), "its header is not as it was written"));
    EXPECT_FALSE(check(files).damage.empty());
}

TEST_F(Integrity, SaysWhichPageAndWhatToDo) {
    fill(5);
    Files files = closed();
    files["p2pd.db"][4096 * 3 + 100] ^= 1;
    const CheckReport report = check(files);
    EXPECT_EQ(std::ranges::count(report.damage, "page 4 is not as it was written"), 1);
    files["p2pd.db"][100] ^= 1;
    const std::string text = failure_of(files);
    EXPECT_TRUE(contains(text, "p2pd.db is damaged: page 1 is not as it was written")) << text;
    EXPECT_TRUE(contains(text, "p2pd --salvage NEWDIR")) << text;
}

TEST_F(Integrity, AStoreOfBeforeIsUsedWithoutSums) {
    store.reset();
    std::filesystem::remove_all(options.state_dir);
    std::filesystem::create_directory(options.state_dir);
    sqlite3* old = nullptr;
    ASSERT_EQ(sqlite3_open((options.state_dir / "p2pd.db").c_str(), &old), SQLITE_OK);
    const std::string sql = std::string(store_migrations()[0]) +
                            "; PRAGMA user_version = 1; PRAGMA application_id = 1882353764";
    ASSERT_EQ(sqlite3_exec(old, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(old);
    options.move_ahead = MoveAhead::next;  // for which there must be sums
    options.move_bytes_min = 10'000;
    open();
    fill(3);
    const auto before = inbox();
    reopen();
    EXPECT_FALSE(StoreInspector::rooms(*store).state.connection().summed());
    EXPECT_EQ(inbox(), before);
    store.reset();
    EXPECT_TRUE(check_store(options.state_dir).damage.empty());
}

TEST_F(Integrity, ALostEndOfTheLogIsNoShorterInbox) {
    fill(3);
    Files files = killed();
    ASSERT_GT(files.at("p2pd.db-wal").size(), 10 * frame_bytes);
    std::string& log = files["p2pd.db-wal"];
    log[log.size() - frame_bytes] ^= 4;
    EXPECT_TRUE(contains(failure_of(files), "has lost its last 1 commits")) << failure_of(files);
    EXPECT_EQ(check(files).damage, std::vector<std::string>{"the last 1 commits are lost"});
    log.clear();
    EXPECT_TRUE(contains(failure_of(files), "has lost its last "));
}

/// What the log writes behind the cut would hide it: SQLite takes what is between for zeros.
TEST_F(Integrity, ALostEndOfTheDatabaseIsNoTextOfZeros) {
    fill(4);
    store->checkpoint();
    fill(8);
    Files files = killed();
    ASSERT_NO_THROW(open_files(files));
    std::string& database = files.at("p2pd.db");
    database.resize(database.size() - 4096 - 100);
    EXPECT_THROW(open_files(files), StoreFailure);
}

TEST_F(Integrity, AnEmptiedDatabaseIsNoNewOne) {
    fill(3);
    Files files = closed();
    files["p2pd.db"].clear();
    EXPECT_TRUE(contains(failure_of(files), "is empty, but had")) << failure_of(files);
    EXPECT_FALSE(check(files).damage.empty());
}

TEST_F(Integrity, AMissingWitnessIsWorthAWarning) {
    fill(3);
    Files files = closed();
    EXPECT_TRUE(open_files(files)->warnings().empty());
    files["p2pd.commits"][2] ^= 1;
    EXPECT_EQ(open_files(files)->warnings().size(), 1U);
    files.erase("p2pd.commits");
    EXPECT_EQ(open_files(files)->warnings().size(), 1U);
    EXPECT_EQ(check(files).damage, std::vector<std::string>{});
}

TEST_F(Integrity, AWitnessThatIsRemovedIsMadeAgain) {
    receive({received(alice, 1, "a")});
    const auto witness = options.state_dir / "p2pd.commits";
    ASSERT_TRUE(std::filesystem::remove(witness));
    receive({received(alice, 2, "b")});
    EXPECT_TRUE(std::filesystem::exists(witness));
    reopen();
    EXPECT_TRUE(store->warnings().empty());
}

TEST_F(Integrity, EachCommitThatChangesSomethingIsCounted) {
    const auto commits = [this] { return std::stoi(ask("SELECT commits FROM meta")); };
    receive({received(alice, 1, "a")});
    const int before = commits();
    receive({received(alice, 1, "a")});  // a copy
    EXPECT_EQ(commits(), before);
    store->set_name(alice, "alice", std::nullopt);
    EXPECT_EQ(commits(), before + 1);
    store->mark(std::vector<MessageId>{1}, false, true);
    EXPECT_EQ(commits(), before + 2);
    StoreFolder& files = StoreInspector::rooms(*store).state.file().folder();
    EXPECT_EQ(files.witnessed_commits(), before + 2);
}

TEST_F(Integrity, ADamagedIndexIsReplaced) {
    fill(60);
    SearchParams params;
    params.words = "word*";
    params.limit = 500;
    const auto expected = texts(store->search(params, std::nullopt));
    ASSERT_GT(expected.size(), 100U);
    const std::string root = root_of("message_fts_data");
    Files files = closed();
    for (const PageNumber page : pages_of(files, root)) {
        files["p2pd.db"][(page - 1) * page_bytes + 2000] ^= 1;
    }
    EXPECT_FALSE(check(files).damage.empty());
    auto mended = open_files(files);
    EXPECT_EQ(texts(mended->search(params, std::nullopt)), expected);
    EXPECT_EQ(mended->remove(std::vector<MessageId>{12}), 1U);
    mended->checkpoint();
    mended.reset();
    files = read_files(trial());
    EXPECT_EQ(check(files).damage, std::vector<std::string>{});
}

TEST_F(Integrity, DamageOfMessagesDoesNotCostTheIndex) {
    fill(60);
    const std::string root = root_of("body");
    Files files = closed();
    const auto pages = pages_of(files, root);
    files["p2pd.db"][(*pages.rbegin() - 1) * page_bytes + 2000] ^= 1;
    SearchParams params;
    params.words = "word*";
    const auto damaged = open_files(files);
    EXPECT_THROW(
        {
            ListParams all;
            all.limit = 500;
            all.after = 0;
            for (;;) {
                const auto page = damaged->list(all, std::nullopt);
                if (!page.more) break;
                all.after = page.messages.back().id;
            }
        },
        sqlite::Damaged);
}

}  // namespace p2pd::test
