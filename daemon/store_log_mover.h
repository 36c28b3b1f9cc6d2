// daemon: pages of the log brought to the database ahead of its checkpoint. Includes std, SQLite,
// daemon/store_page_writer.h, daemon/store_vfs_file.h.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "daemon/store_log_frames.h"
#include "daemon/store_page_writer.h"
#include "daemon/store_vfs_file.h"

namespace p2pd {

/// What a checkpoint does to pages, done with what is in the log and synced, while SQLite goes on:
/// for that the database is what is under its log, where nobody reads what the log has over it. A
/// crash leaves what a crash in a checkpoint would: the log has all of it. For a database with
/// sums.
///
/// Used by one thread at a time, beside the one that uses the connection.
class LogMover {
public:
    /// Through the file system of that name, past any checks. Both files must be there. Throws
    /// sqlite::Full, or StoreFailure.
    LogMover(const std::string& vfs, const std::string& database, std::size_t page_bytes);

    struct Moved {
        std::vector<PageNumber> pages;  ///< of each frame
        sqlite3_int64 file_bytes = 0;   ///< of the database
    };
    /// Brings the newest pages of frames `begin` to `end`, which are committed and synced, to the
    /// database, which is `file_bytes` long, and syncs it. Throws sqlite::Full, after which the log
    /// has everything as before; or StoreFailure.
    Moved move(FrameNumber begin, FrameNumber end, sqlite3_int64 file_bytes);

private:
    using Newest = std::map<PageNumber, FrameNumber>;  ///< in the order of the database

    Newest read(FrameNumber begin, FrameNumber end, std::vector<PageNumber>& pages);
    void write(const Newest& newest, PageWriter& writer);
    std::span<const std::uint8_t> frame(FrameNumber number) const;

    VfsFile database_;
    VfsFile log_;
    LogFrames frames_;
    std::vector<std::uint8_t> bytes_;  ///< of the frames being moved
};

}  // namespace p2pd
