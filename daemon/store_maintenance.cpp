// daemon: what can wait, in bounded pieces. Includes std, core, daemon/sqlite.h.
#include "daemon/store_maintenance.h"

namespace p2pd {

namespace {

constexpr std::size_t expired_at_once = 1000;
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
      search_(search),
      overdue_(state.connection(),
               "SELECT id FROM message INDEXED BY message_expiry "
               "WHERE tray = 2 AND expires_us < ?1 ORDER BY expires_us LIMIT ?2") {}

Maintenance Housekeeper::maintain(WallTime now) {
    state_.recover_from_full();
    Maintenance done;
    const bool more_to_expire = expire(now, done.expired);
    const bool more_to_join = join_overdue(now);
    const bool more_to_index = index();
    const bool more_to_forget = identities_.sweep();
    const bool more_peers = peers_.sweep(now - peer_life);
    done.more = more_to_expire || more_to_join || more_to_index || more_to_forget || more_peers;
    state_.file().restore_ballast();
    state_.checkpoint_if_due();
    done.last_cursor = static_cast<Cursor>(state_.meta().last_cursor);
    done.pending_messages = state_.meta().pending;
    return done;
}

bool Housekeeper::expire(WallTime now, std::vector<MessageId>& expired) {
    std::vector<RowId> ids;
    {
        sqlite::Run row = overdue_.run(now, expired_at_once);
        while (row.step()) ids.push_back(row.next<RowId>());
    }
    if (ids.empty()) return false;
    const bool written = state_.transact([&] {
        for (const RowId id : ids) {
            Outcome outcome;
            outcome.progress = messages_.progress(id).value();
            outcome.progress.state = OutState::expired;
            outcome.reason = "not confirmed in time";
            messages_.set_outcome(id, outcome);
            state_.add_pending(outcome.progress.peer_id, -1);
        }
    });
    if (written) expired.assign(ids.begin(), ids.end());
    return written && ids.size() == expired_at_once;
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
