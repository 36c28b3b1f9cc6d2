// core: outgoing messages and their final states. Includes std, core.
#include <algorithm>

#include "daemon/core/node.h"

namespace p2pd {

namespace {

/// The dialect upper never confirms a reply; as often as such programs send themselves.
constexpr std::uint32_t unconfirmable_attempts_max = 5;
/// So that whoever reads the store by its cursor sees soon what is delivered.
constexpr Duration wait_max = std::chrono::milliseconds{20};

/// In all that an event tells of them.
bool alike(const OutgoingMessage& one, const OutgoingMessage& other) {
    return one.peer == other.peer && one.created_at == other.created_at &&
           one.expires_at == other.expires_at && one.part_ends.size() == other.part_ends.size() &&
           one.reply_to == other.reply_to;
}

OutgoingUpdate unconfirmable() {
    return {.state = OutState::expired,
            .reason = "sent 5 times; the peer's program never confirms replies"};
}

}  // namespace

/// False if it was not waited for. Whoever calls touches the peer.
bool Node::confirm(Now now, Peer& peer, Outbox::Entry& entry, std::int64_t part_us, bool accepted) {
    const auto acknowledged = peer.session.acknowledged(part_us, now.monotonic);
    if (!acknowledged) {
        ++counters_.acks_unmatched;
        return false;
    }
    using Kind = TraceEvent::Kind;
    TraceEvent event{.at = now.wall, .part_us = part_us, .attempt = acknowledged->attempts};
    event.kind = accepted ? Kind::confirmed : Kind::refused;
    if (const auto rtt = acknowledged->round_trip) {
        event.rtt_us = static_cast<std::int32_t>(std::min<Duration::rep>(rtt->count(), INT32_MAX));
    }
    trace_.add(event);
    if (!accepted) {
        finish(now, peer, entry, {.state = OutState::refused, .reason = "the peer refused it"});
    } else if (!outbox_.confirm(entry, part_us)) {
        note_attempt(entry, entry.message.attempts);
    } else if (entry.given_up > 0) {
        finish(now, peer, entry, unconfirmable());
    } else {
        finish(
            now, peer, entry,
            {.state = OutState::delivered, .acked_at = now.wall, .rtt = acknowledged->round_trip});
    }
    return true;
}

/// The message leaves memory with a final state. That of one that went ahead is told when it has an
/// id. Whoever calls touches the peer.
void Node::finish(Now now, Peer& peer, Outbox::Entry& entry, const OutgoingUpdate& update) {
    Ended ended{update, take_out(peer, entry)};
    OutgoingMessage& message = ended.entry->message;
    message.text = {};
    ended.update.id = message.id;
    ended.update.attempts = message.attempts;
    ended.update.parts_done = message.parts_done;
    if (message.id == 0) {
        ended_ahead_.insert(message.first_us, std::move(ended));
    } else {
        tell_end(now, peer, std::move(ended));
    }
}

/// Whoever calls touches the peer.
std::shared_ptr<Outbox::Entry> Node::take_out(Peer& peer, const Outbox::Entry& entry) {
    const std::int64_t first_us = entry.message.first_us;
    first_attempts_.erase(entry.message.id);
    for (std::size_t i = 0; i < entry.parts(); ++i) {
        peer.session.remove(first_us + static_cast<std::int64_t>(i));
    }
    peer.bytes -= Outbox::cost(entry.message);
    --peer.messages;
    return outbox_.remove(first_us);
}

/// Watchers learn it now, the disk with the batch; `delivered` alone is not worth a sync.
void Node::tell_end(Now now, const Peer& peer, Ended ended) {
    // Lost in a crash it is earned again, by a copy that p2pd confirms and a program of the field
    // would show.
    if (ended.update.state == OutState::delivered && peer.session.facts().is_p2pd) {
        ++can_wait_;
        if (!waits_until_) waits_until_ = now.monotonic + wait_max;
    }
    batch_.updates.push_back(ended.update);
    tell(std::move(ended));
}

/// An ACK confirms many at once: one event for them costs little more than for one.
void Node::tell(Ended ended) {
    auto* const last = events_.empty() ? nullptr : std::get_if<Finished>(&events_.back());
    if (last != nullptr && last->message && last->update.id + last->count == ended.update.id &&
        alike(last->update, ended.update) && alike(*last->message, ended.entry->message)) {
        ++last->count;
    } else {
        events_.emplace_back(std::move(ended).told());
    }
}

/// Each part of a reply to the dialect upper, which confirms none, is sent some times and then the
/// next; in the end nobody knows whether it came.
void Node::give_up_unconfirmable(Now now, Peer& peer) {
    if (peer.session.facts().dialect != Dialect::upper) return;
    while (const auto part_us = peer.session.next_to_send()) {
        Outbox::Entry& entry = *outbox_.find_part(*part_us);
        const bool may_be_confirmed = !entry.message.answered;
        if (may_be_confirmed || peer.session.attempts(*part_us) < unconfirmable_attempts_max)
            return;
        peer.session.remove(*part_us);
        if (outbox_.give_up_part(entry)) {
            finish(now, peer, entry, unconfirmable());
        } else {
            note_attempt(entry, entry.message.attempts);
        }
        peer.session.nudge(now.monotonic);
    }
}

void Node::cancel(Now now, MessageId id) {
    if (Outbox::Entry* const entry = outbox_.find(id)) {
        const Endpoint endpoint = entry->message.peer;
        Peer& peer = peer_at(endpoint);
        finish(now, peer, *entry, {.state = OutState::cancelled});
        touch(endpoint, peer);
        return;
    }
    if (loads_under_way_ > 0) cancelled_.insert(id);
    OutgoingUpdate update{.id = id, .state = OutState::cancelled};
    events_.emplace_back(Finished{update, nullptr});
    batch_.updates.push_back(update);
}

void Node::expired_in_store(Now now, const std::vector<MessageId>& ids,
                            std::uint64_t pending_messages) {
    pending_messages_ = pending_messages;
    const auto told_already = finished_unstored();
    for (const MessageId id : ids) {
        if (told_already.contains(id)) continue;
        OutgoingUpdate update{
            .id = id, .state = OutState::expired, .reason = "not confirmed in time"};
        if (Outbox::Entry* const entry = outbox_.find(id)) {
            const Endpoint endpoint = entry->message.peer;
            Peer& peer = peer_at(endpoint);
            finish(now, peer, *entry, update);
            touch(endpoint, peer);
        } else {
            if (loads_under_way_ > 0) cancelled_.insert(id);
            events_.emplace_back(Finished{update, nullptr});
        }
    }
}

}  // namespace p2pd
