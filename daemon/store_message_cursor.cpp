// daemon: goes through the messages in the order of their ids. Includes std, SQLite, the packs.
#include "daemon/store_message_cursor.h"

#include <algorithm>

#include "daemon/core/mailbox.h"

namespace p2pd {

namespace {

constexpr const char* rows_sql =
    "SELECT id, tray, peer_id, cursor, time_us, late_us, stamp_us, parts, reply_to, stamp, "
    "stamp_is_text, claims, state, attempts, parts_done, expires_us, acked_us, rtt_us, reason, "
    "request_id, handled FROM message WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
constexpr const char* rows_with_body_sql =
    "SELECT m.id, m.tray, m.peer_id, m.cursor, m.time_us, m.late_us, m.stamp_us, m.parts, "
    "m.reply_to, m.stamp, m.stamp_is_text, m.claims, m.state, m.attempts, m.parts_done, "
    "m.expires_us, m.acked_us, m.rtt_us, m.reason, m.request_id, m.handled, b.part_ends, "
    "b.answered_us, b.answered_stamp, b.answered_is_text, b.answered_text, b.text "
    "FROM message m CROSS JOIN body b ON b.id = m.id WHERE m.id BETWEEN ?1 AND ?2 ORDER BY m.id";
constexpr const char* spans_sql =
    "SELECT s.first_id, s.last_id, s.pack_id, s.peer_id, s.dir = 'in', s.tray, s.first_cursor, "
    "s.attempts, s.acked_us, s.rtt_us, p.bytes "
    "FROM pack_span s CROSS JOIN pack p ON p.first_id = s.pack_id "
    "WHERE s.first_id >= (SELECT coalesce(max(first_id), 0) FROM pack_span WHERE first_id <= ?1) "
    "AND s.first_id <= ?2 ORDER BY s.first_id";

constexpr int bytes_column = 10;  // of the spans

int step(sqlite3_stmt* statement, bool& there) {
    const int code = sqlite3_step(statement);
    there = code == SQLITE_ROW;
    return there || code == SQLITE_DONE ? SQLITE_OK : code;
}

void result(sqlite3_context* context, std::string_view text) {
    // Views of the pack, which is there until the next step: they are copied.
    sqlite3_result_text64(context, text.data() == nullptr ? "" : text.data(), text.size(),
                          SQLITE_TRANSIENT, SQLITE_UTF8);  // NOLINT: SQLite's own cast
}

}  // namespace

void MessageCursor::finish() {
    // An error of theirs was returned when it came.
    sqlite3_reset(rows_);
    rows_ = nullptr;  // the statement may be gone before this
    sqlite3_reset(statements_.spans.get());
    row_ = false;
    packed_.reset();
}

int MessageCursor::run(MessageStatements::Prepared& statement, const char* sql, std::int64_t first,
                       std::int64_t last) {
    if (!statement) {
        sqlite3_stmt* prepared = nullptr;
        const int code =
            sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
        if (code != SQLITE_OK) return code;
        statement.reset(prepared);
    }
    sqlite3_bind_int64(statement.get(), 1, first);
    return sqlite3_bind_int64(statement.get(), 2, last);
}

int MessageCursor::seek(std::int64_t first, std::int64_t last, bool with_body) {
    finish();
    first_ = std::max<std::int64_t>(first, 0);
    last_ = last;
    MessageStatements::Prepared& rows = with_body ? statements_.rows_with_body : statements_.rows;
    int code = run(rows, with_body ? rows_with_body_sql : rows_sql, first_, last_);
    rows_ = rows.get();
    if (code == SQLITE_OK) {
        code = run(statements_.spans, spans_sql, first_, last_);
    }
    if (code == SQLITE_OK) code = next_row();
    return code == SQLITE_OK ? next_span() : code;
}

int MessageCursor::next_row() {
    const int code = step(rows_, row_);
    if (row_) row_id_ = sqlite3_column_int64(rows_, MessageColumn::id);
    return code;
}

int MessageCursor::next_packed() {
    ++packed_id_;
    if (packed_id_ > span_.last_id) return next_span();
    packed_.reset();
    if (packed_id_ > last_) return SQLITE_OK;
    packed_ = reader_.next();
    return packed_ ? SQLITE_OK : SQLITE_CORRUPT_VTAB;
}

/// The next one with an id in the range.
int MessageCursor::next_span() {
    sqlite3_stmt* const spans = statements_.spans.get();
    packed_.reset();
    do {
        bool there = false;
        const int code = step(spans, there);
        if (!there) return code;
        span_.first_id = sqlite3_column_int64(spans, 0);
        span_.last_id = sqlite3_column_int64(spans, 1);
    } while (span_.last_id < first_);
    span_.pack_id = sqlite3_column_int64(spans, 2);
    span_.received = sqlite3_column_int64(spans, 4) != 0;
    span_.tray = static_cast<Tray>(sqlite3_column_int64(spans, 5));
    const void* const bytes = sqlite3_column_blob(spans, bytes_column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(spans, bytes_column));
    if (bytes == nullptr) return size == 0 ? SQLITE_CORRUPT_VTAB : SQLITE_NOMEM;
    reader_ = PackReader({static_cast<const std::uint8_t*>(bytes), size}, span_.received);
    const std::int64_t wanted = std::max(span_.first_id, first_);
    for (packed_id_ = span_.pack_id;; ++packed_id_) {
        packed_ = reader_.next();
        if (!packed_) return SQLITE_CORRUPT_VTAB;
        if (packed_id_ >= wanted) return SQLITE_OK;
    }
}

void MessageCursor::column(sqlite3_context* context, int column) const {
    if (in_pack()) return packed_column(context, column);
    sqlite3_result_value(context, sqlite3_column_value(rows_, column));
}

void MessageCursor::packed_column(sqlite3_context* context, int column) const {
    switch (column) {
        case MessageColumn::id:
            return sqlite3_result_int64(context, packed_id_);
        case MessageColumn::time_us:
            return sqlite3_result_int64(context, packed_->time_us);
        case MessageColumn::late_us:
            return sqlite3_result_int64(context, packed_->late_us);
        case MessageColumn::stamp_us:
            return sqlite3_result_int64(context, packed_->stamp_us);
        case MessageColumn::parts:
            return sqlite3_result_int64(context, 1);
        case MessageColumn::text:
            return result(context, packed_->text);
        case MessageColumn::tray:
        case MessageColumn::peer_id:
        case MessageColumn::cursor:
            return span_column(context, column);
        default:
            return span_.received ? received_column(context, column) : sent_column(context, column);
    }
}

void MessageCursor::received_column(sqlite3_context* context, int column) const {
    switch (column) {
        case MessageColumn::stamp:
            return result(context, packed_->stamp().lexeme());
        case MessageColumn::stamp_is_text:
            return sqlite3_result_int64(context, packed_->stamp_is_text ? 1 : 0);
        case MessageColumn::claims:
            if (!packed_->claims.empty()) result(context, packed_->claims);
            return;
        default:
            return;  // NULL
    }
}

void MessageCursor::sent_column(sqlite3_context* context, int column) const {
    const bool delivered = span_.tray == Tray::finished;
    switch (column) {
        case MessageColumn::state:
            return sqlite3_result_int64(
                context, static_cast<int>(delivered ? OutState::delivered : OutState::pending));
        case MessageColumn::parts_done:
            return sqlite3_result_int64(context, delivered ? 1 : 0);
        case MessageColumn::expires_us:
            return sqlite3_result_int64(context, packed_->expires_us);
        case MessageColumn::attempts:
        case MessageColumn::acked_us:
        case MessageColumn::rtt_us:
            return span_column(context, column);
        default:
            return;  // NULL
    }
}

void MessageCursor::span_column(sqlite3_context* context, int column) const {
    sqlite3_stmt* const spans = statements_.spans.get();
    switch (column) {
        case MessageColumn::tray:
            return sqlite3_result_int64(context, static_cast<int>(span_.tray));
        case MessageColumn::cursor:
            return sqlite3_result_int64(
                context, sqlite3_column_int64(spans, 6) + packed_id_ - span_.first_id);
        case MessageColumn::peer_id:
            return sqlite3_result_value(context, sqlite3_column_value(spans, 3));
        case MessageColumn::attempts:
            return sqlite3_result_value(context, sqlite3_column_value(spans, 7));
        case MessageColumn::acked_us:
            return sqlite3_result_value(context, sqlite3_column_value(spans, 8));
        default:
            return sqlite3_result_value(context, sqlite3_column_value(spans, 9));
    }
}

}  // namespace p2pd
