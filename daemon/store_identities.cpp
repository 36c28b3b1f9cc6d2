// daemon: what was received once. Includes std, core, libsodium.
#include "daemon/store_identities.h"

#include <algorithm>
#include <tuple>

#include <sodium.h>

namespace p2pd {

namespace {

constexpr int swept_at_once = 2000;
constexpr std::size_t packs_swept_at_once = 16;
// Longer than any sender may try (14 days).
constexpr std::int64_t life_days = 30;
constexpr ContentHash closed{};  ///< in place of a hash

crypto_generichash_state begin_hash() {
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, std::tuple_size_v<ContentHash>);
    return state;
}

void update(crypto_generichash_state& state, std::string_view bytes) {
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(bytes.data()),
                              bytes.size());
}

auto key_of(const Identity* identity) {
    return std::tie(identity->stamp_us, identity->hash);
}

}  // namespace

ContentHash content_hash(const ReceivedMessage& message) {
    ContentHash hash{};
    static const crypto_generichash_state begun = begin_hash();
    crypto_generichash_state state = begun;
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
      packs_(state.connection()),
      add_(state.connection(),
           "INSERT OR IGNORE INTO identity (peer_id, stamp_us, hash, seen_day, message_id) "
           "VALUES (?1, ?2, ?3, ?4, ?5)"),
      find_(state.connection(),
            "SELECT 1 FROM identity WHERE peer_id = ?1 AND stamp_us = ?2 AND hash = ?3"),
      last_(state.connection(),
            "SELECT max(stamp_us) FROM identity WHERE peer_id = ?1 AND stamp_us BETWEEN ?2 AND ?3"),
      message_ids_(state.connection(),
                   "SELECT message_id FROM identity "
                   "WHERE peer_id = ?1 AND stamp_us = ?2 AND message_id IS NOT NULL"),
      after_(state.connection(),
             "SELECT peer_id, stamp_us, hash, seen_day FROM identity "
             "WHERE (peer_id, stamp_us, hash) > (?1, ?2, ?3) "
             "ORDER BY peer_id, stamp_us, hash LIMIT ?4"),
      erase_(state.connection(),
             "DELETE FROM identity WHERE peer_id = ?1 AND stamp_us = ?2 AND hash = ?3") {}

bool IdentityTable::add(RowId peer_id, std::int64_t stamp_us, const ContentHash& hash,
                        std::optional<RowId> message_id) {
    if (has_packed(peer_id, stamp_us, hash)) return false;
    return add_.execute(peer_id, stamp_us, hash, today(), message_id) > 0;
}

void IdentityTable::add_run(RowId peer_id, std::span<Identity> run, RowId next_id) {
    std::vector<Identity*> sorted;
    sorted.reserve(run.size());
    for (Identity& each : run) sorted.push_back(&each);
    // Most come in their order, of which that is quicker to see than to make.
    if (!std::ranges::is_sorted(sorted, {}, key_of)) std::ranges::stable_sort(sorted, {}, key_of);
    const auto until = known_until(peer_id, sorted.front()->stamp_us, sorted.back()->stamp_us);
    std::vector<Identity*> fresh;
    fresh.reserve(run.size());
    const Identity* before = nullptr;
    for (Identity* const each : sorted) {
        const bool twice = before != nullptr && key_of(before) == key_of(each);
        const bool known = each->stamp_us <= until && has(peer_id, each->stamp_us, each->hash);
        before = each;
        if (twice || known) continue;
        each->message_id = next_id;  // it is one that gets an id
        fresh.push_back(each);
    }
    for (Identity& each : run) {
        if (each.message_id != 0) each.message_id = next_id++;
    }
    const auto packed = std::ranges::upper_bound(fresh, until, {}, &Identity::stamp_us);
    std::for_each(fresh.begin(), packed, [&](Identity* each) { add_row(peer_id, *each); });
    add_packs(peer_id, {packed, fresh.end()});
}

void IdentityTable::add_packs(RowId peer_id, std::span<const Identity* const> sorted) {
    while (!sorted.empty() && sorted.size() >= state_.options().pack_messages_min) {
        const std::size_t count = std::min(sorted.size(), identity_pack_max);
        const std::int64_t last_us = sorted[count - 1]->stamp_us;
        packs_.add(peer_id, today(), sorted.first(count));
        sorted = sorted.subspan(count);
        // Where a pack ends no other begins.
        for (; !sorted.empty() && sorted.front()->stamp_us == last_us; sorted = sorted.subspan(1)) {
            add_row(peer_id, *sorted.front());
        }
    }
    for (const Identity* const each : sorted) add_row(peer_id, *each);
}

void IdentityTable::add_row(RowId peer_id, const Identity& identity) {
    add_.execute(peer_id, identity.stamp_us, identity.hash, today(), identity.message_id);
}

std::optional<std::int64_t> IdentityTable::known_until(RowId peer_id, std::int64_t first_us,
                                                       std::int64_t last_us) {
    auto known = packs_.end_before(peer_id, last_us);
    if (known < first_us) known.reset();
    sqlite::Run row = last_.run(peer_id, first_us, last_us);
    if (row.step()) known = std::max(known, row.next<std::optional<std::int64_t>>());
    return known;
}

void IdentityTable::close_long_text(RowId peer_id, std::int64_t first_us, RowId message_id) {
    add_.execute(peer_id, first_us, closed, today(), message_id);
}

std::int64_t IdentityTable::today() {
    return std::chrono::floor<std::chrono::days>(Duration{state_.meta().age_us}).count();
}

bool IdentityTable::has(RowId peer_id, std::int64_t stamp_us, const ContentHash& hash) {
    return find_.run(peer_id, stamp_us, hash).step() || has_packed(peer_id, stamp_us, hash);
}

bool IdentityTable::has_packed(RowId peer_id, std::int64_t stamp_us, const ContentHash& hash) {
    const std::vector<Identity> packed = packs_.find(peer_id, stamp_us);
    return std::ranges::find(packed, hash, &Identity::hash) != packed.end();
}

/// Never in a pack.
bool IdentityTable::is_closed(RowId peer_id, std::int64_t first_us) {
    return find_.run(peer_id, first_us, closed).step();
}

bool IdentityTable::sweep() {
    const bool packs = sweep_packs();
    return sweep_rows() || packs;
}

/// The oldest come first.
bool IdentityTable::sweep_packs() {
    const auto old_ones = packs_.old_ones(today() - life_days, packs_swept_at_once);
    if (old_ones.empty()) return false;
    return state_.transact([&] {
        for (const RowId first_id : old_ones) packs_.erase(first_id);
    });
}

/// Keys have no order of age, and an index by age would cost each message received; so a few keys
/// are looked at a time, round and round.
bool IdentityTable::sweep_rows() {
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
