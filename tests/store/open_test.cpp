// tests/store: opening: whose folder it is, whose version, and that it is ours alone.
#include <array>
#include <filesystem>
#include <unistd.h>

#include "tests/store/store_fixture.h"

namespace p2pd::test {

namespace fs = std::filesystem;

class Open : public StoreTest {
protected:
    std::string failure() {
        try {
            Store another(options);
        } catch (const StoreFailure& failure) {
            return failure.what();
        }
        return {};
    }
    void change_file(const std::string& sql) {
        store.reset();
        sqlite::Connection connection((options.state_dir / "p2pd.db").string(), "");
        connection.execute(sql);
    }
};

TEST_F(Open, MakesFolderAndFilesForItsUserAlone) {
    store->maintain(at_second(1));
    receive({received(alice, 1, "a")});
    EXPECT_EQ(fs::status(options.state_dir).permissions(), fs::perms::owner_all);
    int files = 0;
    for (const auto& entry : fs::directory_iterator(options.state_dir)) {
        EXPECT_EQ(entry.status().permissions(), fs::perms::owner_read | fs::perms::owner_write)
            << entry.path();
        ++files;
    }
    EXPECT_EQ(files, 5);  // database, WAL, lock, ballast, witness; no shared memory
}

TEST_F(Open, TakesAFolderBehindALink) {
    receive({received(alice, 1, "a")});
    fs::create_directory_symlink(options.state_dir, folder.path() / "link");
    options.state_dir = folder.path() / "link";
    reopen();
    EXPECT_EQ(inbox(), std::vector<std::string>{"a"});
}

TEST_F(Open, RefusesAFolderThatAnotherDaemonHas) {
    EXPECT_EQ(failure(), options.state_dir.string() + " is in use by another p2pd (process " +
                             std::to_string(getpid()) +
                             "); stop it, or choose another state folder");
    store.reset();
    EXPECT_EQ(failure(), "");
}

TEST_F(Open, RefusesANewerSchema) {
    change_file("PRAGMA user_version = 99");
    EXPECT_NE(failure().find("upgrade p2pd"), std::string::npos) << failure();
}

TEST_F(Open, RefusesTheDatabaseOfAnotherProgram) {
    change_file("PRAGMA application_id = 1");
    EXPECT_NE(failure().find("not a store of p2pd"), std::string::npos) << failure();
}

TEST_F(Open, RefusesWhatIsNoDatabase) {
    store.reset();
    fs::remove(options.state_dir / "p2pd.db-wal");
    fs::resize_file(options.state_dir / "p2pd.db", 0);
    fs::copy_file("/proc/self/exe", options.state_dir / "p2pd.db",
                  fs::copy_options::overwrite_existing);
    EXPECT_NE(failure().find("not a database"), std::string::npos) << failure();
}

TEST_F(Open, RefusesAPathThatIsNoFolder) {
    options.state_dir = "/proc/self/exe";
    EXPECT_NE(failure().find("cannot use the state folder"), std::string::npos) << failure();
}

TEST_F(Open, SetsWhatPolicyPAsksFor) {
    EXPECT_EQ(ask("PRAGMA journal_mode"), "wal");
    EXPECT_EQ(ask("PRAGMA synchronous"), "2");
    EXPECT_EQ(ask("PRAGMA locking_mode"), "exclusive");
    EXPECT_EQ(ask("PRAGMA wal_autocheckpoint"), "0");
}

TEST_F(Open, LeavesNothingInTheLog) {
    receive({received(alice, 1, "a")});
    reopen();
    EXPECT_EQ(fs::file_size(options.state_dir / "p2pd.db-wal"), 0U);
    EXPECT_EQ(inbox(), std::vector<std::string>{"a"});
}

class Migration : public Open {
protected:
    static constexpr std::array steps{
        "CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('kept')",
        "ALTER TABLE note ADD COLUMN size INTEGER; UPDATE note SET size = length(text)",
        "CREATE TABLE broken (a); INSERT INTO nowhere VALUES (1)"};
    std::string path = (folder.path() / "old.db").string();
};

TEST_F(Migration, TakesEachStepOnceAndKeepsWhatIsThere) {
    sqlite::Connection connection(path, "");
    migrate(connection, std::span(steps).first(1));
    EXPECT_EQ(connection.ask("PRAGMA user_version"), "1");
    migrate(connection, std::span(steps).first(2));
    migrate(connection, std::span(steps).first(2));
    EXPECT_EQ(connection.ask("PRAGMA user_version"), "2");
    EXPECT_EQ(connection.ask("SELECT size FROM note"), "4");
}

TEST_F(Migration, ThatFailsLeavesTheStoreAsItWas) {
    {
        sqlite::Connection connection(path, "");
        migrate(connection, std::span(steps).first(1));
        EXPECT_THROW(migrate(connection, steps), StoreFailure);
    }
    sqlite::Connection connection(path, "");
    EXPECT_EQ(connection.ask("PRAGMA user_version"), "1");
    EXPECT_EQ(connection.ask("SELECT count(*) FROM pragma_table_info('note')"), "1");
    EXPECT_EQ(connection.ask("SELECT count(*) FROM sqlite_schema WHERE name = 'broken'"), "0");
}

}  // namespace p2pd::test
