// daemon: pages of messages. Includes std, core, common, daemon/sqlite.h.
#include "daemon/store_pages.h"

#include <algorithm>

namespace p2pd {

namespace {

constexpr std::string_view id_range = " AND m.id > ?1 AND m.id < ?2";

/// The ids of one direction. Indexes are named, so that no change of the planner's mind makes a
/// page a scan.
std::string ids_sql(Direction dir, std::optional<Tray> tray, bool of_peer) {
    const bool open = tray == Tray::unread;
    std::string sql = "SELECT m.id, b.first_id FROM block b INDEXED BY block_";
    sql += open ? (of_peer ? "open_peer" : "open") : (of_peer ? "peer" : "dir");
    sql += " CROSS JOIN message m ON m.id BETWEEN b.first_id AND b.last_id WHERE b.dir = ";
    sql += dir == Direction::in ? "'in'" : "'out'";
    if (of_peer) sql += " AND b.peer_id = ?4";
    if (open) sql += " AND b.is_open = 1";
    sql += " AND b.first_id > ?1 - " + std::to_string(block_ids_max) + " AND b.first_id < ?2";
    sql += id_range;
    if (tray) sql += " AND m.tray = " + std::to_string(static_cast<int>(*tray));
    return sql;
}

std::string shelf_sql(Shelf shelf, bool of_peer) {
    switch (shelf) {
        case Shelf::inbox:
            return ids_sql(Direction::in, std::nullopt, of_peer);
        case Shelf::unread:
            return ids_sql(Direction::in, Tray::unread, of_peer);
        case Shelf::read:
            return ids_sql(Direction::in, Tray::read, of_peer);
        case Shelf::sent:
            return ids_sql(Direction::out, std::nullopt, of_peer);
        case Shelf::all:
            break;
    }
    if (!of_peer) return "SELECT m.id, m.id FROM message m WHERE true" + std::string(id_range);
    // Each comes in the order of ids: they are merged.
    return shelf_sql(Shelf::inbox, true) + " UNION ALL " + shelf_sql(Shelf::sent, true);
}

std::string page_sql(Shelf shelf, bool newest_first, bool of_peer) {
    return shelf_sql(shelf, of_peer) +
           (newest_first ? " ORDER BY 2 DESC, 1 DESC LIMIT ?3" : " ORDER BY 2, 1 LIMIT ?3");
}

}  // namespace

IdQuery::IdQuery(StoreState& state, Shelf shelf)
    : oldest_(state.connection(), page_sql(shelf, false, false)),
      newest_(state.connection(), page_sql(shelf, true, false)),
      oldest_of_peer_(state.connection(), page_sql(shelf, false, true)),
      newest_of_peer_(state.connection(), page_sql(shelf, true, true)) {}

sqlite::Run IdQuery::run(IdRange range, bool newest_first, std::uint32_t limit,
                         const std::optional<RowId>& peer_id) {
    // One more than the page holds tells whether there are more.
    if (peer_id) {
        return (newest_first ? newest_of_peer_ : oldest_of_peer_)
            .run(range.after, range.before, limit + 1, *peer_id);
    }
    return (newest_first ? newest_ : oldest_).run(range.after, range.before, limit + 1);
}

IdRange in_time(MessageTable& messages, IdRange range, const std::optional<UtcTime>& since,
                const std::optional<UtcTime>& until) {
    if (since) range.after = std::max(range.after, messages.first_since(since->us) - 1);
    if (until) range.before = std::min(range.before, messages.first_since(until->us));
    return range;
}

std::uint32_t clamp_limit(std::uint32_t limit) {
    return std::clamp(limit, 1U, page_messages_max);
}

MessagesResult load_page(MessageTable& messages, sqlite::Run ids, std::uint32_t limit,
                         bool newest_first) {
    MessagesResult page;
    std::size_t bytes = 0;
    while (ids.step()) {
        auto record = messages.record(ids.next<RowId>());
        if (!record) continue;
        bytes += record->text.size();
        page.more =
            page.messages.size() == limit || (!page.messages.empty() && bytes > page_bytes_max);
        if (page.more) break;
        page.messages.push_back(std::move(*record));
    }
    if (newest_first) std::reverse(page.messages.begin(), page.messages.end());
    return page;
}

Pages::Pages(StoreState& state, MessageTable& messages)
    : state_(state),
      messages_(messages),
      inbox_(state, Shelf::inbox),
      unread_(state, Shelf::unread),
      sent_(state, Shelf::sent),
      all_(state, Shelf::all),
      pending_(state.connection(),
               "SELECT m.id FROM block b INDEXED BY block_open_peer "
               "CROSS JOIN message m ON m.id BETWEEN b.first_id AND b.last_id "
               "WHERE b.peer_id = ?1 AND b.dir = 'out' AND b.is_open = 1 "
               "AND b.first_id > ?2 - ?4 AND m.id > ?2 AND m.tray = 2 "
               "ORDER BY b.first_id, m.id LIMIT ?3"),
      changes_(state.connection(),
               "SELECT m.id FROM change c CROSS JOIN message m "
               "ON m.id >= c.first_id AND m.id < c.first_id + c.count "
               "WHERE c.first_cursor > ?1 - ?3 AND m.cursor > ?1 "
               "AND m.cursor = c.first_cursor + m.id - c.first_id "
               "ORDER BY c.first_cursor, m.id LIMIT ?2") {}

MessagesResult Pages::list(const ListParams& params, const std::optional<Endpoint>& peer) {
    if (params.unread && params.box == Box::sent) return {};  // only what came in is ever unread
    std::optional<RowId> peer_id;
    if (peer) {
        peer_id = state_.find_peer(*peer);
        if (!peer_id) return {};
    }
    const std::uint32_t limit = clamp_limit(params.limit);
    const bool newest_first = !params.after.has_value();
    IdRange range;
    if (params.after) range.after = to_row_id(*params.after);
    if (params.before) range.before = to_row_id(*params.before);
    range = in_time(messages_, range, params.since, params.until);
    return load_page(messages_, query(params).run(range, newest_first, limit, peer_id), limit,
                     newest_first);
}

IdQuery& Pages::query(const ListParams& params) {
    if (params.unread) return unread_;
    switch (params.box) {
        case Box::inbox:
            return inbox_;
        case Box::sent:
            return sent_;
        case Box::all:
            return all_;
    }
    return all_;
}

MessagesResult Pages::thread(const ThreadParams& params, const Endpoint& peer) {
    const auto peer_id = state_.find_peer(peer);
    if (!peer_id) return {};
    IdRange range;
    if (params.before) range.before = to_row_id(*params.before);
    range = in_time(messages_, range, params.since, params.until);
    const std::uint32_t limit = clamp_limit(params.limit);
    return load_page(messages_, all_.run(range, true, limit, peer_id), limit, true);
}

MessagesResult Pages::changes(Cursor since, std::uint32_t limit) {
    limit = clamp_limit(limit);
    return load_page(messages_, changes_.run(to_row_id(since), limit + 1, span_cursors_max), limit,
                     false);
}

std::vector<MessageRecord> Pages::get(std::span<const MessageId> ids) {
    std::vector<MessageRecord> records;
    for (const MessageId id : ids) {
        if (auto record = messages_.record(to_row_id(id))) records.push_back(std::move(*record));
    }
    return records;
}

LoadedPage Pages::load(const LoadRequest& request) {
    LoadedPage page;
    const auto peer_id = state_.find_peer(request.peer);
    if (!peer_id || request.messages_max == 0) return page;
    const auto limit = static_cast<std::uint32_t>(
        std::min<std::size_t>(request.messages_max, std::numeric_limits<std::int32_t>::max()));
    sqlite::Run ids =
        pending_.run(*peer_id, to_row_id(request.after), std::int64_t{limit} + 1, block_ids_max);
    std::size_t bytes = 0;
    while (ids.step()) {
        auto message = messages_.outgoing(ids.next<RowId>());
        if (!message) continue;
        bytes += message->text.size();
        page.more =
            page.messages.size() == limit || (!page.messages.empty() && bytes > request.bytes_max);
        if (page.more) break;
        page.messages.push_back(std::move(*message));
    }
    return page;
}

}  // namespace p2pd
