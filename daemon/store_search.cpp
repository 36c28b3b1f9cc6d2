// daemon: full-text search. Includes std, core, common, daemon/sqlite.h.
#include "daemon/store_search.h"

namespace p2pd {

namespace {

constexpr std::uint64_t indexed_at_once = 500;
constexpr std::size_t indexed_bytes_at_once = 4 * 1024 * 1024;

constexpr std::string_view blanks(" \t\r\n\v\f\0", 7);

std::string quoted(std::string_view word) {
    std::string text = "\"";
    for (const char c : word) {
        if (c == '"') text += '"';
        text += c == '\0' ? ' ' : c;  // the expression is a C string
    }
    return text + '"';
}

/// Takes the next word or phrase off `words`; without its quotes.
std::string_view next_word(std::string_view& words) {
    const bool phrase = words.front() == '"';
    if (phrase) words.remove_prefix(1);
    const std::size_t end =
        std::min(phrase ? words.find('"') : words.find_first_of(blanks), words.size());
    const std::string_view word = words.substr(0, end);
    words.remove_prefix(std::min(end + (phrase ? 1 : 0), words.size()));
    return word;
}

/// Runs `use`; true if what that reads is damaged. The connection can be used all the same.
template <class Use>
bool meets_damage(StoreState& state, Use use) {
    try {
        use();
        return false;
    } catch (const sqlite::Damaged&) {
        state.recover_from_damage();
        return true;
    }
}

bool is_damaged(StoreState& state) {
    return meets_damage(state, [&] {
        state.connection().execute(
            "INSERT INTO message_fts (message_fts) VALUES ('integrity-check')");
    });
}

/// To drop the old one would mean to walk it, and to free whatever damaged pages point at.
bool replace(StoreState& state) {
    sqlite::Connection& connection = state.connection();
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
    const bool replaced = state.transact([&] {
        connection.execute(
            "PRAGMA writable_schema = ON;"
            "DELETE FROM sqlite_schema WHERE name = 'message_fts' OR name GLOB 'message_fts_*';"
            "PRAGMA writable_schema = RESET");
        connection.execute(create_index_sql);
        state.meta().indexed_id = 0;
    });
    connection.execute("PRAGMA writable_schema = OFF");
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    return replaced;
}

/// The beginning of the index is read when a statement on it is parsed.
StoreState& with_usable_index(StoreState& state) {
    const bool damaged = meets_damage(state, [&] {
        sqlite::Statement(state.connection(), "SELECT rowid FROM message_fts").parse();
    });
    if (damaged && (!is_damaged(state) || !replace(state))) {
        throw StoreFailure("the full-text index is damaged, and there is no room for a new one");
    }
    return state;
}

}  // namespace

std::string search_expression(std::string_view words, std::optional<RowId> peer_id) {
    std::string expression;
    for (;;) {
        words.remove_prefix(std::min(words.find_first_not_of(blanks), words.size()));
        if (words.empty()) break;
        std::string_view word = next_word(words);
        bool begins = false;
        if (word.ends_with('*')) {
            begins = true;
            word.remove_suffix(1);
        } else if (words.starts_with('*')) {  // "a phr"*
            begins = true;
            words.remove_prefix(1);
        }
        expression += quoted(word) + (begins ? "* " : " ");
    }
    if (expression.empty()) return expression;
    expression = "text : (" + expression + ")";
    if (peer_id) expression += " AND peer : \"" + std::to_string(*peer_id) + "\"";
    return expression;
}

SearchIndex::SearchIndex(StoreState& state, MessageTable& messages)
    : state_(with_usable_index(state)),
      messages_(messages),
      next_texts_(state.connection(),
                  "SELECT id, peer_id, text FROM each_message WHERE id > ?1 ORDER BY id LIMIT ?2"),
      text_(state.connection(), "SELECT peer_id, text FROM each_message WHERE id = ?1"),
      add_(state.connection(), "INSERT INTO message_fts (rowid, text, peer) VALUES (?1, ?2, ?3)"),
      erase_(state.connection(),
             "INSERT INTO message_fts (message_fts, rowid, text, peer) "
             "VALUES ('delete', ?1, ?2, ?3)"),
      find_(
          state.connection(),
          "SELECT rowid FROM message_fts WHERE message_fts MATCH ?1 AND rowid > ?2 AND rowid < ?3 "
          "ORDER BY rowid DESC LIMIT ?4") {}

MessagesResult SearchIndex::search(const SearchParams& params,
                                   const std::optional<Endpoint>& peer) {
    std::optional<RowId> peer_id;
    if (peer) {
        peer_id = state_.find_peer(*peer);
        if (!peer_id) return {};
    }
    const std::string expression = search_expression(params.words, peer_id);
    if (expression.empty()) return {};
    while (behind() > 0 && advance()) {
    }
    const std::uint32_t limit = clamp_limit(params.limit);
    IdRange range;
    if (params.before) range.before = to_row_id(*params.before);
    range = in_time(messages_, range, params.since, params.until);
    std::vector<RowId> ids;
    {
        sqlite::Run row = find_.run(expression, range.after, range.before, limit + 1);
        while (row.step()) ids.push_back(row.next<RowId>());
    }
    return load_page(messages_, ids, limit, true);
}

std::uint64_t SearchIndex::behind() const {
    return static_cast<std::uint64_t>(state_.meta().last_id - state_.meta().indexed_id);
}

bool SearchIndex::advance() {
    if (behind() == 0) return false;
    return state_.transact([&] { index_next(); });
}

bool SearchIndex::mend() {
    return ::p2pd::is_damaged(state_) && ::p2pd::replace(state_);
}

void SearchIndex::index_next() {
    RowId& indexed_id = state_.meta().indexed_id;
    std::size_t bytes = 0;
    std::uint64_t rows = 0;
    bool room = true;
    {
        sqlite::Run row = next_texts_.run(indexed_id, indexed_at_once);
        while (room && row.step()) {
            const auto id = row.next<RowId>();
            const auto peer_id = row.next<RowId>();
            const auto text = row.next<std::string_view>();
            add_.execute(id, text, std::to_string(peer_id));
            indexed_id = id;
            bytes += text.size();
            ++rows;
            room = bytes < indexed_bytes_at_once;
        }
    }
    if (room && rows < indexed_at_once) indexed_id = state_.meta().last_id;
}

/// The index has no copy of the texts, so it must be told the very words that were there.
void SearchIndex::forget(RowId id) {
    if (id > state_.meta().indexed_id) return;
    sqlite::Run row = text_.run(id);
    if (!row.step()) return;
    const auto peer_id = row.next<RowId>();
    erase_.execute(id, row.next<std::string_view>(), std::to_string(peer_id));
}

}  // namespace p2pd
