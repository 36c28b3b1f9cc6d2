// daemon: what was received once. Includes std, core, libsodium, xxHash.
#include "daemon/store_identities.h"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <xxhash.h>

#include <sodium.h>

namespace p2pd {

namespace {

constexpr int swept_at_once = 2000;
constexpr std::size_t packs_swept_at_once = 16;
// Longer than any sender may try (14 days).
constexpr std::int64_t life_days = 30;
constexpr ContentHash closed{};  ///< in place of a hash

/// How the content begins. A lexeme holds no U+0000, so the text cannot be read as part of it.
std::string kind_of(const ReceivedMessage& message) {
    if (!message.reply_to) return "m";
    std::string kind = message.reply_to->is_text() ? "R" : "r";
    kind += message.reply_to->lexeme();
    return kind + '\0';
}

/// BLAKE2b-128, which p2pd took before schema 9: there may be identities of then, as in what is
/// imported. Four times as much work.
ContentHash hash_of_before(const ReceivedMessage& message) {
    const std::string content = kind_of(message) + message.text;
    ContentHash hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(content.data()), content.size(),
                       nullptr, 0);
    return hash;
}

auto key_of(const Identity* identity) {
    return std::tie(identity->stamp_us, identity->hash);
}

}  // namespace

ContentHash content_hash(const ReceivedMessage& message) {
    XXH64_hash_t kind = 0;
    if (message.reply_to) {
        const std::string begin = kind_of(message);
        kind = XXH3_64bits(begin.data(), begin.size());
    }
    const XXH128_hash_t sum = XXH3_128bits_withSeed(message.text.data(), message.text.size(), kind);
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, sum);
    return std::to_array(bytes.digest);
}

IdentityTable::IdentityTable(StoreState& state)
    : state_(state),
      packs_(state.connection()),
      add_(state.connection(),
           "INSERT OR IGNORE INTO identity (peer_id, stamp_us, hash, seen_day, message_id) "
           "VALUES (?1, ?2, ?3, ?4, ?5)"),
      find_(state.connection(),
            "SELECT 1 FROM identity WHERE peer_id = ?1 AND stamp_us = ?2 AND hash = ?3"),
      hashes_(state.connection(), "SELECT hash FROM identity WHERE peer_id = ?1 AND stamp_us = ?2"),
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

bool IdentityTable::add(RowId peer_id, const ReceivedMessage& message,
                        std::optional<RowId> message_id) {
    const ContentHash hash = content_hash(message);
    if (has(peer_id, message, hash)) return false;
    add_.execute(peer_id, message.stamp.us, hash, today(), message_id);
    return true;
}

bool IdentityTable::add(RowId peer_id, std::int64_t stamp_us, const ContentHash& hash) {
    const auto there = known(peer_id, stamp_us);
    if (std::ranges::find(there, hash) != there.end()) return false;
    add_.execute(peer_id, stamp_us, hash, today(), std::nullopt);
    return true;
}

std::vector<Identity> IdentityTable::add_run(RowId peer_id, std::span<const ReceivedMessage> run,
                                             RowId next_id) {
    std::vector<Identity> identities;
    identities.reserve(run.size());
    for (const ReceivedMessage& message : run) {
        identities.push_back({.stamp_us = message.stamp.us, .hash = content_hash(message)});
    }
    std::vector<Identity*> sorted;
    sorted.reserve(run.size());
    for (Identity& each : identities) sorted.push_back(&each);
    // Most come in their order, of which that is quicker to see than to make.
    if (!std::ranges::is_sorted(sorted, {}, key_of)) std::ranges::stable_sort(sorted, {}, key_of);
    const auto until = known_until(peer_id, sorted.front()->stamp_us, sorted.back()->stamp_us);
    std::vector<Identity*> fresh;
    fresh.reserve(run.size());
    const Identity* before = nullptr;
    for (Identity* const each : sorted) {
        const bool twice = before != nullptr && key_of(before) == key_of(each);
        const ReceivedMessage& message = run[static_cast<std::size_t>(each - identities.data())];
        const bool is_copy = each->stamp_us <= until && has(peer_id, message, each->hash);
        before = each;
        if (twice || is_copy) continue;
        each->message_id = next_id;  // it is one that gets an id
        fresh.push_back(each);
    }
    for (Identity& each : identities) {
        if (each.message_id != 0) each.message_id = next_id++;
    }
    const auto packed = std::ranges::upper_bound(fresh, until, {}, &Identity::stamp_us);
    std::for_each(fresh.begin(), packed, [&](Identity* each) { add_row(peer_id, *each); });
    add_packs(peer_id, {packed, fresh.end()});
    return identities;
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

bool IdentityTable::has(RowId peer_id, const ReceivedMessage& message) {
    return has(peer_id, message, content_hash(message));
}

bool IdentityTable::has(RowId peer_id, const ReceivedMessage& message, const ContentHash& hash) {
    const auto there = known(peer_id, message.stamp.us);
    if (there.empty()) return false;
    const auto is_there = [&](const ContentHash& each) {
        return std::ranges::find(there, each) != there.end();
    };
    return is_there(hash) || is_there(hash_of_before(message));
}

/// The hashes of what came with this timestamp.
std::vector<ContentHash> IdentityTable::known(RowId peer_id, std::int64_t stamp_us) {
    std::vector<ContentHash> hashes;
    for (const Identity& each : packs_.find(peer_id, stamp_us)) hashes.push_back(each.hash);
    sqlite::Run row = hashes_.run(peer_id, stamp_us);
    while (row.step()) {
        const auto bytes = row.next<sqlite::Bytes>();
        ContentHash& hash = hashes.emplace_back();
        std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
    }
    return hashes;
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
