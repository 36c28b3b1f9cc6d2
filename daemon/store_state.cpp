// daemon: what all rooms of the store share. Includes std, core, daemon/sqlite.h.
#include "daemon/store_state.h"

#include <cassert>
#include <cerrno>

#include <sodium.h>

#include "daemon/store_each_message.h"
#include "daemon/store_log.h"
#include "daemon/store_page_file.h"

namespace p2pd {

namespace {

constexpr std::size_t cached_peers_max = 16384;
constexpr std::size_t wal_frame_header_bytes = 24;
constexpr std::uint64_t reserved_ahead_bytes = std::uint64_t{1024} * 1024;
constexpr std::chrono::hours age_saved_after{1};

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
      connection_(database_of(*folder_), options.vfs) {
    if (options.parse_ahead) connection_.parse_ahead();
    add_each_message(connection_);
    try {
        if (options.policy_p) renew_log(folder_->database().string(), options.vfs);
        configure(options);
        start(options);
    } catch (const sqlite::Full&) {
        fail_for_room(*folder_);
    }
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

bool StoreFile::checkpoint(int mode) {
    connection_.require_intact();
    int frames = -1;
    int moved = -1;
    errno = 0;
    const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), "main", mode, &frames, &moved);
    if (sqlite::Connection::is_full(code)) return false;  // the WAL has everything, as before
    connection_.check(code);
    if (frames != moved) throw StoreFailure("the store failed: a checkpoint was not complete");
    wal_bytes_ = 0;
    reserved_bytes_ = folder_->database_file_bytes();  // it was cut to its length
    return true;
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
    file->wal_bytes_ =
        static_cast<std::size_t>(pages) * (file->page_bytes_ + wal_frame_header_bytes);
    return SQLITE_OK;
}

StoreState::StoreState(const StoreOptions& options)
    : options_(options),
      file_(options),
      begin_(connection(), "BEGIN IMMEDIATE"),
      commit_(connection(), "COMMIT"),
      savepoint_(connection(), "SAVEPOINT flushed"),
      release_(connection(), "RELEASE flushed"),
      page_count_(connection(), "PRAGMA page_count"),
      save_meta_(connection(),
                 "UPDATE meta SET last_id = ?1, last_cursor = ?2, last_stamp_us = ?3, "
                 "last_order_us = ?4, messages = ?5, unread = ?6, pending = ?7, peers = ?8, "
                 "indexed_id = ?9, commits = ?10, stranger_messages = ?11, stranger_bytes = ?12, "
                 "age_us = ?13 "
                 "WHERE id = 1"),
      find_peer_(connection(), "SELECT id FROM peer WHERE address = ?1"),
      add_peer_(connection(), "INSERT INTO peer (address, host_id) VALUES (?1, ?2)"),
      add_pending_(connection(), "UPDATE peer SET pending = pending + ?2 WHERE id = ?1"),
      host_of_(connection(), "SELECT host_id FROM peer WHERE id = ?1"),
      note_sent_(connection(), "UPDATE peer SET sent = 1 WHERE id = ?1 AND NOT sent"),
      hosts_(connection(), meta_.strangers),
      blocks_(connection()),
      changes_(connection(), meta_.last_cursor),
      packs_(connection()) {
    if (sodium_init() < 0) throw StoreFailure("libsodium cannot be used on this system");
    load_meta();
    file_.folder().witness_commits(meta_.commits);
}

void StoreState::load_meta() {
    sqlite::Statement load(connection(),
                           "SELECT last_id, last_cursor, last_stamp_us, last_order_us, messages, "
                           "unread, pending, peers, indexed_id, commits, stranger_messages, "
                           "stranger_bytes, age_us FROM meta WHERE id = 1");
    sqlite::Run row = load.run();
    if (!row.step()) throw StoreFailure("the store failed: its row of counters is missing");
    meta_.last_id = row.next<RowId>();
    meta_.last_cursor = row.next<RowId>();
    meta_.last_stamp_us = row.next<std::int64_t>();
    meta_.last_order_us = row.next<std::int64_t>();
    meta_.messages = row.next<std::uint64_t>();
    meta_.unread = row.next<std::uint64_t>();
    meta_.pending = row.next<std::uint64_t>();
    meta_.peers = row.next<std::uint64_t>();
    meta_.indexed_id = row.next<RowId>();
    meta_.commits = row.next<std::uint64_t>();
    meta_.strangers.messages = row.next<std::uint64_t>();
    meta_.strangers.bytes = row.next<std::uint64_t>();
    meta_.age_us = row.next<std::int64_t>();
    saved_meta_ = meta_;
}

std::optional<RowId> StoreState::find_peer(const Endpoint& endpoint) {
    if (const auto known = peer_ids_.find(endpoint); known != peer_ids_.end()) {
        return known->second;
    }
    sqlite::Run row = find_peer_.run(endpoint.text());
    if (!row.step()) return std::nullopt;
    const auto id = row.next<RowId>();
    if (peer_ids_.size() >= cached_peers_max) peer_ids_.clear();
    peer_ids_.emplace(endpoint, id);
    return id;
}

RowId StoreState::peer(const Endpoint& endpoint) {
    assert(connection().in_transaction());
    if (const auto id = find_peer(endpoint)) return *id;
    const RowId host_id = hosts_.host(endpoint);
    add_peer_.execute(endpoint.text(), host_id);
    ++meta_.peers;
    return sqlite3_last_insert_rowid(connection().handle());
}

RowId StoreState::host_of(RowId peer_id) {
    if (const auto known = host_ids_.find(peer_id); known != host_ids_.end()) return known->second;
    sqlite::Run row = host_of_.run(peer_id);
    if (!row.step()) throw StoreFailure("the store failed: a message of no peer");
    if (host_ids_.size() >= cached_peers_max) host_ids_.clear();
    return host_ids_[peer_id] = row.next<RowId>();
}

void StoreState::note_sent(RowId peer_id) {
    assert(connection().in_transaction());
    if (sent_.size() >= cached_peers_max) sent_.clear();
    if (!sent_.insert(peer_id).second || note_sent_.execute(peer_id) == 0) return;
    hosts_.reconsider(host_of(peer_id));
}

bool StoreState::has_room(const Endpoint& peer, std::size_t bytes, std::size_t messages) {
    const auto peer_id = find_peer(peer);
    const auto host_id = peer_id ? std::optional(host_of(*peer_id)) : hosts_.find(peer);
    if (host_id && hosts_.is_known(*host_id)) return true;
    const StrangerQuotas& quotas = options_.quotas;
    const Kept host = host_id ? hosts_.kept(*host_id) : Kept{};
    return host.messages + messages <= quotas.host_messages_max &&
           host.bytes + bytes <= quotas.host_bytes_max &&
           meta_.strangers.messages + messages <= quotas.messages_max &&
           meta_.strangers.bytes + bytes <= quotas.bytes_max;
}

void StoreState::forget_peer_ids() {
    peer_ids_.clear();
    host_ids_.clear();
    sent_.clear();
}

void StoreState::add_pending(RowId peer_id, std::int64_t difference) {
    assert(connection().in_transaction());
    meta_.pending += static_cast<std::uint64_t>(difference);
    pending_differences_[peer_id] += difference;
}

void StoreState::age(Duration passed) {
    unsaved_age_ += passed;
    if (unsaved_age_ >= age_saved_after) transact([] {});
}

void StoreState::checkpoint_if_due() {
    if (file_.wal_bytes() >= options_.checkpoint_bytes) file_.checkpoint_and_reuse();
}

void StoreState::recover_from_full() {
    if (was_full_ && file_.checkpoint_and_reuse()) was_full_ = false;
}

void StoreState::recover_from_damage() {
    connection().forgive_damage();
    roll_back();
}

void StoreState::begin() {
    begin_.execute();
    changes_before_ = sqlite3_total_changes64(connection().handle());
    assert(meta_ == saved_meta_);
}

void StoreState::finish() {
    for (const auto& [peer_id, difference] : pending_differences_) {
        if (difference != 0) add_pending_.execute(peer_id, difference);
    }
    pending_differences_.clear();
    hosts_.save();
    blocks_.save();
    changes_.save();
    packs_.save();
    const bool changed = meta_ != saved_meta_ ||
                         sqlite3_total_changes64(connection().handle()) != changes_before_ ||
                         unsaved_age_ >= age_saved_after;
    if (changed) {
        ++meta_.commits;
        meta_.age_us += unsaved_age_.count();
        save_meta_.execute(meta_.last_id, meta_.last_cursor, meta_.last_stamp_us,
                           meta_.last_order_us, meta_.messages, meta_.unread, meta_.pending,
                           meta_.peers, meta_.indexed_id, meta_.commits, meta_.strangers.messages,
                           meta_.strangers.bytes, meta_.age_us);
    }
    // A savepoint makes the full-text index write what it would otherwise write in the commit.
    savepoint_.execute();
    release_.execute();
    file_.reserve(pages());
    commit_.execute();
    saved_meta_ = meta_;
    if (changed) unsaved_age_ = {};
    if (changed) file_.folder().witness_commits(meta_.commits);
}

std::uint64_t StoreState::pages() {
    sqlite::Run row = page_count_.run();
    return row.step() ? row.next<std::uint64_t>() : 0;
}

/// SQLite may have rolled back by itself; every statement is reset by then, as its run has ended.
void StoreState::roll_back() {
    meta_ = saved_meta_;
    pending_differences_.clear();
    forget_peer_ids();
    hosts_.roll_back();
    blocks_.roll_back();
    changes_.roll_back();
    packs_.roll_back();
    if (connection().in_transaction()) connection().execute("ROLLBACK");
    assert(!connection().in_transaction());
}

}  // namespace p2pd
