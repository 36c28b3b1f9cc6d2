// daemon: what all rooms of the store share. Includes std, core, daemon/sqlite.h.
#include "daemon/store_state.h"

#include <cassert>

#include <sodium.h>

namespace p2pd {

namespace {

constexpr std::size_t cached_peers_max = 16384;
constexpr std::chrono::hours age_saved_after{1};

}  // namespace

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
