// daemon: what was received once, so that a copy is known as one. Includes std, core, the other
// rooms of the store.
#pragma once

#include <span>
#include <vector>

#include "daemon/core/mailbox.h"
#include "daemon/store_identity_packs.h"
#include "daemon/store_state.h"

namespace p2pd {

/// XXH3-128 of kind and content. Two contents with one hash could only be made on purpose, and then
/// only for messages with one timestamp, which are of one sender.
ContentHash content_hash(const ReceivedMessage& message);

/// Identities of messages that came together are in packs, the others have a row each. What would
/// be in the range of another pack has a row, so what was received is found by two looks.
class IdentityTable {
public:
    explicit IdentityTable(StoreState& state);

    /// False: it was there, a copy. Then nothing is written. `message_id`: what becomes of it, if
    /// that is a message of its own.
    bool add(RowId peer_id, const ReceivedMessage& message, std::optional<RowId> message_id);
    /// The same of one that is known by its hash alone.
    bool add(RowId peer_id, std::int64_t stamp_us, const ContentHash& hash);

    /// Of messages of one peer, in the order in which they came: those that are no copies get the
    /// ids from `next_id` on and are kept; of the others `message_id` stays 0.
    std::vector<Identity> add_run(RowId peer_id, std::span<const ReceivedMessage> run,
                                  RowId next_id);

    bool has(RowId peer_id, const ReceivedMessage& message);

    /// Calls use(id) for messages that became of what has this timestamp, until one returns true.
    /// They may be deleted since.
    template <class Use>
    void find_message(RowId peer_id, std::int64_t stamp_us, Use use);

    /// A closed long text takes no more parts: those are messages of their own.
    void close_long_text(RowId peer_id, std::int64_t first_us, RowId message_id);
    bool is_closed(RowId peer_id, std::int64_t first_us);

    /// Forgets those of more than 30 days among the next few in the order of keys. True if it found
    /// some; then there may be more.
    bool sweep();

private:
    struct Key {
        RowId peer_id = 0;
        std::int64_t stamp_us = 0;
        ContentHash hash{};
    };
    std::int64_t today();
    bool has(RowId peer_id, const ReceivedMessage& message, const ContentHash& hash);
    std::vector<ContentHash> known(RowId peer_id, std::int64_t stamp_us);
    /// The last timestamp in this range of which anything may be known; above it all is new, and in
    /// no pack's range.
    std::optional<std::int64_t> known_until(RowId peer_id, std::int64_t first_us,
                                            std::int64_t last_us);
    void add_packs(RowId peer_id, std::span<const Identity* const> sorted);
    void add_row(RowId peer_id, const Identity& identity);
    std::vector<Key> next_old_ones(std::int64_t before_day);
    bool sweep_rows();
    bool sweep_packs();

    StoreState& state_;
    IdentityPackTable packs_;
    sqlite::Statement add_;
    sqlite::Statement find_;
    sqlite::Statement hashes_;
    sqlite::Statement last_;
    sqlite::Statement message_ids_;
    sqlite::Statement after_;
    sqlite::Statement erase_;
    Key position_;
};

template <class Use>
void IdentityTable::find_message(RowId peer_id, std::int64_t stamp_us, Use use) {
    sqlite::Run row = message_ids_.run(peer_id, stamp_us);
    while (row.step()) {
        if (use(row.next<RowId>())) return;
    }
    for (const Identity& each : packs_.find(peer_id, stamp_us)) {
        if (use(each.message_id)) return;
    }
}

}  // namespace p2pd
