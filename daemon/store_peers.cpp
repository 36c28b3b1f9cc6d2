// daemon: the peers and the address book. Includes std, core, common, daemon/sqlite.h.
#include "daemon/store_peers.h"

#include <algorithm>
#include <unordered_set>

namespace p2pd {

namespace {

constexpr int swept_at_once = 500;

constexpr const char* select_facts =
    "SELECT address, dialect, dialect_by_hand, is_p2pd, last_heard_us FROM peer ";
constexpr const char* select_record =
    "SELECT id, name, address, dialect, dialect_by_hand, is_p2pd, last_heard_us, pending FROM "
    "peer ";

Endpoint read_address(sqlite::Run& row) {
    return parse_endpoint(row.next<std::string_view>(), 0).value();
}

PeerFacts read_facts(sqlite::Run& row) {
    PeerFacts facts;
    facts.endpoint = read_address(row);
    facts.dialect = row.next<Dialect>();
    facts.dialect_by_hand = row.next<bool>();
    facts.is_p2pd = row.next<bool>();
    facts.last_heard = row.next<std::optional<WallTime>>();
    return facts;
}

PeerRecord read_record(sqlite::Run& row, sqlite::Statement& unread) {
    PeerRecord record;
    sqlite::Run block = unread.run(row.next<RowId>());
    while (record.unread < peer_unread_max && block.step()) {
        record.unread = std::min(record.unread + block.next<std::uint32_t>(), peer_unread_max);
    }
    record.name = row.next<std::optional<std::string>>();
    record.address = row.next<std::string>();
    record.dialect = row.next<DialectName>();
    record.dialect_by_hand = row.next<bool>();
    record.p2pd = row.next<bool>();
    record.last_heard = row.next<std::optional<UtcTime>>();
    record.queued = row.next<std::uint64_t>();
    return record;
}

bool same(const PeerFacts& a, const PeerFacts& b) {
    return a.dialect == b.dialect && a.dialect_by_hand == b.dialect_by_hand &&
           a.is_p2pd == b.is_p2pd && a.last_heard == b.last_heard;
}

// Records are written with the numbers of the core's enumeration.
static_assert(static_cast<int>(Dialect::short_) == static_cast<int>(DialectName::short_));
static_assert(static_cast<int>(Dialect::quoted) == static_cast<int>(DialectName::quoted));
static_assert(static_cast<int>(Dialect::upper) == static_cast<int>(DialectName::upper));

}  // namespace

PeerTable::PeerTable(StoreState& state)
    : state_(state),
      facts_(state.connection(), std::string(select_facts) + "WHERE id = ?1"),
      set_facts_(state.connection(),
                 "UPDATE peer SET dialect = ?2, dialect_by_hand = ?3, is_p2pd = ?4, "
                 "last_heard_us = ?5 WHERE id = ?1"),
      take_name_(state.connection(),
                 "UPDATE peer SET name = NULL WHERE name = ?1 RETURNING host_id"),
      rename_member_(state.connection(),
                     "UPDATE OR REPLACE peer_group SET member = ?2 "
                     "WHERE member = (SELECT name FROM peer WHERE id = ?1)"),
      set_name_(state.connection(), "UPDATE peer SET name = ?2 WHERE id = ?1"),
      set_dialect_(state.connection(),
                   "UPDATE peer SET dialect = ?2, dialect_by_hand = 1 WHERE id = ?1"),
      book_(state.connection(),
            "SELECT name, address FROM peer WHERE name IS NOT NULL ORDER BY name"),
      list_(state.connection(),
            std::string(select_record) + "WHERE address > ?1 ORDER BY address LIMIT ?2"),
      find_(state.connection(), std::string(select_record) + "WHERE address = ?1"),
      unread_(state.connection(),
              "SELECT open FROM block INDEXED BY block_open_peer "
              "WHERE is_open = 1 AND dir = 'in' AND peer_id = ?1"),
      named_(state.connection(),
             std::string(select_facts) + "WHERE name IS NOT NULL ORDER BY name LIMIT ?1"),
      waiting_(state.connection(), std::string(select_facts) + "WHERE pending > 0 LIMIT ?1"),
      heard_(state.connection(), std::string(select_facts) +
                                     "WHERE last_heard_us IS NOT NULL "
                                     "ORDER BY last_heard_us DESC LIMIT ?1"),
      with_pending_(state.connection(), "SELECT address FROM peer WHERE pending > 0"),
      forgotten_(state.connection(),
                 "SELECT p.id, p.name IS NULL AND NOT p.sent AND NOT p.dialect_by_hand "
                 "AND coalesce(p.last_heard_us, 0) < ?2 "
                 "AND NOT EXISTS (SELECT 1 FROM block b WHERE b.peer_id = p.id) "
                 "AND NOT EXISTS (SELECT 1 FROM identity i WHERE i.peer_id = p.id) "
                 "AND NOT EXISTS (SELECT 1 FROM identity_pack i WHERE i.peer_id = p.id) "
                 "AND NOT EXISTS (SELECT 1 FROM long_text l WHERE l.peer_id = p.id) "
                 "FROM peer p WHERE p.id > ?1 ORDER BY p.id LIMIT ?3"),
      erase_(state.connection(), "DELETE FROM peer WHERE id = ?1"),
      erase_host_(state.connection(),
                  "DELETE FROM host WHERE id = ?1 "
                  "AND NOT EXISTS (SELECT 1 FROM peer p WHERE p.host_id = ?1)") {}

void PeerTable::keep(const PeerFacts& facts) {
    if (!state_.find_peer(facts.endpoint) && !state_.has_room(facts.endpoint, 0)) return;
    const RowId id = state_.peer(facts.endpoint);
    PeerFacts kept;
    if (sqlite::Run row = facts_.run(id); row.step()) kept = read_facts(row);
    PeerFacts now = facts;
    if (!now.last_heard) now.last_heard = kept.last_heard;
    if (same(now, kept)) return;
    set_facts_.execute(id, now.dialect, now.dialect_by_hand, now.is_p2pd, now.last_heard);
}

bool PeerTable::set_name(const Endpoint& endpoint, const std::optional<std::string>& name,
                         const std::optional<Dialect>& dialect) {
    return state_.transact([&] {
        const RowId id = state_.peer(endpoint);
        if (name) {
            take_name(*name);
            rename_member_.execute(id, *name);  // whoever is renamed stays in its groups
        }
        set_name_.execute(id, name);
        state_.hosts().reconsider(state_.host_of(id));
        if (dialect) set_dialect_.execute(id, *dialect);
    });
}

/// Whoever had it may be a stranger now.
void PeerTable::take_name(const std::string& name) {
    std::optional<RowId> host;
    if (sqlite::Run row = take_name_.run(name); row.step()) host = row.next<RowId>();
    if (host) state_.hosts().reconsider(*host);
}

std::optional<PeerFacts> PeerTable::facts(const Endpoint& endpoint) {
    const auto id = state_.find_peer(endpoint);
    if (!id) return std::nullopt;
    sqlite::Run row = facts_.run(*id);
    return row.step() ? std::optional(read_facts(row)) : std::nullopt;
}

std::vector<BookEntry> PeerTable::book() {
    std::vector<BookEntry> entries;
    sqlite::Run row = book_.run();
    while (row.step()) {
        auto name = row.next<std::string>();
        entries.push_back({std::move(name), read_address(row)});
    }
    return entries;
}

std::vector<PeerRecord> PeerTable::list(const std::optional<Endpoint>& after, std::uint32_t limit) {
    std::vector<PeerRecord> records;
    // One more than a page has tells whether there is another.
    sqlite::Run row = list_.run(after ? after->text() : std::string(),
                                std::clamp(limit, 1U, page_messages_max + 1));
    while (row.step()) records.push_back(read_record(row, unread_));
    return records;
}

std::optional<PeerRecord> PeerTable::find(const Endpoint& endpoint) {
    sqlite::Run row = find_.run(endpoint.text());
    return row.step() ? std::optional(read_record(row, unread_)) : std::nullopt;
}

std::vector<PeerFacts> PeerTable::known(std::size_t limit) {
    std::vector<PeerFacts> peers;
    std::unordered_set<Endpoint, EndpointHash> seen;
    for (sqlite::Statement* statement : {&named_, &waiting_, &heard_}) {
        sqlite::Run row = statement->run(limit);
        while (peers.size() < limit && row.step()) {
            PeerFacts facts = read_facts(row);
            if (seen.insert(facts.endpoint).second) peers.push_back(facts);
        }
    }
    return peers;
}

std::vector<Endpoint> PeerTable::with_pending() {
    std::vector<Endpoint> endpoints;
    sqlite::Run row = with_pending_.run();
    while (row.step()) endpoints.push_back(read_address(row));
    return endpoints;
}

bool PeerTable::sweep(WallTime before) {
    const RowId start = position_;
    const std::vector<RowId> forgotten = next_forgotten(before);
    if (forgotten.empty()) return false;
    const bool written = state_.transact([&] {
        for (const RowId id : forgotten) {
            const RowId host_id = state_.host_of(id);
            erase_.execute(id);
            erase_host_.execute(host_id);
        }
        state_.meta().peers -= forgotten.size();
    });
    state_.forget_peer_ids();
    if (!written) position_ = start;
    return written;
}

std::vector<RowId> PeerTable::next_forgotten(WallTime before) {
    std::vector<RowId> forgotten;
    int seen = 0;
    sqlite::Run row = forgotten_.run(position_, before, swept_at_once);
    for (; row.step(); ++seen) {
        position_ = row.next<RowId>();
        if (row.next<bool>()) forgotten.push_back(position_);
    }
    if (seen < swept_at_once) position_ = 0;
    return forgotten;
}

}  // namespace p2pd
