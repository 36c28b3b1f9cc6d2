// daemon: all messages as one table, to be read. Includes std, SQLite, the cursor of messages.
#include "daemon/store_each_message.h"

#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "daemon/store_message_cursor.h"

// SQLite calls what is here, and knows no exceptions: errors are its codes.

namespace p2pd {

namespace each_message {

namespace {

constexpr const char* declaration =
    "CREATE TABLE each_message (id INTEGER PRIMARY KEY, tray INTEGER, peer_id INTEGER, "
    "cursor INTEGER, time_us INTEGER, late_us INTEGER, stamp_us INTEGER, parts INTEGER, "
    "reply_to INTEGER, stamp TEXT, stamp_is_text INTEGER, claims TEXT, state INTEGER, "
    "attempts INTEGER, parts_done INTEGER, expires_us INTEGER, acked_us INTEGER, rtt_us INTEGER, "
    "reason TEXT, request_id TEXT, handled INTEGER, part_ends BLOB, answered_us INTEGER, "
    "answered_stamp TEXT, answered_is_text INTEGER, answered_text TEXT, text TEXT)";

struct Table : sqlite3_vtab {
    explicit Table(sqlite3* connection) : sqlite3_vtab{}, db(connection) {}

    MessageStatements take_spare() {
        if (spare.empty()) return {};
        MessageStatements statements = std::move(spare.back());
        spare.pop_back();
        return statements;
    }

    sqlite3* db;
    std::vector<MessageStatements> spare;
};

struct Cursor : sqlite3_vtab_cursor {
    explicit Cursor(Table& of)
        : sqlite3_vtab_cursor{}, table(of), messages(of.db, of.take_spare()) {}

    Table& table;
    MessageCursor messages;
};

// What SQLite says to xFilter through xBestIndex.
constexpr int has_first = 1;
constexpr int has_last = 2;
constexpr int wants_body = 4;

MessageCursor& messages_of(sqlite3_vtab_cursor* cursor) {
    return static_cast<Cursor*>(cursor)->messages;
}

template <class Work>
int unless_no_memory(Work work) {
    try {
        work();
        return SQLITE_OK;
    } catch (const std::bad_alloc&) {
        return SQLITE_NOMEM;
    }
}

int connect(sqlite3* db, void* /*aux*/, int /*count*/, const char* const* /*words*/,
            sqlite3_vtab** table, char** /*error*/) {
    const int code = sqlite3_declare_vtab(db, declaration);
    if (code != SQLITE_OK) return code;
    return unless_no_memory([&] { *table = std::make_unique<Table>(db).release(); });
}

int disconnect(sqlite3_vtab* table) {
    const std::unique_ptr<Table> ended(static_cast<Table*>(table));
    return SQLITE_OK;
}

/// A range of ids is all that is quicker than a look at each; what it leaves in, SQLite leaves out.
int best_index(sqlite3_vtab* /*table*/, sqlite3_index_info* info) {
    int first = -1;
    int last = -1;
    for (int i = 0; i < info->nConstraint; ++i) {
        const auto& constraint = info->aConstraint[i];
        if (constraint.usable == 0 || constraint.iColumn > MessageColumn::id) continue;
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
    if ((info->colUsed >> MessageColumn::first_of_body) != 0) info->idxNum |= wants_body;
    constexpr double all = 1e9;
    constexpr double some = 256;
    info->estimatedCost = one ? 1 : first >= 0 && last >= 0 ? some : all;
    info->estimatedRows = one ? 1 : first >= 0 && last >= 0 ? sqlite3_int64{256} : 1'000'000;
    if (one) info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    info->orderByConsumed = info->nOrderBy == 1 && info->aOrderBy[0].iColumn <= MessageColumn::id &&
                                    info->aOrderBy[0].desc == 0
                                ? 1
                                : 0;
    return SQLITE_OK;
}

int open(sqlite3_vtab* table, sqlite3_vtab_cursor** cursor) {
    return unless_no_memory(
        [&] { *cursor = std::make_unique<Cursor>(*static_cast<Table*>(table)).release(); });
}

int close(sqlite3_vtab_cursor* cursor) {
    const std::unique_ptr<Cursor> ended(static_cast<Cursor*>(cursor));
    return unless_no_memory([&] { ended->table.spare.push_back(ended->messages.release()); });
}

int filter(sqlite3_vtab_cursor* cursor, int number, const char* /*text*/, int count,
           sqlite3_value** values) {
    constexpr auto id_max = std::numeric_limits<std::int64_t>::max();
    const bool first = (number & has_first) != 0;
    const bool last = (number & has_last) != 0;
    for (int i = 0; i < count; ++i) {
        if (sqlite3_value_numeric_type(values[i]) != SQLITE_INTEGER) {
            return messages_of(cursor).seek(1, 0, false);  // NULL equals nothing
        }
    }
    return messages_of(cursor).seek(first ? sqlite3_value_int64(values[0]) : 0,
                                    last ? sqlite3_value_int64(values[count - 1]) : id_max,
                                    (number & wants_body) != 0);
}

int next(sqlite3_vtab_cursor* cursor) {
    return messages_of(cursor).next();
}

int eof(sqlite3_vtab_cursor* cursor) {
    return messages_of(cursor).at_end() ? 1 : 0;
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
    return unless_no_memory([&] { messages_of(cursor).column(context, column); });
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
    *id = messages_of(cursor).id();
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
