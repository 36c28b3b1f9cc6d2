// tests: the daemon's own store on a disk in memory.
#include "tests/simulation/real_store.h"

#include <algorithm>

#include "daemon/store_implementation.h"

namespace p2pd {

namespace {

/// Small, so that checkpoints come in every run.
constexpr std::size_t checkpoint_bytes = std::size_t{256} * 1024;
/// Parts of a text come late here, and clocks step; that it is joined without the missing ones
/// has tests of its own.
constexpr std::chrono::years part_timeout{1000};

/// Each makes one line of a row, as SimulatedStore::contents() does.
constexpr const char* contents_sql[] = {
    "SELECT 'stamp|' || last_stamp_us || '|' FROM meta",
    "SELECT 'out|' || m.id || '|' || p.address || '|' || m.stamp_us || '|' || m.state || '|' || "
    "m.attempts || '|' || m.parts_done || '|' || m.expires_us || '|' || m.text || '|' "
    "FROM each_message m JOIN peer p ON p.id = m.peer_id WHERE m.tray >= 2",
    "SELECT 'in|' || m.id || '|' || p.address || '|' || m.stamp_us || '|' || m.parts || '|' || "
    "coalesce(m.claims, '') || '|' || m.text || '|' "
    "FROM each_message m JOIN peer p ON p.id = m.peer_id WHERE m.tray < 2",
    "SELECT iif(i.hash = zeroblob(16), 'closed|', 'identity|') || p.address || '|' || "
    "i.stamp_us || '|' FROM identity i JOIN peer p ON p.id = i.peer_id",
    "SELECT 'part|' || p.address || '|' || l.first_us || '|' || (part.id % 1024) || '|' || "
    "part.text || '|' FROM part JOIN long_text l ON l.id = part.id / 1024 "
    "JOIN peer p ON p.id = l.peer_id",
    "SELECT 'peer|' || address || '|' || dialect || '|' || dialect_by_hand || '|' || is_p2pd || "
    "'|' || last_heard_us || '|' FROM peer WHERE last_heard_us IS NOT NULL",
};

/// Empty when the store has failed.
template <class Work>
auto attempt(Work&& work) -> std::optional<decltype(work())> {
    try {
        return work();
    } catch (const StoreFailure&) {
        return std::nullopt;
    }
}

}  // namespace

std::optional<Recovered> RealStore::open(std::size_t peers_max) {
    return attempt([&] {
        StoreOptions options = vfs_.options();
        options.checkpoint_bytes = checkpoint_bytes;
        options.part_timeout = part_timeout;
        store_.reset();
        store_ = std::make_unique<Store>(options);
        return store_->recover(peers_max);
    });
}

std::optional<BatchResult> RealStore::commit(const StoreBatch& batch) {
    return attempt([&] { return store_->commit(batch); });
}

std::optional<LoadedPage> RealStore::load(const LoadRequest& request) {
    return attempt([&] { return store_->load(request); });
}

std::optional<std::vector<MessageId>> RealStore::maintain(WallTime now) {
    return attempt([&] { return store_->maintain(now).expired; });
}

/// The disk first: a store that closes in order must not write what a dead one could not.
void RealStore::close(bool power) {
    if (power) {
        disk_.power_cut();
    } else {
        disk_.end_process();
    }
    store_.reset();
}

void RealStore::spoil(std::uint64_t operation, bool for_ever) {
    disk_.fail({.at = operation, .for_ever = for_ever});
}

/// The test looks at it, not the daemon, so no fault that waits for its operation counts this.
std::vector<std::string> RealStore::contents() {
    mend();
    std::vector<std::string> lines;
    sqlite::Connection& connection = StoreInspector::rooms(*store_).state.connection();
    for (const char* sql : contents_sql) {
        sqlite::Statement statement(connection, sql);
        sqlite::Run row = statement.run();
        while (row.step()) lines.push_back(row.next<std::string>());
    }
    each_identity_pack(connection, [&](const IdentityPack& pack, IdentityReader reader) {
        const std::string peer =
            connection.ask("SELECT address FROM peer WHERE id = " + std::to_string(pack.peer_id));
        while (const auto each = reader.next()) {
            lines.push_back("identity|" + peer + "|" + std::to_string(each->stamp_us) + "|");
        }
    });
    std::sort(lines.begin(), lines.end());
    return lines;
}

}  // namespace p2pd
