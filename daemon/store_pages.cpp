// daemon: pages of messages. Includes std, core, common, daemon/sqlite.h.
#include "daemon/store_pages.h"

#include <algorithm>

namespace p2pd {

namespace {

/// The blocks of one direction. Indexes are named, so that no change of the planner's mind makes a
/// page a scan.
std::string blocks_sql(Direction dir, bool open, bool of_peer) {
    std::string sql = "SELECT first_id, last_id FROM block INDEXED BY block_";
    sql += open ? (of_peer ? "open_peer" : "open") : (of_peer ? "peer" : "dir");
    sql += dir == Direction::in ? " WHERE dir = 'in'" : " WHERE dir = 'out'";
    if (of_peer) sql += " AND peer_id = ?3";
    if (open) sql += " AND is_open = 1";
    return sql + " AND first_id > ?1 AND first_id < ?2";
}

std::string shelf_sql(Shelf shelf, bool of_peer) {
    switch (shelf) {
        case Shelf::unread:
            return blocks_sql(Direction::in, true, of_peer);
        case Shelf::inbox:
        case Shelf::read:
            return blocks_sql(Direction::in, false, of_peer);
        case Shelf::sent:
            return blocks_sql(Direction::out, false, of_peer);
        case Shelf::pending:
            return blocks_sql(Direction::out, true, of_peer);
        case Shelf::all:
            break;
    }
    if (!of_peer) {
        return "SELECT first_id, last_id FROM block WHERE first_id > ?1 AND first_id < ?2";
    }
    // Each comes in the order of ids: they are merged.
    return blocks_sql(Direction::in, false, true) + " UNION ALL " +
           blocks_sql(Direction::out, false, true);
}

std::string blocks_of(Shelf shelf, bool newest_first, bool of_peer) {
    return shelf_sql(shelf, of_peer) + (newest_first ? " ORDER BY 1 DESC" : " ORDER BY 1");
}

/// What all on a shelf have, where only some of their blocks' messages are on it.
std::optional<Tray> tray_of(Shelf shelf) {
    switch (shelf) {
        case Shelf::unread:
            return Tray::unread;
        case Shelf::read:
            return Tray::read;
        case Shelf::pending:
            return Tray::pending;
        case Shelf::inbox:
        case Shelf::sent:
        case Shelf::all:
            break;
    }
    return std::nullopt;
}

}  // namespace

IdQuery::IdQuery(StoreState& state, MessageTable& messages, Shelf shelf)
    : messages_(messages),
      tray_(tray_of(shelf)),
      oldest_(state.connection(), blocks_of(shelf, false, false)),
      newest_(state.connection(), blocks_of(shelf, true, false)),
      oldest_of_peer_(state.connection(), blocks_of(shelf, false, true)),
      newest_of_peer_(state.connection(), blocks_of(shelf, true, true)) {}

std::vector<RowId> IdQuery::take(IdRange range, bool newest_first, std::size_t limit,
                                 const std::optional<RowId>& peer_id) {
    std::vector<RowId> ids;
    const RowId first = std::max(range.after, RowId{0}) - block_ids_max;
    sqlite::Run block =
        peer_id
            ? (newest_first ? newest_of_peer_ : oldest_of_peer_).run(first, range.before, *peer_id)
            : (newest_first ? newest_ : oldest_).run(first, range.before);
    while (ids.size() < limit && block.step()) {
        const auto first_id = std::max(block.next<RowId>(), range.after + 1);
        const auto last_id = std::min(block.next<RowId>(), range.before - 1);
        messages_.find(first_id, last_id, tray_, newest_first, limit, ids);
    }
    return ids;
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

MessagesResult load_page(MessageTable& messages, std::span<const RowId> ids, std::uint32_t limit,
                         bool newest_first) {
    MessagesResult page;
    std::size_t bytes = 0;
    while (!ids.empty() && !page.more) {
        Some<MessageRecord> some = messages.records(ids);
        ids = ids.subspan(some.ids);
        for (MessageRecord& record : some.messages) {
            bytes += record.text.size();
            page.more =
                page.messages.size() == limit || (!page.messages.empty() && bytes > page_bytes_max);
            if (page.more) break;
            page.messages.push_back(std::move(record));
        }
    }
    if (newest_first) std::reverse(page.messages.begin(), page.messages.end());
    return page;
}

Pages::Pages(StoreState& state, MessageTable& messages)
    : state_(state),
      messages_(messages),
      inbox_(state, messages, Shelf::inbox),
      unread_(state, messages, Shelf::unread),
      sent_(state, messages, Shelf::sent),
      all_(state, messages, Shelf::all),
      pending_(state, messages, Shelf::pending),
      changes_(state.connection(),
               "SELECT first_cursor, first_id, count FROM change "
               "WHERE first_cursor > ?1 AND first_cursor + count > ?2 ORDER BY first_cursor") {}

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
    return load_page(messages_, query(params).take(range, newest_first, limit + 1, peer_id), limit,
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
    return load_page(messages_, all_.take(range, true, limit + 1, peer_id), limit, true);
}

/// Every cursor of a message is in one span, and no other.
MessagesResult Pages::changes(Cursor since, std::uint32_t limit) {
    limit = clamp_limit(limit);
    const RowId after = to_row_id(since);
    std::vector<RowId> ids;
    {
        sqlite::Run span = changes_.run(after - span_cursors_max, after + 1);
        while (ids.size() <= limit && span.step()) {
            const auto first_cursor = span.next<RowId>();
            const auto first_id = span.next<RowId>();
            const auto count = span.next<RowId>();
            RowId i = std::max(RowId{0}, after + 1 - first_cursor);
            for (; i < count && ids.size() <= limit; ++i) ids.push_back(first_id + i);
        }
    }
    return load_page(messages_, ids, limit, false);
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
    const auto limit =
        std::min<std::size_t>(request.messages_max, std::numeric_limits<std::int32_t>::max());
    const IdRange range{.after = to_row_id(request.after)};
    std::size_t bytes = 0;
    // One more than the page holds tells whether there are more.
    const std::vector<RowId> found = pending_.take(range, false, limit + 1, peer_id);
    for (std::span<const RowId> ids = found; !ids.empty() && !page.more;) {
        Some<OutgoingMessage> some = messages_.outgoing(ids);
        ids = ids.subspan(some.ids);
        for (OutgoingMessage& message : some.messages) {
            bytes += message.text.size();
            page.more = page.messages.size() == limit ||
                        (!page.messages.empty() && bytes > request.bytes_max);
            if (page.more) break;
            page.messages.push_back(std::move(message));
        }
    }
    return page;
}

}  // namespace p2pd
