// daemon: the rows of messages, written. Includes std, core, daemon/sqlite.h. Read: see
// store_records.cpp.
#include "daemon/store_messages.h"

#include <algorithm>
#include <cassert>

namespace p2pd {

namespace {

/// 32 bits each, little endian, whatever the machine; none for a single part.
std::optional<std::vector<std::uint8_t>> pack_part_ends(const PartEnds& ends) {
    if (ends.size() <= 1) return std::nullopt;
    std::vector<std::uint8_t> bytes;
    bytes.reserve(ends.size() * 4);
    for (std::size_t part = 0; part < ends.size(); ++part) {
        for (unsigned shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<std::uint8_t>(ends[part] >> shift));
        }
    }
    return bytes;
}

// Of one message: `m` is its row, or stands for that and its body, if it is in a pack.
constexpr const char* record_sql =
    "SELECT m.id, m.tray, p.address, p.name, m.cursor, m.time_us, m.stamp_us, m.parts, "
    "m.reply_to, m.claims, m.state, m.attempts, m.expires_us, m.acked_us, m.rtt_us, "
    "m.reason, text";
constexpr const char* outgoing_sql =
    "SELECT m.id, p.address, m.stamp_us, m.parts_done, m.reply_to, m.time_us, m.expires_us, "
    "m.attempts, m.request_id, part_ends, answered_us, answered_stamp, answered_is_text, "
    "answered_text, text";
constexpr const char* answerable_sql =
    "SELECT p.address, m.stamp, m.stamp_is_text, m.stamp_us, text";

std::string of_row(const char* columns) {
    return std::string(columns) +
           " FROM message m JOIN peer p ON p.id = m.peer_id JOIN body b ON b.id = m.id "
           "WHERE m.id = ?1";
}

std::string of_packed(const char* columns) {
    return std::string(columns) +
           " FROM each_message m CROSS JOIN peer p ON p.id = m.peer_id "
           "WHERE m.id BETWEEN ?1 AND ?2";
}

std::optional<std::string_view> unless_empty(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

std::int64_t parts_of(const OutgoingMessage& message) {
    return static_cast<std::int64_t>(std::max<std::size_t>(1, message.part_ends.size()));
}

}  // namespace

MessageTable::MessageTable(StoreState& state)
    : state_(state),
      add_received_(state.connection(),
                    "INSERT INTO message (id, tray, peer_id, cursor, time_us, late_us, stamp_us, "
                    "parts, reply_to, stamp, stamp_is_text, claims) "
                    "VALUES (?1, ?12, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"),
      add_outgoing_(state.connection(),
                    "INSERT INTO message (id, tray, peer_id, cursor, time_us, late_us, stamp_us, "
                    "parts, reply_to, state, attempts, parts_done, expires_us, request_id, "
                    "acked_us, rtt_us) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
                    "?16)"),
      add_body_(state.connection(), "INSERT INTO body (id, text) VALUES (?1, ?2)"),
      add_outgoing_body_(state.connection(),
                         "INSERT INTO body (id, part_ends, answered_us, answered_stamp, "
                         "answered_is_text, answered_text, text) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
      set_progress_(state.connection(),
                    "UPDATE message SET attempts = ?2, parts_done = ?3, cursor = ?4 WHERE id = ?1"),
      set_outcome_(state.connection(),
                   "UPDATE message SET tray = ?2, state = ?3, attempts = ?4, parts_done = ?5, "
                   "cursor = ?6, acked_us = ?7, rtt_us = ?8, reason = ?9, "
                   "expires_us = coalesce(?10, expires_us) WHERE id = ?1"),
      set_delivered_(state.connection(),
                     "UPDATE message NOT INDEXED SET tray = 3, state = 1, "
                     "attempts = max(attempts, ?3), parts_done = max(parts_done, ?4), "
                     "cursor = ?5 + id - ?1, acked_us = ?6, rtt_us = ?7, reason = NULL "
                     "WHERE id BETWEEN ?1 AND ?2"),
      waiting_cursors_(state.connection(),
                       "SELECT cursor FROM message NOT INDEXED "
                       "WHERE id BETWEEN ?1 AND ?2 AND tray = 2 AND peer_id = ?3 ORDER BY id"),
      set_read_(state.connection(), "UPDATE message SET tray = ?2 WHERE id = ?1"),
      set_handled_(state.connection(),
                   "UPDATE message SET handled = 1 WHERE id = ?1 AND handled IS NULL"),
      erase_message_(state.connection(), "DELETE FROM message WHERE id = ?1"),
      erase_body_(state.connection(),
                  "DELETE FROM body WHERE id = ?1 RETURNING length(CAST(text AS BLOB))"),
      place_(state.connection(), "SELECT peer_id, tray, cursor FROM message WHERE id = ?1"),
      progress_(state.connection(),
                "SELECT peer_id, state, attempts, parts_done, cursor FROM message "
                "WHERE id = ?1 AND tray >= 2"),
      find_request_(state.connection(), "SELECT id FROM message WHERE request_id = ?1"),
      find_sent_(state.connection(),
                 "SELECT m.id, p.address "
                 "FROM block b INDEXED BY block_stamp "
                 "CROSS JOIN each_message m ON m.id BETWEEN b.first_id AND b.last_id "
                 "CROSS JOIN peer p ON p.id = m.peer_id "
                 "WHERE b.dir = 'out' AND b.first_us > ?1 - ?2 AND b.first_us <= ?1 "
                 "AND b.last_us >= ?1 AND m.stamp_us <= ?1 AND m.stamp_us + m.parts > ?1"),
      oldest_ids_(state.connection(),
                  "SELECT id FROM message WHERE id BETWEEN ?1 AND ?2 AND tray BETWEEN ?3 AND ?4 "
                  "ORDER BY id LIMIT ?5"),
      newest_ids_(state.connection(),
                  "SELECT id FROM message WHERE id BETWEEN ?1 AND ?2 AND tray BETWEEN ?3 AND ?4 "
                  "ORDER BY id DESC LIMIT ?5"),
      record_(state.connection(), of_row(record_sql)),
      packed_record_(state.connection(), of_packed(record_sql)),
      outgoing_(state.connection(), of_row(outgoing_sql) + " AND m.tray >= 2"),
      packed_outgoing_(state.connection(), of_packed(outgoing_sql) + " AND m.tray >= 2"),
      answerable_(state.connection(), of_row(answerable_sql) + " AND m.tray < 2"),
      packed_answerable_(state.connection(), of_packed(answerable_sql) + " AND m.tray < 2"),
      read_marks_(state.connection(),
                  "SELECT tray, coalesce(handled, 0) FROM each_message "
                  "WHERE id = ?1 AND peer_id = ?2 AND tray < 2"),
      time_from_(state.connection(),
                 "SELECT id, time_us + late_us FROM each_message WHERE id >= ?1 "
                 "ORDER BY id LIMIT 1"),
      overdue_(state.connection(),
               "SELECT expires_us, id FROM each_message "
               "WHERE id BETWEEN ?1 AND ?2 AND tray = 2 AND expires_us < ?3"),
      next_expiry_(state.connection(),
                   "SELECT min(expires_us) FROM each_message "
                   "WHERE id BETWEEN ?1 AND ?2 AND tray = 2") {}

/// The clock may step back, but a page by time is a range of ids only if their times never fall.
/// So each message keeps the clock's own time, and beside it by how much that is late.
std::int64_t MessageTable::order(std::int64_t time_us) {
    Meta& meta = state_.meta();
    meta.last_order_us = std::max(meta.last_order_us, time_us);
    return meta.last_order_us;
}

RowId MessageTable::add(const NewReceived& message) {
    const RowId id = ++state_.meta().last_id;
    const std::int64_t time_us = message.received_at.time_since_epoch().count();
    add_received_.execute(id, message.peer_id, state_.changes().add(id), time_us,
                          order(time_us) - time_us, message.stamp.us, message.parts,
                          message.reply_to, message.stamp.lexeme(), message.stamp.is_text(),
                          unless_empty(message.claims), Tray::unread);
    add_body_.execute(id, message.text);
    count_received(id, 1, message.peer_id, message.text.size());
    return id;
}

void MessageTable::count_received(RowId first_id, RowId count, RowId peer_id, std::size_t bytes) {
    const auto messages = static_cast<std::uint64_t>(count);
    Meta& meta = state_.meta();
    meta.messages += messages;
    meta.unread += messages;
    state_.blocks().add({.id = first_id, .peer_id = peer_id, .received = true, .open = true},
                        count);
    state_.hosts().add(state_.host_of(peer_id), {messages, bytes});
}

RowId MessageTable::add(const OutgoingMessage& message, RowId peer_id) {
    const RowId id = ++state_.meta().last_id;
    const std::int64_t time_us = message.created_at.time_since_epoch().count();
    const bool ended = message.delivered.has_value();
    const DeliveredAhead end = message.delivered.value_or(DeliveredAhead{});
    add_outgoing_.execute(
        id, ended ? Tray::finished : Tray::pending, peer_id, state_.changes().add(id), time_us,
        order(time_us) - time_us, message.first_us, parts_of(message), message.reply_to,
        ended ? OutState::delivered : OutState::pending, message.attempts, message.parts_done,
        message.expires_at, unless_empty(message.request_id), end.acked_at, end.rtt);
    const auto part_ends = pack_part_ends(message.part_ends);
    if (message.answered) {
        const Stamp& stamp = message.answered->stamp;
        add_outgoing_body_.execute(id, part_ends, stamp.us, stamp.lexeme(), stamp.is_text(),
                                   message.answered->text, message.text);
    } else {
        add_outgoing_body_.execute(id, part_ends, std::nullopt, std::nullopt, std::nullopt,
                                   std::nullopt, message.text);
    }
    count({&message, 1}, id, peer_id);
    return id;
}

void MessageTable::count(std::span<const OutgoingMessage> messages, RowId first_id, RowId peer_id) {
    Meta& meta = state_.meta();
    std::int64_t waiting = 0;
    for (RowId id = first_id; const OutgoingMessage& message : messages) {
        const std::int64_t last_us = message.first_us + parts_of(message) - 1;
        const bool waits = !message.delivered;
        state_.blocks().add({.id = id++,
                             .peer_id = peer_id,
                             .open = waits,
                             .first_us = message.first_us,
                             .last_us = last_us,
                             .expires_us = message.expires_at.time_since_epoch().count()});
        meta.last_stamp_us = std::max(meta.last_stamp_us, last_us);
        if (waits) ++waiting;
    }
    meta.messages += messages.size();
    if (waiting > 0) state_.add_pending(peer_id, waiting);
    state_.note_sent(peer_id);
}

void MessageTable::set_progress(RowId id, const Progress& progress) {
    if (progress.packed) take_out(id);
    state_.changes().remove(progress.cursor, progress.cursor);
    set_progress_.execute(id, progress.attempts, progress.parts_done, state_.changes().add(id));
}

void MessageTable::set_outcome(RowId id, const Progress& before, const Outcome& outcome) {
    if (before.packed) take_out(id);
    const Progress& progress = outcome.progress;
    const bool waits = progress.state == OutState::pending;
    if (waits && before.state != OutState::pending) {
        state_.add_pending(before.peer_id, 1);
        state_.blocks().open(id);
    }
    if (!waits && before.state == OutState::pending) {
        state_.add_pending(before.peer_id, -1);
        state_.blocks().close(id, id);
    }
    if (const auto& expires_at = outcome.expires_at) {
        state_.blocks().expire_by(id, expires_at->time_since_epoch().count());
    }
    state_.changes().remove(before.cursor, before.cursor);
    set_outcome_.execute(id, waits ? Tray::pending : Tray::finished, progress.state,
                         progress.attempts, progress.parts_done, state_.changes().add(id),
                         outcome.acked_at, outcome.rtt, unless_empty(outcome.reason),
                         outcome.expires_at);
}

void MessageTable::set_read(RowId id, bool read) {
    take_out(id);
    set_read_.execute(id, read ? Tray::read : Tray::unread);
    std::uint64_t& unread = state_.meta().unread;
    unread = read ? unread - 1 : unread + 1;
    if (read) {
        state_.blocks().close(id, id);
    } else {
        state_.blocks().open(id);
    }
}

bool MessageTable::set_handled(RowId id) {
    take_out(id);
    return set_handled_.execute(id) > 0;
}

void MessageTable::erase(RowId id) {
    take_out(id);
    const auto found = place(id);
    assert(found);
    erase_message_.execute(id);
    const bool is_received = found->tray == Tray::unread || found->tray == Tray::read;
    if (sqlite::Run row = erase_body_.run(id); row.step() && is_received) {
        state_.hosts().remove(state_.host_of(found->peer_id), {1, row.next<std::uint64_t>()});
    }
    state_.changes().remove(found->cursor, found->cursor);
    state_.blocks().remove(id, found->tray == Tray::unread || found->tray == Tray::pending);
    --state_.meta().messages;
    if (found->tray == Tray::unread) --state_.meta().unread;
    if (found->tray == Tray::pending) state_.add_pending(found->peer_id, -1);
}

}  // namespace p2pd
