// daemon: the write-ahead log of a store that is about to start. Includes std, daemon/sqlite.h.
#pragma once

#include <string>

namespace p2pd {

/// Writes the log of `database` anew, as it is read, and syncs it; before SQLite opens either.
///
/// After a failed sync the page cache shows a transaction that the disk's log lacks. SQLite would
/// recover it and bring it into the main file page by page; if the power failed in the middle of
/// that, the disk would have some of its pages and a log that cannot complete it. Now what is
/// recovered is in the log on the disk first.
///
/// `vfs` as in StoreOptions. Throws sqlite::Full, or StoreFailure.
void renew_log(const std::string& database, const std::string& vfs);

}  // namespace p2pd
