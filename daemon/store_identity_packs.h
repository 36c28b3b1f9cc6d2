// daemon: what was received together, known by one row. Includes std, daemon/sqlite.h, the writer
// of bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "daemon/sqlite.h"
#include "daemon/store_bytes.h"

namespace p2pd {

/// 128 bits of kind and content: the same timestamp with another content is another message.
using ContentHash = std::array<std::uint8_t, 16>;

/// By what a message of a peer is known, and which message of ours it became.
struct Identity {
    std::int64_t stamp_us = 0;
    ContentHash hash{};
    std::int64_t message_id = 0;
};

inline constexpr std::size_t identity_pack_max = 256;

/// A row of the table: it is written once and deleted as a whole.
struct IdentityPack {
    std::int64_t first_id = 0;  ///< the lowest of its messages
    std::int64_t peer_id = 0;
    std::int64_t first_stamp_us = 0;
    std::int64_t last_stamp_us = 0;
    std::int64_t seen_day = 0;
    std::int64_t count = 0;
};

/// Reads the identities of a pack, in the order of their timestamps.
class IdentityReader {
public:
    IdentityReader(const IdentityPack& pack, sqlite::Bytes bytes)
        : bytes_(bytes), last_{.stamp_us = pack.first_stamp_us, .message_id = pack.first_id} {}

    /// Empty if there is none, or none that was written.
    std::optional<Identity> next();
    /// The next, if it is not at the end; throws StoreFailure if that cannot be read.
    Identity require_next();
    bool at_end() const { return bytes_.at_end(); }

private:
    ByteReader bytes_;
    Identity last_;
};

/// Timestamps of a peer are in the range of at most one pack, so one look finds what is known of a
/// timestamp, as far as that is packed. The ids of messages rise with the days, and so do the rows.
class IdentityPackTable {
public:
    explicit IdentityPackTable(sqlite::Connection& connection);

    /// Sorted by timestamp, and none in the range of another pack.
    void add(std::int64_t peer_id, std::int64_t seen_day,
             std::span<const Identity* const> identities);
    /// All with this timestamp.
    std::vector<Identity> find(std::int64_t peer_id, std::int64_t stamp_us);
    /// The end of the last pack that begins at this timestamp or before.
    std::optional<std::int64_t> end_before(std::int64_t peer_id, std::int64_t stamp_us);

    /// The first ones, at most `limit`, if they were seen before that day.
    std::vector<std::int64_t> old_ones(std::int64_t before_day, std::size_t limit);
    void erase(std::int64_t first_id);

private:
    sqlite::Statement insert_;
    sqlite::Statement find_;
    sqlite::Statement load_;
    sqlite::Statement oldest_;
    sqlite::Statement erase_;
};

/// Calls use(pack, reader) for each there is.
template <class Use>
void each_identity_pack(sqlite::Connection& connection, Use use) {
    sqlite::Statement packs(connection,
                            "SELECT first_id, peer_id, first_stamp_us, last_stamp_us, seen_day, "
                            "count, bytes FROM identity_pack WHERE first_id > 0 ORDER BY first_id");
    sqlite::Run row = packs.run();
    while (row.step()) {
        IdentityPack pack;
        for (std::int64_t* const number : {&pack.first_id, &pack.peer_id, &pack.first_stamp_us,
                                           &pack.last_stamp_us, &pack.seen_day, &pack.count}) {
            *number = row.next<std::int64_t>();
        }
        use(pack, IdentityReader(pack, row.next<sqlite::Bytes>()));
    }
}

}  // namespace p2pd
