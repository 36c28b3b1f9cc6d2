// daemon: all messages as one table, to be read. Includes std, SQLite, the packs.
#include "daemon/store_each_message.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "daemon/store_packs.h"

// SQLite calls what is here, and knows no exceptions: errors are its codes.

namespace p2pd {

namespace each_message {

namespace {

// The columns, in the order of the declaration.
struct Column {
    enum : std::uint8_t {
        id,
        tray,
        peer_id,
        cursor,
        time_us,
        late_us,
        stamp_us,
        parts,
        reply_to,
        stamp,
        stamp_is_text,
        claims,
        state,
        attempts,
        parts_done,
        expires_us,
        acked_us,
        rtt_us,
        reason,
        request_id,
        handled,
        first_of_body,
        text = first_of_body + 5
    };
};

constexpr const char* declaration =
    "CREATE TABLE each_message (id INTEGER PRIMARY KEY, tray INTEGER, peer_id INTEGER, "
    "cursor INTEGER, time_us INTEGER, late_us INTEGER, stamp_us INTEGER, parts INTEGER, "
    "reply_to INTEGER, stamp TEXT, stamp_is_text INTEGER, claims TEXT, state INTEGER, "
    "attempts INTEGER, parts_done INTEGER, expires_us INTEGER, acked_us INTEGER, rtt_us INTEGER, "
    "reason TEXT, request_id TEXT, handled INTEGER, part_ends BLOB, answered_us INTEGER, "
    "answered_stamp TEXT, answered_is_text INTEGER, answered_text TEXT, text TEXT)";

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

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;

/// What one cursor uses; kept for the next.
struct Statements {
    Prepared rows;
    Prepared rows_with_body;
    Prepared spans;
};

struct Table : sqlite3_vtab {
    explicit Table(sqlite3* connection) : sqlite3_vtab{}, db(connection) {}

    sqlite3* db;
    std::vector<Statements> spare;
};

/// Goes through the rows and the packs at once, and gives what has the lower id.
class Cursor : public sqlite3_vtab_cursor {
public:
    explicit Cursor(Table& table) : sqlite3_vtab_cursor{}, table_(table) {
        if (table_.spare.empty()) return;
        statements_ = std::move(table_.spare.back());
        table_.spare.pop_back();
    }
    ~Cursor() { finish(); }
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;

    void keep_statements() {
        finish();
        table_.spare.push_back(std::move(statements_));
    }

    int seek(std::int64_t first, std::int64_t last, bool with_body);
    int next() { return in_pack() ? next_packed() : next_row(); }
    bool at_end() const { return !row_ && !packed_; }
    std::int64_t current() const { return in_pack() ? packed_id_ : row_id_; }
    void column(sqlite3_context* context, int column) const;

private:
    static constexpr int bytes_column = 10;

    bool in_pack() const { return packed_ && (!row_ || packed_id_ < row_id_); }
    void finish();
    int run(Prepared& statement, const char* sql, std::int64_t first, std::int64_t last);
    int next_row();
    int next_packed();
    int next_span();
    void packed_column(sqlite3_context* context, int column) const;
    void received_column(sqlite3_context* context, int column) const;
    void sent_column(sqlite3_context* context, int column) const;
    void span_column(sqlite3_context* context, int column) const;

    Table& table_;
    Statements statements_;
    std::int64_t first_ = 0;
    std::int64_t last_ = 0;

    sqlite3_stmt* rows_ = nullptr;  ///< one of the statements
    bool row_ = false;
    std::int64_t row_id_ = 0;

    std::optional<PackedMessage> packed_;
    std::int64_t packed_id_ = 0;
    PackReader reader_;
    PackSpan span_;  ///< without what span_column() finds in the row
};

int step(sqlite3_stmt* statement, bool& there) {
    const int code = sqlite3_step(statement);
    there = code == SQLITE_ROW;
    return there || code == SQLITE_DONE ? SQLITE_OK : code;
}

void Cursor::finish() {
    // An error of theirs was returned when it came.
    sqlite3_reset(rows_);
    sqlite3_reset(statements_.spans.get());
    row_ = false;
    packed_.reset();
}

int Cursor::run(Prepared& statement, const char* sql, std::int64_t first, std::int64_t last) {
    if (!statement) {
        sqlite3_stmt* prepared = nullptr;
        const int code =
            sqlite3_prepare_v3(table_.db, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
        if (code != SQLITE_OK) return code;
        statement.reset(prepared);
    }
    sqlite3_bind_int64(statement.get(), 1, first);
    return sqlite3_bind_int64(statement.get(), 2, last);
}

int Cursor::seek(std::int64_t first, std::int64_t last, bool with_body) {
    finish();
    first_ = std::max<std::int64_t>(first, 0);
    last_ = last;
    Prepared& rows = with_body ? statements_.rows_with_body : statements_.rows;
    int code = run(rows, with_body ? rows_with_body_sql : rows_sql, first_, last_);
    rows_ = rows.get();
    if (code == SQLITE_OK) {
        code = run(statements_.spans, spans_sql, first_, last_);
    }
    if (code == SQLITE_OK) code = next_row();
    return code == SQLITE_OK ? next_span() : code;
}

int Cursor::next_row() {
    const int code = step(rows_, row_);
    if (row_) row_id_ = sqlite3_column_int64(rows_, Column::id);
    return code;
}

int Cursor::next_packed() {
    ++packed_id_;
    if (packed_id_ > span_.last_id) return next_span();
    packed_.reset();
    if (packed_id_ > last_) return SQLITE_OK;
    packed_ = reader_.next();
    return packed_ ? SQLITE_OK : SQLITE_CORRUPT_VTAB;
}

/// The next one with an id in the range.
int Cursor::next_span() {
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

void Cursor::column(sqlite3_context* context, int column) const {
    if (in_pack()) return packed_column(context, column);
    sqlite3_result_value(context, sqlite3_column_value(rows_, column));
}

void result(sqlite3_context* context, std::string_view text) {
    // Views of the pack, which is there until the next step: they are copied.
    sqlite3_result_text64(context, text.data() == nullptr ? "" : text.data(), text.size(),
                          SQLITE_TRANSIENT, SQLITE_UTF8);  // NOLINT: SQLite's own cast
}

void Cursor::packed_column(sqlite3_context* context, int column) const {
    switch (column) {
        case Column::id:
            return sqlite3_result_int64(context, packed_id_);
        case Column::time_us:
            return sqlite3_result_int64(context, packed_->time_us);
        case Column::late_us:
            return sqlite3_result_int64(context, packed_->late_us);
        case Column::stamp_us:
            return sqlite3_result_int64(context, packed_->stamp_us);
        case Column::parts:
            return sqlite3_result_int64(context, 1);
        case Column::text:
            return result(context, packed_->text);
        case Column::tray:
        case Column::peer_id:
        case Column::cursor:
            return span_column(context, column);
        default:
            return span_.received ? received_column(context, column) : sent_column(context, column);
    }
}

void Cursor::received_column(sqlite3_context* context, int column) const {
    switch (column) {
        case Column::stamp:
            return result(context, packed_->stamp().lexeme);
        case Column::stamp_is_text:
            return sqlite3_result_int64(context, packed_->stamp_is_text ? 1 : 0);
        case Column::claims:
            if (!packed_->claims.empty()) result(context, packed_->claims);
            return;
        default:
            return;  // NULL
    }
}

void Cursor::sent_column(sqlite3_context* context, int column) const {
    const bool delivered = span_.tray == Tray::finished;
    switch (column) {
        case Column::state:
            return sqlite3_result_int64(
                context, static_cast<int>(delivered ? OutState::delivered : OutState::pending));
        case Column::parts_done:
            return sqlite3_result_int64(context, delivered ? 1 : 0);
        case Column::expires_us:
            return sqlite3_result_int64(context, packed_->expires_us);
        case Column::attempts:
        case Column::acked_us:
        case Column::rtt_us:
            return span_column(context, column);
        default:
            return;  // NULL
    }
}

void Cursor::span_column(sqlite3_context* context, int column) const {
    sqlite3_stmt* const spans = statements_.spans.get();
    switch (column) {
        case Column::tray:
            return sqlite3_result_int64(context, static_cast<int>(span_.tray));
        case Column::cursor:
            return sqlite3_result_int64(
                context, sqlite3_column_int64(spans, 6) + packed_id_ - span_.first_id);
        case Column::peer_id:
            return sqlite3_result_value(context, sqlite3_column_value(spans, 3));
        case Column::attempts:
            return sqlite3_result_value(context, sqlite3_column_value(spans, 7));
        case Column::acked_us:
            return sqlite3_result_value(context, sqlite3_column_value(spans, 8));
        default:
            return sqlite3_result_value(context, sqlite3_column_value(spans, 9));
    }
}

// What SQLite says to xFilter through xBestIndex.
constexpr int has_first = 1;
constexpr int has_last = 2;
constexpr int wants_body = 4;

Cursor& cursor_of(sqlite3_vtab_cursor* cursor) {
    return *static_cast<Cursor*>(cursor);
}

int connect(sqlite3* db, void* /*aux*/, int /*count*/, const char* const* /*words*/,
            sqlite3_vtab** table, char** /*error*/) {
    const int code = sqlite3_declare_vtab(db, declaration);
    if (code != SQLITE_OK) return code;
    *table = new (std::nothrow) Table(db);
    return *table == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
    delete static_cast<Table*>(table);
    return SQLITE_OK;
}

/// A range of ids is all that is quicker than a look at each; what it leaves in, SQLite leaves out.
int best_index(sqlite3_vtab* /*table*/, sqlite3_index_info* info) {
    int first = -1;
    int last = -1;
    for (int i = 0; i < info->nConstraint; ++i) {
        const auto& constraint = info->aConstraint[i];
        if (constraint.usable == 0 || constraint.iColumn > Column::id) continue;
        const auto op = constraint.op;
        const bool equal = op == SQLITE_INDEX_CONSTRAINT_EQ;
        if (equal || op == SQLITE_INDEX_CONSTRAINT_GE || op == SQLITE_INDEX_CONSTRAINT_GT)
            first = i;
        if (equal || op == SQLITE_INDEX_CONSTRAINT_LE || op == SQLITE_INDEX_CONSTRAINT_LT) last = i;
        if (equal) break;
    }
    int arguments = 0;
    const bool one = first >= 0 && first == last;
    if (first >= 0) info->aConstraintUsage[first].argvIndex = ++arguments;
    if (last >= 0 && !one) info->aConstraintUsage[last].argvIndex = ++arguments;
    info->idxNum = (first >= 0 ? has_first : 0) | (last >= 0 ? has_last : 0);
    if ((info->colUsed >> Column::first_of_body) != 0) info->idxNum |= wants_body;
    constexpr double all = 1e9;
    constexpr double some = 256;
    info->estimatedCost = one ? 1 : first >= 0 && last >= 0 ? some : all;
    info->estimatedRows = one ? 1 : first >= 0 && last >= 0 ? sqlite3_int64{256} : 1'000'000;
    if (one) info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    info->orderByConsumed = info->nOrderBy == 1 && info->aOrderBy[0].iColumn <= Column::id &&
                                    info->aOrderBy[0].desc == 0
                                ? 1
                                : 0;
    return SQLITE_OK;
}

int open(sqlite3_vtab* table, sqlite3_vtab_cursor** cursor) {
    *cursor = new (std::nothrow) Cursor(*static_cast<Table*>(table));
    return *cursor == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
    const std::unique_ptr<Cursor> ended(&cursor_of(cursor));
    try {
        ended->keep_statements();
        return SQLITE_OK;
    } catch (const std::bad_alloc&) {
        return SQLITE_NOMEM;
    }
}

int filter(sqlite3_vtab_cursor* cursor, int number, const char* /*text*/, int count,
           sqlite3_value** values) {
    constexpr auto id_max = std::numeric_limits<std::int64_t>::max();
    const bool first = (number & has_first) != 0;
    const bool last = (number & has_last) != 0;
    for (int i = 0; i < count; ++i) {
        if (sqlite3_value_numeric_type(values[i]) != SQLITE_INTEGER) {
            return cursor_of(cursor).seek(1, 0, false);  // NULL equals nothing
        }
    }
    return cursor_of(cursor).seek(first ? sqlite3_value_int64(values[0]) : 0,
                                  last ? sqlite3_value_int64(values[count - 1]) : id_max,
                                  (number & wants_body) != 0);
}

int next(sqlite3_vtab_cursor* cursor) {
    return cursor_of(cursor).next();
}

int eof(sqlite3_vtab_cursor* cursor) {
    return cursor_of(cursor).at_end() ? 1 : 0;
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
    try {
        cursor_of(cursor).column(context, column);
        return SQLITE_OK;
    } catch (const std::bad_alloc&) {
        return SQLITE_NOMEM;
    }
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
    *id = cursor_of(cursor).current();
    return SQLITE_OK;
}

/// Without xCreate it is there by its name alone, and in no file.
constexpr sqlite3_module module = [] {
    sqlite3_module calls{};
    calls.xConnect = connect;
    calls.xBestIndex = best_index;
    calls.xDisconnect = disconnect;
    calls.xDestroy = disconnect;
    calls.xOpen = open;
    calls.xClose = close;
    calls.xFilter = filter;
    calls.xNext = next;
    calls.xEof = eof;
    calls.xColumn = column;
    calls.xRowid = rowid;
    return calls;
}();

}  // namespace

}  // namespace each_message

void add_each_message(sqlite::Connection& connection) {
    connection.check(sqlite3_create_module_v2(connection.handle(), "each_message",
                                              &each_message::module, nullptr, nullptr));
}

}  // namespace p2pd
