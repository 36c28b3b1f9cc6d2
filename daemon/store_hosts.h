// daemon: the hosts that peers are on: which the user knows, and how much is kept of each. Includes
// std, core, daemon/sqlite.h.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/core/endpoint.h"
#include "daemon/sqlite.h"

namespace p2pd {

/// How much is kept of what has come in.
struct Kept {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;  ///< of text

    Kept& operator+=(const Kept& other);
    Kept& operator-=(const Kept& other);
    bool operator==(const Kept&) const = default;
};

/// A host is known when a peer of it has a name or was sent to; others are strangers.
class HostTable {
public:
    /// `strangers` is the sum over all of them, kept with the other counters.
    HostTable(sqlite::Connection& connection, Kept& strangers);

    std::optional<std::int64_t> find(const Endpoint& endpoint);
    /// Makes it if it is new. In a transaction only.
    std::int64_t host(const Endpoint& endpoint);
    /// What has come in, or what went. In a transaction only.
    void add(std::int64_t host_id, const Kept& kept);
    void remove(std::int64_t host_id, const Kept& kept);
    /// Looks again at why it should be known. In a transaction only.
    void reconsider(std::int64_t host_id);

    bool is_known(std::int64_t host_id) { return state(host_id).known; }
    bool is_known(const Endpoint& endpoint) {
        const auto id = find(endpoint);
        return id && is_known(*id);
    }
    Kept kept(std::int64_t host_id) { return state(host_id).kept; }
    std::vector<Endpoint> known();

    /// Writes what was changed in the transaction.
    void save();
    /// Forgets what was changed in the transaction.
    void roll_back();

private:
    struct State {
        bool known = false;
        Kept kept;
        bool changed = false;
    };
    State& state(std::int64_t host_id);

    Kept& strangers_;
    sqlite::Statement find_;
    sqlite::Statement make_;
    sqlite::Statement load_;
    sqlite::Statement save_;
    sqlite::Statement reasons_;
    sqlite::Statement known_;
    std::unordered_map<std::int64_t, State> states_;  ///< some, to save looking up
    std::vector<std::int64_t> changed_;
};

}  // namespace p2pd
