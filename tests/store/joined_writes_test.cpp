// tests/store: writes that follow one another, and what may not be held back. Includes std, SQLite,
// GoogleTest, daemon/store_joined_writes.h.
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/store_joined_writes.h"

namespace p2pd {
namespace {

/// A file that remembers how it was written.
struct RecordedFile : sqlite3_file {
    RecordedFile() : sqlite3_file{&methods()} {}

    static const sqlite3_io_methods& methods() {
        static const sqlite3_io_methods all = [] {
            sqlite3_io_methods made{};
            made.iVersion = 1;
            made.xWrite = [](sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
                return static_cast<RecordedFile*>(file)->write(
                    {static_cast<const char*>(from), static_cast<std::size_t>(size)}, at);
            };
            return made;
        }();
        return all;
    }

    int write(std::string_view bytes, sqlite3_int64 at) {
        if (code != SQLITE_OK) return code;
        writes.push_back(std::to_string(at) + ":" +
                         (bytes.size() < 100 ? std::string(bytes) : std::to_string(bytes.size())));
        return SQLITE_OK;
    }

    std::vector<std::string> writes;  ///< "at:bytes", or how many
    int code = SQLITE_OK;
};

using Writes = std::vector<std::string>;

struct JoinedWritesTest : testing::Test {
    int write(RecordedFile& file, std::string_view bytes, sqlite3_int64 at) {
        return joined.write(&file, bytes.data(), static_cast<int>(bytes.size()), at);
    }

    RecordedFile database;
    RecordedFile log;
    JoinedWrites joined;
};

TEST_F(JoinedWritesTest, ThatFollowOneAnotherAreOne) {
    EXPECT_EQ(write(log, "head", 32), SQLITE_OK);
    EXPECT_EQ(write(log, "page", 36), SQLITE_OK);
    EXPECT_EQ(write(log, "head", 40), SQLITE_OK);
    EXPECT_EQ(log.writes, Writes{});
    EXPECT_EQ(joined.flush(&log), SQLITE_OK);
    EXPECT_EQ(log.writes, Writes{"32:headpagehead"});
}

TEST_F(JoinedWritesTest, AreWrittenOnce) {
    write(log, "a", 0);
    joined.flush(&log);
    joined.flush(&log);
    write(log, "b", 1);
    joined.flush(&log);
    EXPECT_EQ(log.writes, (Writes{"0:a", "1:b"}));
}

TEST_F(JoinedWritesTest, KeepTheirOrderWhereverTheyGo) {
    write(log, "late", 100);
    write(log, "early", 0);
    write(log, "again", 0);
    write(log, "gap", 6);
    joined.flush(&log);
    EXPECT_EQ(log.writes, (Writes{"100:late", "0:early", "0:again", "6:gap"}));
}

TEST_F(JoinedWritesTest, OfOneFileAreNotThoseOfAnother) {
    write(log, "log", 0);
    write(database, "database", 3);
    EXPECT_EQ(log.writes, Writes{"0:log"});
    EXPECT_EQ(joined.flush(&log), SQLITE_OK);
    EXPECT_EQ(database.writes, Writes{});
    joined.flush(&database);
    EXPECT_EQ(database.writes, Writes{"3:database"});
}

TEST_F(JoinedWritesTest, AreHeldBackOnlyUpToTheirBound) {
    const std::string half(JoinedWrites::bytes_max / 2, 'x');
    for (int i = 0; i < 3; ++i) write(log, half, static_cast<sqlite3_int64>(i * half.size()));
    EXPECT_EQ(log.writes, Writes{"0:" + std::to_string(JoinedWrites::bytes_max)});
}

TEST_F(JoinedWritesTest, LetWhatIsLargerPassBehindWhatWasBefore) {
    const std::string large(JoinedWrites::bytes_max + 1, 'x');
    write(log, "small", 0);
    write(log, large, 5);
    EXPECT_EQ(log.writes, (Writes{"0:small", "5:" + std::to_string(large.size())}));
}

TEST_F(JoinedWritesTest, TellAFailureWhenTheBytesAreNeededAndOnce) {
    log.code = SQLITE_FULL;
    EXPECT_EQ(write(log, "page", 0), SQLITE_OK);
    EXPECT_EQ(joined.flush(&log), SQLITE_FULL);
    log.code = SQLITE_OK;
    EXPECT_EQ(joined.flush(&log), SQLITE_OK);
    EXPECT_EQ(log.writes, Writes{});
}

TEST_F(JoinedWritesTest, TellAFailureToTheWriteThatCannotJoin) {
    log.code = SQLITE_IOERR_WRITE;
    write(log, "page", 0);
    EXPECT_EQ(write(log, "elsewhere", 100), SQLITE_IOERR_WRITE);
    log.code = SQLITE_OK;
    EXPECT_EQ(joined.flush(&log), SQLITE_OK);
    EXPECT_EQ(log.writes, Writes{});  // SQLite does not rely on either
}

}  // namespace
}  // namespace p2pd
