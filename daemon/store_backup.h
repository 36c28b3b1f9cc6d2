// daemon: a consistent copy of the store, made a piece at a time while it is used. Includes std,
// the other rooms of the store.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "daemon/store_state.h"

namespace p2pd {

/// Whatever is committed between two steps is in the copy as well: it is made through the same
/// connection. Under its final name it is whole and synced.
class Backup {
public:
    /// Begins one in `folder`, which is made.
    Backup(StoreState& state, std::filesystem::path folder, WallTime now);
    ~Backup();
    Backup(const Backup&) = delete;
    Backup& operator=(const Backup&) = delete;

    /// Copies the next pages. Done: its path and size. Throws StoreFailure for damage of the store.
    BackupStep step();

private:
    struct Finish {
        void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
    };
    BackupStep complete();
    BackupStep fail(const std::string& why) const;

    StoreState& state_;
    std::filesystem::path folder_;
    std::filesystem::path path_;
    std::filesystem::path unfinished_;
    std::unique_ptr<sqlite::Connection> copy_;
    std::unique_ptr<sqlite3_backup, Finish> backup_;
};

}  // namespace p2pd
