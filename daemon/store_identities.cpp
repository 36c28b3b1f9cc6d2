// daemon: what was received once. Includes std, core, libsodium.
#include "daemon/store_identities.h"

#include <algorithm>

#include <sodium.h>

namespace p2pd {

namespace {

constexpr int swept_at_once = 2000;
// Longer than any sender may try (14 days).
constexpr std::int64_t life_days = 30;
constexpr ContentHash closed{};  ///< in place of a hash

void update(crypto_generichash_state& state, std::string_view bytes) {
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(bytes.data()),
                              bytes.size());
}

}  // namespace

ContentHash content_hash(const ReceivedMessage& message) {
    ContentHash hash{};
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, hash.size());
    if (message.reply_to) {
        // A lexeme holds no U+0000, so the content cannot be read as part of it.
        update(state, message.reply_to->is_text ? "R" : "r");
        update(state, message.reply_to->lexeme);
        update(state, std::string_view("\0", 1));
    } else {
        update(state, "m");
    }
    update(state, message.text);
    crypto_generichash_final(&state, hash.data(), hash.size());
    return hash;
}

IdentityTable::IdentityTable(StoreState& state)
    : state_(state),
      add_(state.connection(),
           "INSERT OR IGNORE INTO identity (peer_id, stamp_us, hash, seen_day, message_id) "
           "VALUES (?1, ?2, ?3, ?4, ?5)"),
      find_(state.connection(),
            "SELECT 1 FROM identity WHERE peer_id = ?1 AND stamp_us = ?2 AND hash = ?3"),
      after_(state.connection(),
             "SELECT peer_id, stamp_us, hash, seen_day FROM identity "
             "WHERE (peer_id, stamp_us, hash) > (?1, ?2, ?3) "
             "ORDER BY peer_id, stamp_us, hash LIMIT ?4"),
      erase_(state.connection(),
             "DELETE FROM identity WHERE peer_id = ?1 AND stamp_us = ?2 AND hash = ?3") {}

bool IdentityTable::add(RowId peer_id, std::int64_t stamp_us, const ContentHash& hash,
                        std::optional<RowId> message_id) {
    return add_.execute(peer_id, stamp_us, hash, today(), message_id) > 0;
}

void IdentityTable::close_long_text(RowId peer_id, std::int64_t first_us, RowId message_id) {
    add(peer_id, first_us, closed, message_id);
}

std::int64_t IdentityTable::today() {
    return std::chrono::floor<std::chrono::days>(Duration{state_.meta().age_us}).count();
}

bool IdentityTable::has(RowId peer_id, std::int64_t stamp_us, const ContentHash& hash) {
    return find_.run(peer_id, stamp_us, hash).step();
}

bool IdentityTable::is_closed(RowId peer_id, std::int64_t first_us) {
    return has(peer_id, first_us, closed);
}

/// Keys have no order of age, and an index by age would cost each message received; so a few keys
/// are looked at a time, round and round.
bool IdentityTable::sweep() {
    const Key start = position_;
    const std::vector<Key> old_ones = next_old_ones(today() - life_days);
    if (old_ones.empty()) return false;
    const bool written = state_.transact([&] {
        for (const Key& key : old_ones) erase_.execute(key.peer_id, key.stamp_us, key.hash);
    });
    if (!written) position_ = start;
    return written;
}

std::vector<IdentityTable::Key> IdentityTable::next_old_ones(std::int64_t before_day) {
    std::vector<Key> old_ones;
    const Key start = position_;
    sqlite::Run row = after_.run(start.peer_id, start.stamp_us, start.hash, swept_at_once);
    int seen = 0;
    for (; row.step(); ++seen) {
        position_.peer_id = row.next<RowId>();
        position_.stamp_us = row.next<std::int64_t>();
        const auto hash = row.next<sqlite::Bytes>();
        std::copy_n(hash.begin(), std::min(hash.size(), position_.hash.size()),
                    position_.hash.begin());
        if (row.next<std::int64_t>() < before_day) old_ones.push_back(position_);
    }
    if (seen < swept_at_once) position_ = {};
    return old_ones;
}

}  // namespace p2pd
