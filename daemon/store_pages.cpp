// daemon: pages of messages. Includes std, core, common, daemon/sqlite.h.
#include "daemon/store_pages.h"

#include <algorithm>

namespace p2pd {

namespace {

/// Indexes are named, so that no change of the planner's mind makes a page a scan.
std::string shelf_sql(Shelf shelf, bool of_peer) {
    switch (shelf) {
        case Shelf::unread:
            return of_peer ? "message_peer WHERE stamp IS NOT NULL AND tray = 0"
                           : "message_tray WHERE stamp IS NOT NULL AND tray = 0";
        case Shelf::read:
            return of_peer ? "message_peer WHERE stamp IS NOT NULL AND tray = 1"
                           : "message_tray WHERE stamp IS NOT NULL AND tray = 1";
        case Shelf::sent:
            break;
    }
    return of_peer ? "message_sent_to WHERE stamp IS NULL" : "message_sent WHERE stamp IS NULL";
}

std::string ids_sql(std::initializer_list<Shelf> shelves, bool newest_first, bool of_peer) {
    std::string sql;
    for (const Shelf shelf : shelves) {
        if (!sql.empty()) sql += " UNION ALL ";
        sql += "SELECT id FROM message INDEXED BY " + shelf_sql(shelf, of_peer);
        if (of_peer) sql += " AND peer_id = ?4";
        sql += " AND id > ?1 AND id < ?2";
    }
    return sql + (newest_first ? " ORDER BY id DESC LIMIT ?3" : " ORDER BY id LIMIT ?3");
}

}  // namespace

IdQuery::IdQuery(StoreState& state, std::initializer_list<Shelf> shelves)
    : oldest_(state.connection(), ids_sql(shelves, false, false)),
      newest_(state.connection(), ids_sql(shelves, true, false)),
      oldest_of_peer_(state.connection(), ids_sql(shelves, false, true)),
      newest_of_peer_(state.connection(), ids_sql(shelves, true, true)) {}

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
      inbox_(state, {Shelf::unread, Shelf::read}),
      unread_(state, {Shelf::unread}),
      sent_(state, {Shelf::sent}),
      all_(state, {Shelf::unread, Shelf::read, Shelf::sent}),
      pending_(state.connection(),
               "SELECT id FROM message INDEXED BY message_pending "
               "WHERE tray = 2 AND peer_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
      changes_(state.connection(),
               "SELECT id FROM message WHERE cursor > ?1 ORDER BY cursor LIMIT ?2") {}

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
    return load_page(messages_, changes_.run(to_row_id(since), limit + 1), limit, false);
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
    sqlite::Run ids = pending_.run(*peer_id, to_row_id(request.after), std::int64_t{limit} + 1);
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
