// daemon: the write-ahead log as a file. Includes std, daemon/sqlite.h.
#pragma once

#include <cstdint>
#include <string>

struct sqlite3_file;

namespace p2pd {

/// Writes the log of `database` anew, as it is read, and syncs it; before SQLite opens either.
///
/// After a failed sync the page cache shows a transaction that the disk's log lacks. SQLite would
/// recover it and bring it into the main file page by page; if the power failed in the middle of
/// that, the disk would have some of its pages and a log that cannot complete it. Now what is
/// recovered is in the log on the disk first. The zeros of lengthen_log() are left as they are.
///
/// `vfs` as in StoreOptions. Throws sqlite::Full, or StoreFailure.
void renew_log(const std::string& database, const std::string& vfs);

/// Writes a piece of zeros behind the end of an open log of less than `bytes`, and syncs the last
/// one. A commit that need not make the file longer is synced in half the time; no frame begins
/// with zeros, so SQLite takes its log to end where it did. True: there is more to do. False, too,
/// if there is no room. Throws StoreFailure.
bool lengthen_log(sqlite3_file& log, std::uint64_t bytes);

}  // namespace p2pd
