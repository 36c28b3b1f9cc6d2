// daemon: messages that came together, packed into one row. Includes std, core, daemon/sqlite.h,
// the packs' codec.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "daemon/sqlite.h"
#include "daemon/store_pack_codec.h"
#include "daemon/store_schema.h"

namespace p2pd {

inline constexpr std::int64_t pack_messages_max = 256;
/// A page of the file that is lost takes the whole pack with it.
inline constexpr std::size_t pack_bytes_max = std::size_t{32} * 1024;
inline constexpr std::size_t packed_text_bytes_max = 4096;

/// Ids that follow one another in one pack, and where they stand. Cursors follow one another too.
struct PackSpan {
    std::int64_t first_id = 0;
    std::int64_t last_id = 0;
    std::int64_t pack_id = 0;
    std::int64_t peer_id = 0;
    bool received = false;
    Tray tray = Tray::unread;
    std::int64_t first_cursor = 0;
    std::uint32_t attempts = 0;            ///< of sent ones, as what follows
    std::optional<std::int64_t> acked_us;  ///< if they are delivered
    std::optional<std::int64_t> rtt_us;

    std::int64_t cursor_of(std::int64_t id) const { return first_cursor + id - first_id; }
};

/// What never changes of messages is in a pack, an immutable row; where they stand is in its spans.
/// So a message that came with others costs next to nothing, to keep and to confirm. For any other
/// change a pack is taken apart: each of its messages becomes a row of tables message and body.
/// An id is in one of the two, never in both.
class PackTable {
public:
    explicit PackTable(sqlite::Connection& connection);

    /// A message with the highest id so far; `like` has all but first_id, last_id and pack_id.
    /// Kept in memory until save(), in a transaction.
    void add(std::int64_t id, const PackSpan& like, const PackedMessage& message);

    std::optional<PackSpan> find(std::int64_t id);
    /// In their order, whole ones.
    std::vector<PackSpan> overlapping(std::int64_t first_id, std::int64_t last_id);
    /// A span that has this id and others before it is made two.
    void cut_before(std::int64_t id);
    /// A span of the file, cut already, changes where it stands.
    void set(const PackSpan& span);

    /// Calls use(span, id, message) for each of the pack, then the pack is no more.
    template <class Use>
    void take_apart(std::int64_t pack_id, Use use);

    /// Before the file is asked for packs, and before the end of a transaction.
    void save();
    void roll_back();

private:
    static PackSpan read(sqlite::Run& row);
    std::vector<PackSpan> spans_of(std::int64_t pack_id);
    /// Erases it; its bytes. What is made of them gets the room.
    std::vector<std::uint8_t> take_out(std::int64_t pack_id, std::span<const PackSpan> spans);
    void insert(const PackSpan& span);

    sqlite::Statement insert_;
    sqlite::Statement insert_span_;
    sqlite::Statement set_span_;
    sqlite::Statement find_;
    sqlite::Statement overlapping_;
    sqlite::Statement load_;
    sqlite::Statement erase_;
    sqlite::Statement erase_spans_;

    // The one that grows.
    PackWriter writer_;
    std::vector<PackSpan> spans_;
};

template <class Use>
void PackTable::take_apart(std::int64_t pack_id, Use use) {
    const std::vector<PackSpan> spans = spans_of(pack_id);
    const std::vector<std::uint8_t> bytes = take_out(pack_id, spans);
    PackReader reader(bytes, spans.front().received);
    for (const PackSpan& span : spans) {
        for (std::int64_t id = span.first_id; id <= span.last_id; ++id) {
            const auto message = reader.next();
            if (!message) throw StoreFailure("the store failed: a pack cannot be read");
            use(span, id, *message);
        }
    }
}

}  // namespace p2pd
