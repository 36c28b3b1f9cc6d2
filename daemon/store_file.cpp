// daemon: the open file of the store. Includes std, daemon/sqlite.h, the rooms of the store.
#include "daemon/store_file.h"

#include <algorithm>
#include <cerrno>

#include "daemon/store_each_message.h"
#include "daemon/store_log.h"
#include "daemon/store_page_file.h"
#include "daemon/store_schema.h"

namespace p2pd {

namespace {

constexpr std::uint64_t reserved_ahead_bytes = std::uint64_t{1024} * 1024;

[[noreturn]] void fail_for_room(const StoreFolder& folder) {
    throw StoreFailure("the disk is full: " + folder.database().parent_path().string() +
                       " has no room for the start; free some and start p2pd again");
}

/// A file that was emptied must not be taken for a new one.
std::string database_of(StoreFolder& folder) {
    const std::uint64_t commits = folder.witnessed_commits().value_or(0);
    if (folder.database_file_bytes() == 0 && commits > 0) {
        throw StoreFailure("the store " + folder.database().string() + " is empty, but had " +
                           std::to_string(commits) + " commits" + damage_advice);
    }
    // Before SQLite has the file open: to close another descriptor of it would drop its locks.
    if (is_cut(folder.database())) {
        throw sqlite::Damaged("the store " + folder.database().string() +
                              " is damaged: its end is missing" + damage_advice);
    }
    return folder.database().string();
}

void set(sqlite::Connection& connection, int option, int value) {
    connection.check(sqlite3_db_config(connection.handle(), option, value, nullptr));
}

}  // namespace

StoreFile::StoreFile(const StoreOptions& options)
    : folder_(options.open_folder ? options.open_folder(options.state_dir)
                                  : open_store_folder(options.state_dir)),
      connection_(database_of(*folder_), options.vfs),
      checkpoint_bytes_(options.checkpoint_bytes),
      move_bytes_min_(options.move_bytes_min) {
    if (options.parse_ahead) connection_.parse_ahead();
    add_each_message(connection_);
    try {
        if (options.policy_p) renew_log(folder_->database().string(), options.vfs);
        configure(options);
        start(options);
    } catch (const sqlite::Full&) {
        fail_for_room(*folder_);
    }
    moves_.emplace(connection_.vfs(), options.move_ahead, options.vfs, folder_->database().string(),
                   page_bytes_);
}

void StoreFile::configure(const StoreOptions& options) {
    set(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1);
    set(connection_, SQLITE_DBCONFIG_DEFENSIVE, 1);
    set(connection_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
    set(connection_, SQLITE_DBCONFIG_DQS_DML, 0);
    set(connection_, SQLITE_DBCONFIG_DQS_DDL, 0);
    // Exclusive before the first access: then the index of the WAL is in memory, not in a file.
    connection_.execute("PRAGMA locking_mode = EXCLUSIVE");
    require_own(connection_);
    if (connection_.ask("PRAGMA journal_mode = WAL") != "wal") {
        throw StoreFailure("the store cannot use a write-ahead log in " +
                           folder_->database().parent_path().string());
    }
    connection_.execute(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
        "PRAGMA cache_size = -32768; PRAGMA cell_size_check = ON; PRAGMA secure_delete = FAST");
    if (options.pages_max > 0) {
        connection_.execute("PRAGMA max_page_count = " + std::to_string(options.pages_max));
    }
    page_bytes_ = std::stoul(connection_.ask("PRAGMA page_size"));
    if (options.policy_p) {
        sqlite3_wal_hook(connection_.handle(), &StoreFile::count_wal_pages, this);
    } else {
        sqlite3_wal_autocheckpoint(connection_.handle(),
                                   static_cast<int>(options.checkpoint_bytes / page_bytes_));
    }
}

void StoreFile::start(const StoreOptions& options) {
    check_witness();
    migrate(connection_, store_migrations());
    if (options.policy_p) rewrite_recovered();
    folder_->renew_ballast();  // first of all, with the room that the WAL has just left
    folder_->sync();
}

/// After a crash the page cache may show what the disk does not have, because a sync failed and
/// its pages were marked clean. So what was recovered is written anew and synced before anything
/// is answered on the strength of it.
void StoreFile::rewrite_recovered() {
    if (!checkpoint_and_truncate()) {
        folder_->release_ballast();
        if (!checkpoint_and_truncate()) fail_for_room(*folder_);
    }
    sync_log();
}

/// SQLite does not sync a log that it has cut to length 0. Should the power go then, the disk might
/// have the old log again, and without what a sync had failed to bring there; the next start would
/// replay it over newer pages.
void StoreFile::sync_log() {
    sqlite3_file* const file = log();
    if (file == nullptr) return;  // there was none
    if (file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) != SQLITE_OK) {
        throw StoreFailure("the store failed: its log cannot be synced");
    }
}

sqlite3_file* StoreFile::log() {
    sqlite3_file* file = nullptr;
    sqlite3* const handle = connection_.handle();
    connection_.check(sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file));
    return file == nullptr || file->pMethods == nullptr ? nullptr : file;
}

bool StoreFile::lengthen_log(std::size_t bytes) {
    constexpr std::uint64_t share_of_room = 16;
    if (wal_bytes_ == 0 || folder_->free_bytes() / share_of_room < bytes) return false;
    sqlite3_file* const file = log();
    return file != nullptr && p2pd::lengthen_log(*file, bytes);
}

/// Before anything is written, which would go over what is left of a damaged log.
void StoreFile::check_witness() {
    const bool counted = connection_.ask(
                             "SELECT count(*) FROM pragma_table_info('meta') "
                             "WHERE name = 'commits'") == "1";
    const std::uint64_t commits =
        counted ? std::stoull("0" + connection_.ask("SELECT commits FROM meta")) : 0;
    const auto witnessed = folder_->witnessed_commits();
    if (!witnessed && commits > 0) {
        warnings_.push_back(folder_->witness().string() +
                            " is missing or damaged: a loss of the last commits would not show");
    }
    if (witnessed.value_or(0) <= commits) return;
    throw StoreFailure("the store " + folder_->database().string() + " has lost its last " +
                       std::to_string(*witnessed - commits) +
                       " commits: its log is damaged, or it is an older copy (to use one on "
                       "purpose, remove " +
                       folder_->witness().string() + ")" + damage_advice);
}

bool StoreFile::checkpoint_and_truncate() {
    return checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

bool StoreFile::checkpoint_and_reuse() {
    return checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

/// Something is moved whenever there is enough of it, more often once a checkpoint is due: that
/// waits until little is left. But not for ever: then the log is twice as long, and the disk is not
/// fast enough.
void StoreFile::checkpoint_if_due() {
    const bool is_due = wal_bytes_ >= checkpoint_bytes_;
    const bool is_late = wal_bytes_ / 2 >= checkpoint_bytes_;
    if (moves_->is_under_way() && !is_late) return;
    finish_move();
    const LogFrames frames{page_bytes_};
    const std::size_t unmoved_bytes = wal_bytes_ - moves_->moved() * frames.frame_bytes();
    const std::size_t move_bytes = std::max(checkpoint_bytes_ / (is_due ? 8 : 4), move_bytes_min_);
    if (unmoved_bytes >= move_bytes && !is_late && moves_->begin(log_frames())) return;
    if (is_due) checkpoint_and_reuse();
}

bool StoreFile::checkpoint(int mode) {
    connection_.require_intact();
    if (moves_) finish_move();
    int frames = -1;
    int moved = -1;
    const int code = checkpoint_now(mode, frames, moved);
    if (sqlite::Connection::is_full(code)) return false;  // the WAL has everything, as before
    connection_.check(code);
    if (frames != moved) throw StoreFailure("the store failed: a checkpoint was not complete");
    if (moves_) moves_->log_begins_anew();
    wal_bytes_ = 0;
    reserved_bytes_ = folder_->database_file_bytes();  // it was cut to its length
    return true;
}

void StoreFile::finish_move() {
    try {
        moves_->finish();
    } catch (const StoreFailure& failure) {
        connection_.end(failure.what());
        throw;
    }
}

int StoreFile::checkpoint_now(int mode, int& frames, int& moved) {
    connection_.vfs().set_checkpoint(true);
    errno = 0;
    const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), "main", mode, &frames, &moved);
    connection_.vfs().set_checkpoint(false);
    return code;
}

FrameNumber StoreFile::log_frames() const {
    return static_cast<FrameNumber>(wal_bytes_ / LogFrames{page_bytes_}.frame_bytes());
}

void StoreFile::reserve(std::uint64_t pages) {
    const std::uint64_t needed = pages * page_bytes_;
    if (needed <= reserved_bytes_) return;
    // Some more than needed, so that not every commit asks.
    for (const std::uint64_t end : {needed + reserved_ahead_bytes, needed}) {
        if (!folder_->reserve(reserved_bytes_, end)) continue;
        reserved_bytes_ = end;
        return;
    }
    throw sqlite::Full("the disk is full");
}

void StoreFile::restore_ballast() {
    if (!folder_->renew_ballast() && checkpoint_and_truncate()) folder_->renew_ballast();
}

int StoreFile::count_wal_pages(void* self, sqlite3*, const char*, int pages) {
    auto* file = static_cast<StoreFile*>(self);
    file->wal_bytes_ = static_cast<std::size_t>(pages) * LogFrames{file->page_bytes_}.frame_bytes();
    return SQLITE_OK;
}

}  // namespace p2pd
