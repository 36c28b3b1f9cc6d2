// daemon: the hosts that peers are on. Includes std, core, daemon/sqlite.h.
#include "daemon/store_hosts.h"

namespace p2pd {

namespace {

constexpr std::size_t cached_max = 16384;

}  // namespace

Kept& Kept::operator+=(const Kept& other) {
    messages += other.messages;
    bytes += other.bytes;
    return *this;
}

Kept& Kept::operator-=(const Kept& other) {
    messages -= other.messages;
    bytes -= other.bytes;
    return *this;
}

HostTable::HostTable(sqlite::Connection& connection, Kept& strangers)
    : strangers_(strangers),
      find_(connection, "SELECT id FROM host WHERE address = ?1"),
      make_(connection, "INSERT INTO host (address) VALUES (?1) RETURNING id"),
      load_(connection, "SELECT known, messages, bytes FROM host WHERE id = ?1"),
      save_(connection, "UPDATE host SET known = ?2, messages = ?3, bytes = ?4 WHERE id = ?1"),
      reasons_(connection,
               "SELECT 1 FROM peer WHERE host_id = ?1 AND (name IS NOT NULL OR sent) LIMIT 1"),
      known_(connection, "SELECT address FROM host WHERE known > 0") {}

std::optional<std::int64_t> HostTable::find(const Endpoint& endpoint) {
    sqlite::Run row = find_.run(endpoint.ip_text());
    return row.step() ? std::optional(row.next<std::int64_t>()) : std::nullopt;
}

std::int64_t HostTable::host(const Endpoint& endpoint) {
    if (const auto id = find(endpoint)) return *id;
    sqlite::Run row = make_.run(endpoint.ip_text());
    row.step();
    const auto id = row.next<std::int64_t>();
    row.finish();
    return id;
}

HostTable::State& HostTable::state(std::int64_t host_id) {
    if (const auto found = states_.find(host_id); found != states_.end()) return found->second;
    if (states_.size() >= cached_max && changed_.empty()) states_.clear();
    State state;
    if (sqlite::Run row = load_.run(host_id); row.step()) {
        state.known = row.next<bool>();
        state.kept.messages = row.next<std::uint64_t>();
        state.kept.bytes = row.next<std::uint64_t>();
    }
    return states_.emplace(host_id, state).first->second;
}

void HostTable::add(std::int64_t host_id, const Kept& kept) {
    State& host = state(host_id);
    host.kept += kept;
    if (!host.known) strangers_ += kept;
    if (!std::exchange(host.changed, true)) changed_.push_back(host_id);
}

void HostTable::remove(std::int64_t host_id, const Kept& kept) {
    State& host = state(host_id);
    host.kept -= kept;
    if (!host.known) strangers_ -= kept;
    if (!std::exchange(host.changed, true)) changed_.push_back(host_id);
}

void HostTable::reconsider(std::int64_t host_id) {
    const bool known = reasons_.run(host_id).step();
    State& host = state(host_id);
    if (host.known == known) return;
    host.known = known;
    if (known) {
        strangers_ -= host.kept;
    } else {
        strangers_ += host.kept;
    }
    if (!std::exchange(host.changed, true)) changed_.push_back(host_id);
}

void HostTable::save() {
    for (const std::int64_t id : std::exchange(changed_, {})) {
        State& host = states_.at(id);
        host.changed = false;
        save_.execute(id, host.known, host.kept.messages, host.kept.bytes);
    }
}

void HostTable::roll_back() {
    states_.clear();
    changed_.clear();
}

std::vector<Endpoint> HostTable::known() {
    std::vector<Endpoint> hosts;
    sqlite::Run row = known_.run();
    while (row.step()) {
        if (const auto host = parse_endpoint(row.next<std::string_view>(), 0)) {
            hosts.push_back(*host);
        }
    }
    return hosts;
}

}  // namespace p2pd
