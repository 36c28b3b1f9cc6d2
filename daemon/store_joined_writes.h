// daemon: writes to a file of SQLite's that follow one another become one. Includes std, SQLite.
#pragma once

#include <cstddef>
#include <vector>

#include <sqlite3.h>

namespace p2pd {

/// SQLite writes its log in two pieces a frame and a database page by page, each a system call that
/// costs more than its copy. Nothing that SQLite relies on before a sync or a read is held back by
/// it, so neither can tell the difference; a failure is told by the next call that needs the bytes.
class JoinedWrites {
public:
    static constexpr std::size_t bytes_max = std::size_t{32} * 1024;

    /// SQLite's codes, of this write or of one before it. Throws std::bad_alloc.
    int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at);
    /// To be called before anything else is done with this file. What fails to be written is
    /// forgotten: SQLite starts again from what was synced.
    int flush(sqlite3_file* file);

private:
    int flush();

    sqlite3_file* file_ = nullptr;  ///< whose bytes these are, if there are any
    sqlite3_int64 at_ = 0;
    std::vector<char> bytes_;
};

}  // namespace p2pd
