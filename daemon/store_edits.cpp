// daemon: what readers change. Includes std, core, daemon/sqlite.h.
#include "daemon/store_edits.h"

#include <algorithm>

namespace p2pd {

namespace {

// So few that on a full disk the room of the ballast is enough for one transaction.
constexpr std::uint32_t edited_at_once = 200;

/// `edit` says of each id whether it changed something. Should each take a pack apart, the room of
/// the ballast may be too little for all at once, but not for one.
template <class Id, class Edit>
std::optional<std::uint64_t> edit_some(StoreState& state, std::span<const Id> ids, Edit&& edit) {
    std::uint64_t changed = 0;
    const bool written = state.transact_making_room([&] {
        changed = 0;
        for (const Id id : ids) changed += edit(static_cast<RowId>(id)) ? 1 : 0;
    });
    if (written) return changed;
    if (ids.size() == 1) return std::nullopt;
    const std::size_t half = ids.size() / 2;
    const auto first = edit_some(state, ids.first(half), edit);
    if (!first) return std::nullopt;
    const auto second = edit_some(state, ids.subspan(half), edit);
    return second ? std::optional(*first + *second) : std::nullopt;
}

template <class Edit>
std::optional<std::uint64_t> edit_each(StoreState& state, std::span<const MessageId> ids,
                                       Edit&& edit) {
    std::uint64_t changed = 0;
    while (!ids.empty()) {
        const auto some = ids.first(std::min<std::size_t>(ids.size(), edited_at_once));
        const auto changed_now = edit_some(state, some, edit);
        if (!changed_now) return std::nullopt;
        changed += *changed_now;
        ids = ids.subspan(some.size());
    }
    return changed;
}

/// All that `query` gives before `end`; each of them leaves what the query looks at, or is passed.
template <class Edit>
std::optional<std::uint64_t> edit_range(StoreState& state, IdQuery& query, RowId end, Edit&& edit) {
    std::uint64_t changed = 0;
    IdRange range{0, end};
    for (;;) {
        const auto ids = query.take(range, false, edited_at_once, std::nullopt);
        if (ids.empty()) return changed;
        const auto changed_now = edit_some(state, std::span<const RowId>(ids), edit);
        if (!changed_now) return std::nullopt;
        changed += *changed_now;
        range.after = ids.back();
    }
}

}  // namespace

Edits::Edits(StoreState& state, MessageTable& messages, SearchIndex& search)
    : state_(state),
      messages_(messages),
      search_(search),
      unread_(state, messages, Shelf::unread),
      read_(state, messages, Shelf::read),
      sent_(state, messages, Shelf::sent) {}

std::optional<std::uint64_t> Edits::mark(std::span<const MessageId> ids, bool read) {
    return edit_each(state_, ids, [&](RowId id) { return mark_one(id, read); });
}

std::optional<std::uint64_t> Edits::mark_all(bool read) {
    return edit_range(state_, read ? unread_ : read_, row_id_max,
                      [&](RowId id) { return mark_one(id, read); });
}

std::optional<std::uint64_t> Edits::mark_handled(std::span<const MessageId> ids) {
    return edit_each(state_, ids, [&](RowId id) {
        const auto place = messages_.place(id);
        const bool is_received =
            place && (place->tray == Tray::unread || place->tray == Tray::read);
        return is_received && messages_.set_handled(id);
    });
}

bool Edits::mark_one(RowId id, bool read) {
    const auto place = messages_.place(id);
    if (!place || place->tray != (read ? Tray::unread : Tray::read)) return false;
    messages_.set_read(id, read);
    return true;
}

std::optional<std::uint64_t> Edits::remove(std::span<const MessageId> ids) {
    return edit_each(state_, ids, [&](RowId id) { return remove_one(id); });
}

bool Edits::remove_one(RowId id) {
    const auto place = messages_.place(id);
    if (!place || place->tray == Tray::pending) return false;
    search_.forget(id);
    messages_.erase(id);
    return true;
}

std::optional<std::uint64_t> Edits::purge(WallTime before) {
    const RowId end = messages_.first_since(before.time_since_epoch().count());
    const auto received = purge(read_, end);
    if (!received) return std::nullopt;
    const auto sent = purge(sent_, end);
    if (!sent) return std::nullopt;
    return *received + *sent;
}

std::optional<std::uint64_t> Edits::purge(IdQuery& query, RowId end) {
    return edit_range(state_, query, end, [&](RowId id) { return remove_one(id); });
}

}  // namespace p2pd
