// daemon: what readers change: marks of reading, deletion. Includes std, core, the other rooms of
// the store.
#pragma once

#include <span>
#include <vector>

#include "daemon/core/mailbox.h"
#include "daemon/store_messages.h"
#include "daemon/store_pages.h"
#include "daemon/store_search.h"

namespace p2pd {

/// Each works in transactions of a few messages, and returns how many changed. Empty: the disk was
/// full in spite of the ballast; what was done before that stays done.
class Edits {
public:
    Edits(StoreState& state, MessageTable& messages, SearchIndex& search);

    std::optional<std::uint64_t> mark(std::span<const MessageId> ids, bool read);
    std::optional<std::uint64_t> mark_all(bool read);
    std::optional<std::uint64_t> mark_handled(std::span<const MessageId> ids);
    std::optional<std::uint64_t> remove(std::span<const MessageId> ids);
    std::optional<std::uint64_t> purge(WallTime before);

private:
    std::optional<std::uint64_t> purge(IdQuery& query, RowId end);
    bool mark_one(RowId id, bool read);
    bool remove_one(RowId id);

    StoreState& state_;
    MessageTable& messages_;
    SearchIndex& search_;
    IdQuery unread_;
    IdQuery read_;
    IdQuery sent_;
};

}  // namespace p2pd
