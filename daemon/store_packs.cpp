// daemon: messages that came together, packed into one row. Includes std, core, daemon/sqlite.h.
#include "daemon/store_packs.h"

#include <string_view>

namespace p2pd {

namespace {

std::string_view dir(bool received) {
    return received ? "in" : "out";
}

/// The same but for which ids they are.
bool stand_alike(const PackSpan& span, const PackSpan& other) {
    return span.tray == other.tray && span.attempts == other.attempts &&
           span.acked_us == other.acked_us && span.rtt_us == other.rtt_us;
}

}  // namespace

PackTable::PackTable(sqlite::Connection& connection)
    : insert_(connection,
              "INSERT INTO pack (first_id, dir, last_id, peer_id, bytes) "
              "VALUES (?1, ?2, ?3, ?4, ?5)"),
      insert_span_(connection,
                   "INSERT INTO pack_span (first_id, dir, last_id, pack_id, peer_id, tray, "
                   "first_cursor, attempts, acked_us, rtt_us) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
      set_span_(connection,
                "UPDATE pack_span SET last_id = ?2, tray = ?3, first_cursor = ?4, attempts = ?5, "
                "acked_us = ?6, rtt_us = ?7 WHERE first_id = ?1"),
      find_(connection,
            "SELECT first_id, last_id, pack_id, peer_id, dir = 'in', tray, first_cursor, "
            "attempts, acked_us, rtt_us FROM pack_span "
            "WHERE first_id <= ?1 ORDER BY first_id DESC LIMIT 1"),
      overlapping_(connection,
                   "SELECT first_id, last_id, pack_id, peer_id, dir = 'in', tray, first_cursor, "
                   "attempts, acked_us, rtt_us FROM pack_span "
                   "WHERE first_id >= "
                   "(SELECT coalesce(max(first_id), 0) FROM pack_span WHERE first_id <= ?1) "
                   "AND first_id <= ?2 AND last_id >= ?1 ORDER BY first_id"),
      load_(connection, "SELECT bytes FROM pack WHERE first_id = ?1"),
      erase_(connection, "DELETE FROM pack WHERE first_id = ?1"),
      erase_spans_(connection, "DELETE FROM pack_span WHERE first_id BETWEEN ?1 AND ?2") {}

void PackTable::add(std::int64_t id, const PackSpan& like, const PackedMessage& message) {
    if (!spans_.empty()) {
        const PackSpan& last = spans_.back();
        const bool fits = last.last_id + 1 == id && last.peer_id == like.peer_id &&
                          last.received == like.received && id - last.pack_id < pack_messages_max &&
                          writer_.bytes().size() < pack_bytes_max;
        if (!fits) save();
    }
    const std::int64_t pack_id = spans_.empty() ? id : spans_.back().pack_id;
    if (!spans_.empty() && stand_alike(spans_.back(), like) &&
        spans_.back().cursor_of(id) == like.first_cursor) {
        spans_.back().last_id = id;
    } else {
        PackSpan& span = spans_.emplace_back(like);
        span.first_id = span.last_id = id;
        span.pack_id = pack_id;
    }
    writer_.add(message, like.received);
}

void PackTable::save() {
    if (spans_.empty()) return;
    const PackSpan& first = spans_.front();
    insert_.execute(first.pack_id, dir(first.received), spans_.back().last_id, first.peer_id,
                    writer_.bytes());
    for (const PackSpan& span : spans_) insert(span);
    roll_back();
}

void PackTable::insert(const PackSpan& span) {
    insert_span_.execute(span.first_id, dir(span.received), span.last_id, span.pack_id,
                         span.peer_id, span.tray, span.first_cursor, span.attempts, span.acked_us,
                         span.rtt_us);
}

void PackTable::roll_back() {
    spans_.clear();
    writer_.clear();
}

std::optional<PackSpan> PackTable::find(std::int64_t id) {
    sqlite::Run row = find_.run(id);
    if (!row.step()) return std::nullopt;
    const PackSpan span = read(row);
    return id <= span.last_id ? std::optional(span) : std::nullopt;
}

std::vector<PackSpan> PackTable::overlapping(std::int64_t first_id, std::int64_t last_id) {
    std::vector<PackSpan> spans;
    sqlite::Run row = overlapping_.run(first_id, last_id);
    while (row.step()) spans.push_back(read(row));
    return spans;
}

PackSpan PackTable::read(sqlite::Run& row) {
    PackSpan span;
    span.first_id = row.next<std::int64_t>();
    span.last_id = row.next<std::int64_t>();
    span.pack_id = row.next<std::int64_t>();
    span.peer_id = row.next<std::int64_t>();
    span.received = row.next<bool>();
    span.tray = row.next<Tray>();
    span.first_cursor = row.next<std::int64_t>();
    span.attempts = row.next<std::uint32_t>();
    span.acked_us = row.next<std::optional<std::int64_t>>();
    span.rtt_us = row.next<std::optional<std::int64_t>>();
    return span;
}

std::vector<PackSpan> PackTable::spans_of(std::int64_t pack_id) {
    std::vector<PackSpan> spans = overlapping(pack_id, pack_id + pack_messages_max - 1);
    std::erase_if(spans, [&](const PackSpan& span) { return span.pack_id != pack_id; });
    return spans;
}

std::vector<std::uint8_t> PackTable::take_out(std::int64_t pack_id,
                                              std::span<const PackSpan> spans) {
    std::vector<std::uint8_t> taken;
    {
        sqlite::Run row = load_.run(pack_id);
        if (spans.empty() || !row.step()) throw StoreFailure("the store failed: half a pack");
        const auto bytes = row.next<sqlite::Bytes>();
        taken.assign(bytes.begin(), bytes.end());
    }
    erase_spans_.execute(spans.front().first_id, spans.back().last_id);
    erase_.execute(pack_id);
    return taken;
}

void PackTable::cut_before(std::int64_t id) {
    const auto span = find(id);
    if (!span || span->first_id == id) return;
    PackSpan rest = *span;
    rest.first_id = id;
    rest.first_cursor = span->cursor_of(id);
    PackSpan begin = *span;
    begin.last_id = id - 1;
    set(begin);
    insert(rest);
}

void PackTable::set(const PackSpan& span) {
    set_span_.execute(span.first_id, span.last_id, span.tray, span.first_cursor, span.attempts,
                      span.acked_us, span.rtt_us);
}

}  // namespace p2pd
