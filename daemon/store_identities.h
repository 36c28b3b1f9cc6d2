// daemon: what was received once, so that a copy is known as one. Includes std, core, the other
// rooms of the store.
#pragma once

#include <array>

#include "daemon/core/mailbox.h"
#include "daemon/store_state.h"

namespace p2pd {

/// 128 bits of kind and content: the same timestamp with another content is another message.
using ContentHash = std::array<std::uint8_t, 16>;
ContentHash content_hash(const ReceivedMessage& message);

class IdentityTable {
public:
    explicit IdentityTable(StoreState& state);

    /// False: it was there, a copy. Then nothing is written. `message_id`: what becomes of it, if
    /// that is a message of its own.
    bool add(RowId peer_id, std::int64_t stamp_us, const ContentHash& hash,
             std::optional<RowId> message_id);

    bool has(RowId peer_id, std::int64_t stamp_us, const ContentHash& hash);

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
    std::vector<Key> next_old_ones(std::int64_t before_day);

    StoreState& state_;
    sqlite::Statement add_;
    sqlite::Statement find_;
    sqlite::Statement after_;
    sqlite::Statement erase_;
    Key position_;
};

}  // namespace p2pd
