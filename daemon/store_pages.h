// daemon: pages of messages, at a cost that does not depend on how many there are. Includes std,
// core, common, the other rooms of the store.
#pragma once

#include <span>
#include <vector>

#include "common/control_protocol.h"
#include "daemon/core/mailbox.h"
#include "daemon/store_messages.h"

namespace p2pd {

inline constexpr std::size_t page_bytes_max = std::size_t{512} * 1024;  ///< of text

/// Ids between `after` and `before`, both exclusive.
struct IdRange {
    RowId after = 0;
    RowId before = row_id_max;
};

/// What a page may be made of, of one peer or all.
enum class Shelf : std::uint8_t { inbox, unread, read, sent, pending, all };

/// The ids on a shelf, in either order: what is on it of the blocks that may have some.
class IdQuery {
public:
    IdQuery(StoreState& state, MessageTable& messages, Shelf shelf);

    std::vector<RowId> take(IdRange range, bool newest_first, std::size_t limit,
                            const std::optional<RowId>& peer_id);

private:
    MessageTable& messages_;
    std::optional<Tray> tray_;
    sqlite::Statement oldest_;
    sqlite::Statement newest_;
    sqlite::Statement oldest_of_peer_;
    sqlite::Statement newest_of_peer_;
};

/// Loads the records of `ids` until the page is full, oldest first in any case. An id more than
/// `limit` tells that there are more.
MessagesResult load_page(MessageTable& messages, std::span<const RowId> ids, std::uint32_t limit,
                         bool newest_first);
/// What of `range` is as new as `since` and older than `until`.
IdRange in_time(MessageTable& messages, IdRange range, const std::optional<UtcTime>& since,
                const std::optional<UtcTime>& until);
std::uint32_t clamp_limit(std::uint32_t limit);

class Pages {
public:
    Pages(StoreState& state, MessageTable& messages);

    MessagesResult list(const ListParams& params, const std::optional<Endpoint>& peer);
    MessagesResult thread(const ThreadParams& params, const Endpoint& peer);
    MessagesResult changes(Cursor since, std::uint32_t limit);
    std::vector<MessageRecord> get(std::span<const MessageId> ids);
    LoadedPage load(const LoadRequest& request);

private:
    IdQuery& query(const ListParams& params);

    StoreState& state_;
    MessageTable& messages_;
    IdQuery inbox_;
    IdQuery unread_;
    IdQuery sent_;
    IdQuery all_;
    IdQuery pending_;
    sqlite::Statement changes_;
};

}  // namespace p2pd
