// daemon: what all rooms of the store share: its counters, its peers, transactions.
// Includes std, core, daemon/sqlite.h, the other rooms of the store.
#pragma once

#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daemon/core/endpoint.h"
#include "daemon/sqlite.h"
#include "daemon/store_blocks.h"
#include "daemon/store_changes.h"
#include "daemon/store_file.h"
#include "daemon/store_hosts.h"
#include "daemon/store_packs.h"
#include "daemon/store_schema.h"

namespace p2pd {

/// A row's number; ids of clients beyond it exist nowhere.
using RowId = std::int64_t;
inline constexpr RowId row_id_max = std::numeric_limits<RowId>::max();
inline RowId to_row_id(std::uint64_t id) {
    return id > static_cast<std::uint64_t>(row_id_max) ? row_id_max : static_cast<RowId>(id);
}

/// The row of table meta. Rooms change it in a transaction, whose end writes it or takes it back.
struct Meta {
    RowId last_id = 0;
    RowId last_cursor = 0;
    std::int64_t last_stamp_us = 0;
    std::int64_t last_order_us = 0;
    std::uint64_t messages = 0;
    std::uint64_t unread = 0;
    std::uint64_t pending = 0;
    std::uint64_t peers = 0;
    RowId indexed_id = 0;
    std::uint64_t commits = 0;
    Kept strangers;
    std::int64_t age_us = 0;  ///< time in use, by a clock that never steps

    bool operator==(const Meta&) const = default;
};

class StoreState {
public:
    explicit StoreState(const StoreOptions& options);
    StoreState(const StoreState&) = delete;
    StoreState& operator=(const StoreState&) = delete;

    StoreFile& file() { return file_; }
    sqlite::Connection& connection() { return file_.connection(); }
    const StoreOptions& options() const { return options_; }
    void set_limits(Duration part_timeout, const StrangerQuotas& quotas) {
        options_.part_timeout = part_timeout;
        options_.quotas = quotas;
    }
    Meta& meta() { return meta_; }
    HostTable& hosts() { return hosts_; }
    BlockTable& blocks() { return blocks_; }
    ChangeTable& changes() { return changes_; }
    PackTable& packs() { return packs_; }

    /// Runs `work` in one transaction, synced when this returns. False: the disk is full, and
    /// nothing was written. What changes nothing is not synced.
    template <class Work>
    bool transact(Work&& work);
    /// The same for work that makes room: with a full disk it gets the ballast and a second try.
    template <class Work>
    bool transact_making_room(Work&& work);

    std::optional<RowId> find_peer(const Endpoint& endpoint);
    /// Makes it if it is new. In a transaction only.
    RowId peer(const Endpoint& endpoint);
    RowId host_of(RowId peer_id);
    /// The user has written to it. In a transaction only.
    void note_sent(RowId peer_id);
    /// Room in the quotas of strangers for texts from there; always, if the host is known.
    bool has_room(const Endpoint& peer, std::size_t bytes, std::size_t messages = 1);
    /// Rows of peers have gone.
    void forget_peer_ids();

    /// Counts outgoing messages without a final state, also for their peer. In a transaction only.
    void add_pending(RowId peer_id, std::int64_t difference);

    /// So much time has passed in which the store was in use, by the clock that never steps: the
    /// wall clock may jump, and must not make a dedup key old that a sender is still trying. Saved
    /// with the next transaction that changes anything, or once it is an hour.
    void age(Duration passed);

    /// After a full disk: the WAL can be used from its start again.
    void recover_from_full();
    /// After reading what is damaged: takes the transaction back, and the connection can be used.
    void recover_from_damage();

private:
    void begin();
    void finish();
    void roll_back();
    void load_meta();
    std::uint64_t pages();

    StoreOptions options_;
    StoreFile file_;
    sqlite::Statement begin_;
    sqlite::Statement commit_;
    sqlite::Statement savepoint_;
    sqlite::Statement release_;
    sqlite::Statement page_count_;
    sqlite::Statement save_meta_;
    sqlite::Statement find_peer_;
    sqlite::Statement add_peer_;
    sqlite::Statement add_pending_;
    sqlite::Statement host_of_;
    sqlite::Statement note_sent_;

    Meta meta_;
    HostTable hosts_;
    BlockTable blocks_;
    ChangeTable changes_;
    PackTable packs_;
    Meta saved_meta_;                   ///< as the file has it
    sqlite3_int64 changes_before_ = 0;  ///< the connection's counter, at the begin
    Duration unsaved_age_{};
    std::unordered_map<RowId, std::int64_t> pending_differences_;
    std::unordered_map<Endpoint, RowId, EndpointHash> peer_ids_;  ///< some, to save looking up
    std::unordered_map<RowId, RowId> host_ids_;                   ///< of some peers
    std::unordered_set<RowId> sent_;  ///< some that are known to have been sent to
    bool was_full_ = false;
};

template <class Work>
bool StoreState::transact(Work&& work) {
    file_.checkpoint_if_due();
    begin();
    try {
        work();
        finish();
        return true;
    } catch (const sqlite::Full&) {
        roll_back();
        was_full_ = true;
        return false;
    } catch (const StoreFailure&) {
        throw;  // the connection refuses everything from now on
    } catch (...) {
        roll_back();
        throw;
    }
}

template <class Work>
bool StoreState::transact_making_room(Work&& work) {
    if (transact(work)) return true;
    file_.folder().release_ballast();
    file_.checkpoint_and_reuse();
    const bool written = transact(work);
    file_.restore_ballast();
    return written;
}

}  // namespace p2pd
