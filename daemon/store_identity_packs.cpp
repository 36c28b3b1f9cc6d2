// daemon: what was received together, known by one row. Includes std, daemon/sqlite.h.
#include "daemon/store_identity_packs.h"

#include <algorithm>

namespace p2pd {

std::optional<Identity> IdentityReader::next() {
    std::uint64_t later_us = 0;
    std::int64_t later_id = 0;
    if (!bytes_.get(later_us) || !bytes_.get_signed(later_id) || !bytes_.get(last_.hash)) {
        return std::nullopt;
    }
    advance(last_.stamp_us, static_cast<std::int64_t>(later_us));
    advance(last_.message_id, later_id);
    return last_;
}

Identity IdentityReader::require_next() {
    const auto identity = next();
    if (!identity) throw StoreFailure("the store failed: a pack of dedup keys cannot be read");
    return *identity;
}

IdentityPackTable::IdentityPackTable(sqlite::Connection& connection)
    : insert_(connection,
              "INSERT INTO identity_pack (first_id, peer_id, first_stamp_us, last_stamp_us, "
              "seen_day, count, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
      find_(connection,
            "SELECT first_id, first_stamp_us, last_stamp_us FROM identity_pack "
            "WHERE peer_id = ?1 AND first_stamp_us <= ?2 ORDER BY first_stamp_us DESC LIMIT 1"),
      load_(connection, "SELECT bytes FROM identity_pack WHERE first_id = ?1"),
      oldest_(connection,
              "SELECT first_id, seen_day FROM identity_pack WHERE first_id > 0 "
              "ORDER BY first_id LIMIT ?1"),
      erase_(connection, "DELETE FROM identity_pack WHERE first_id = ?1") {}

void IdentityPackTable::add(std::int64_t peer_id, std::int64_t seen_day,
                            std::span<const Identity* const> identities) {
    const std::int64_t first_us = identities.front()->stamp_us;
    const std::int64_t first_id =
        std::ranges::min(identities, {}, &Identity::message_id)->message_id;
    std::int64_t last_us = first_us;
    std::int64_t last_id = first_id;
    ByteWriter bytes;
    for (const Identity* const each : identities) {
        bytes.put(static_cast<std::uint64_t>(difference(each->stamp_us, last_us)));
        bytes.put_signed(difference(each->message_id, last_id));
        bytes.put(each->hash);
        last_us = each->stamp_us;
        last_id = each->message_id;
    }
    insert_.execute(first_id, peer_id, first_us, last_us, seen_day, identities.size(),
                    bytes.bytes());
}

std::vector<Identity> IdentityPackTable::find(std::int64_t peer_id, std::int64_t stamp_us) {
    std::vector<Identity> found;
    IdentityPack pack;
    {
        sqlite::Run row = find_.run(peer_id, stamp_us);
        if (!row.step()) return found;
        pack.first_id = row.next<std::int64_t>();
        pack.first_stamp_us = row.next<std::int64_t>();
        if (row.next<std::int64_t>() < stamp_us) return found;
    }
    sqlite::Run row = load_.run(pack.first_id);
    if (!row.step()) throw StoreFailure("the store failed: half a pack of dedup keys");
    IdentityReader reader(pack, row.next<sqlite::Bytes>());
    while (!reader.at_end()) {
        const Identity identity = reader.require_next();
        if (identity.stamp_us > stamp_us) break;
        if (identity.stamp_us == stamp_us) found.push_back(identity);
    }
    return found;
}

std::optional<std::int64_t> IdentityPackTable::end_before(std::int64_t peer_id,
                                                          std::int64_t stamp_us) {
    sqlite::Run row = find_.run(peer_id, stamp_us);
    if (!row.step()) return std::nullopt;
    row.skip(2);
    return row.next<std::int64_t>();
}

std::vector<std::int64_t> IdentityPackTable::old_ones(std::int64_t before_day, std::size_t limit) {
    std::vector<std::int64_t> ids;
    sqlite::Run row = oldest_.run(limit);
    while (row.step()) {
        const auto first_id = row.next<std::int64_t>();
        if (row.next<std::int64_t>() >= before_day) break;
        ids.push_back(first_id);
    }
    return ids;
}

void IdentityPackTable::erase(std::int64_t first_id) {
    erase_.execute(first_id);
}

}  // namespace p2pd
