// daemon: pages of messages. Includes std, core, common, daemon/sqlite.h.
#include "daemon/store_pages.h"

#include <algorithm>

namespace p2pd {

namespace {

/// Indexes are named, so that no change of the planner's mind makes a page a scan.
std::string ids_sql(std::initializer_list<Tray> trays, bool newest_first, bool of_peer) {
    std::string sql;
    for (const Tray tray : trays) {
        if (!sql.empty()) sql += " UNION ALL ";
        sql += of_peer ? "SELECT id FROM message INDEXED BY message_peer WHERE peer_id = ?4 AND "
                       : "SELECT id FROM message INDEXED BY message_tray WHERE ";
        sql += "tray = " + std::to_string(static_cast<int>(tray)) + " AND id > ?1 AND id < ?2";
    }
    return sql + (newest_first ? " ORDER BY id DESC LIMIT ?3" : " ORDER BY id LIMIT ?3");
}

}  // namespace

IdQuery::IdQuery(StoreState& state, std::initializer_list<Tray> trays)
    : oldest_(state.connection(), ids_sql(trays, false, false)),
      newest_(state.connection(), ids_sql(trays, true, false)),
      oldest_of_peer_(state.connection(), ids_sql(trays, false, true)),
      newest_of_peer_(state.connection(), ids_sql(trays, true, true)) {}

sqlite::Run IdQuery::run(IdRange range, bool newest_first, std::uint32_t limit,
                         const std::optional<RowId>& peer_id) {
    // One more than the page holds tells whether there are more.
    if (peer_id) {
        return (newest_first ? newest_of_peer_ : oldest_of_peer_)
            .run(range.after, range.before, limit + 1, *peer_id);
    }
    return (newest_first ? newest_ : oldest_).run(range.after, range.before, limit + 1);
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
      inbox_(state, {Tray::unread, Tray::read}),
      unread_(state, {Tray::unread}),
      sent_(state, {Tray::pending, Tray::finished}),
      all_(state, {Tray::unread, Tray::read, Tray::pending, Tray::finished}),
      pending_(state, {Tray::pending}),
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
    return load_page(messages_, query(params).run(range(params), newest_first, limit, peer_id),
                     limit, newest_first);
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

/// `since` is inclusive, `until` is not.
IdRange Pages::range(const ListParams& params) {
    IdRange range;
    if (params.after) range.after = to_row_id(*params.after);
    if (params.before) range.before = to_row_id(*params.before);
    if (params.since) {
        range.after = std::max(range.after, messages_.first_since(params.since->us) - 1);
    }
    if (params.until)
        range.before = std::min(range.before, messages_.first_since(params.until->us));
    return range;
}

MessagesResult Pages::thread(const ThreadParams& params, const Endpoint& peer) {
    const auto peer_id = state_.find_peer(peer);
    if (!peer_id) return {};
    IdRange range;
    if (params.before) range.before = to_row_id(*params.before);
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
    const IdRange range{to_row_id(request.after), row_id_max};
    sqlite::Run ids = pending_.run(range, false, limit, peer_id);
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
