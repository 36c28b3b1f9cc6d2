// daemon: the open file of the store: how it is started, its log, its room. Includes std,
// daemon/sqlite.h, the rooms of the store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/sqlite.h"
#include "daemon/store_folder.h"
#include "daemon/store_moves_ahead.h"

namespace p2pd {

/// The file with the pragmas and the start-up that Policy P asks for; made before any room
/// prepares a statement on it.
class StoreFile {
public:
    explicit StoreFile(const StoreOptions& options);

    StoreFolder& folder() { return *folder_; }
    sqlite::Connection& connection() { return connection_; }

    /// Keeps the log about as long as StoreOptions say, by a checkpoint or by what saves one from
    /// having much to do. Before a transaction rather than after it, so that no acknowledgement
    /// waits for it.
    void checkpoint_if_due();
    /// Everything into the main file, and the WAL to length 0. False: no room for that now.
    bool checkpoint_and_truncate();
    /// Everything into the main file, so that the WAL is used from its start again.
    bool checkpoint_and_reuse();
    /// Makes the WAL a piece longer, up to what it may need before a checkpoint, once something is
    /// in it and if that is little beside the room on the disk. True: there is more to do.
    bool lengthen_log(std::size_t bytes);
    /// With the room of the WAL, if need be: the next one to make room shall find it again.
    void restore_ballast();
    std::size_t wal_bytes() const { return wal_bytes_; }
    /// What was strange at the start.
    const std::vector<std::string>& warnings() const { return warnings_; }

    /// To be called before a commit that leaves the store `pages` long: sets room aside for them in
    /// the main file. Throws Full if there is none. Without it a commit could fit the WAL, and the
    /// checkpoint that is needed at the next start not fit the disk.
    void reserve(std::uint64_t pages);

private:
    void configure(const StoreOptions& options);
    void start(const StoreOptions& options);
    void check_witness();
    void rewrite_recovered();
    sqlite3_file* log();
    void sync_log();
    bool checkpoint(int mode);
    void finish_move();
    int checkpoint_now(int mode, int& frames, int& moved);
    FrameNumber log_frames() const;
    static int count_wal_pages(void* self, sqlite3*, const char*, int pages);

    std::unique_ptr<StoreFolder> folder_;
    sqlite::Connection connection_;
    std::size_t checkpoint_bytes_;
    std::size_t move_bytes_min_;
    std::size_t page_bytes_ = 0;
    std::size_t wal_bytes_ = 0;
    std::uint64_t reserved_bytes_ = 0;  ///< of the main file
    std::vector<std::string> warnings_;
    std::optional<MovesAhead> moves_;  ///< the last: what it does beside uses the files of others
};

}  // namespace p2pd
