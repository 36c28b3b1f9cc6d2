// daemon: what can wait, in bounded pieces. Includes std, core, daemon/sqlite.h.
#include "daemon/store_maintenance.h"

#include <algorithm>
#include <utility>

namespace p2pd {

namespace {

constexpr std::size_t expired_at_once = 1000;
constexpr std::uint32_t due_blocks_at_once = 1000;
constexpr int joined_at_once = 100;
// Less is left to the next search: one message at a time would cost a sync and a segment each.
constexpr std::uint64_t behind_max = 500;
constexpr auto peer_life = std::chrono::days{30};

}  // namespace

Housekeeper::Housekeeper(StoreState& state, MessageTable& messages, IdentityTable& identities,
                         PeerTable& peers, LongTexts& long_texts, SearchIndex& search)
    : state_(state),
      messages_(messages),
      identities_(identities),
      peers_(peers),
      long_texts_(long_texts),
      search_(search) {}

Maintenance Housekeeper::maintain(WallTime now) {
    state_.recover_from_full();
    Maintenance done;
    const bool more_to_expire = expire(now, done.expired);
    const bool more_to_join = join_overdue(now);
    const bool more_to_index = index();
    const bool more_to_forget = identities_.sweep();
    const bool more_peers = peers_.sweep(now - peer_life);
    state_.file().restore_ballast();
    state_.file().checkpoint_if_due();
    const bool more_log = state_.file().lengthen_log(state_.options().checkpoint_bytes);
    done.more =
        more_to_expire || more_to_join || more_to_index || more_to_forget || more_peers || more_log;
    done.last_cursor = static_cast<Cursor>(state_.meta().last_cursor);
    done.pending_messages = state_.meta().pending;
    return done;
}

bool Housekeeper::expire(WallTime now, std::vector<MessageId>& expired) {
    const std::int64_t now_us = now.time_since_epoch().count();
    const std::vector<Block> due = state_.blocks().due(now_us, due_blocks_at_once);
    if (due.empty()) return false;
    std::vector<Overdue> overdue;
    std::size_t looked_at = 0;
    for (; looked_at < due.size() && overdue.size() < expired_at_once; ++looked_at) {
        const Block& block = due[looked_at];
        messages_.find_overdue(block.first_id, block.last_id, now_us, overdue);
    }
    std::ranges::sort(overdue, {}, [](const Overdue& each) {
        return std::pair{each.expires_us, each.id};
    });
    const bool more = overdue.size() > expired_at_once || looked_at < due.size() ||
                      due.size() == due_blocks_at_once;
    if (overdue.size() > expired_at_once) overdue.resize(expired_at_once);
    const bool written = state_.transact([&] {
        for (const Overdue& message : overdue) expire(message.id);
        for (std::size_t i = 0; i < looked_at; ++i) {
            // One of those that are left may be the next; or the block was due for one that ended.
            const auto next = messages_.next_expiry(due[i].first_id, due[i].last_id);
            if (next) state_.blocks().set_expiry(due[i].first_id, *next);
        }
    });
    if (!written) return false;
    for (const Overdue& message : overdue) expired.push_back(static_cast<MessageId>(message.id));
    return more;
}

void Housekeeper::expire(RowId id) {
    const Progress before = messages_.progress(id).value();
    Outcome outcome;
    outcome.progress = before;
    outcome.progress.state = OutState::expired;
    outcome.reason = "not confirmed in time";
    messages_.set_outcome(id, before, outcome);
}

bool Housekeeper::join_overdue(WallTime now) {
    const WallTime before = now - state_.options().part_timeout;
    if (!long_texts_.has_overdue(before)) return false;
    const bool written = state_.transact([&] { long_texts_.join_overdue(before, joined_at_once); });
    return written && long_texts_.has_overdue(before);
}

bool Housekeeper::index() {
    if (search_.behind() < behind_max) return false;
    return search_.advance() && search_.behind() >= behind_max;
}

}  // namespace p2pd
