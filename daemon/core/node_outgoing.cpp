// core: outgoing messages from acceptance to their final state. Includes std, core.
#include <algorithm>
#include <cassert>

#include "daemon/core/node.h"
#include "daemon/core/split.h"

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

void Node::hold(Now now, Peer& peer, OutgoingMessage&& message) {
    const Instant expires = now.monotonic + (message.expires_at - now.wall);
    const std::int64_t first_us = message.first_us;
    const std::uint32_t done = message.parts_done;
    const auto left = static_cast<std::uint32_t>(message.part_ends.size()) - done;
    const std::uint32_t attempts = message.attempts;
    const std::size_t cost = Outbox::cost(message);
    if (!outbox_.add(std::move(message), expires)) return;
    peer.bytes += cost;
    ++peer.messages;
    peer.session.add(first_us + done, left, attempts);
}

void Node::loaded(Now now, const Endpoint& endpoint, LoadedPage page) {
    Peer& peer = peer_at(endpoint);
    assert(peer.loading);
    peer.loading = false;
    peer.more_in_store = page.more;
    const auto finished = finished_unstored();
    for (OutgoingMessage& message : page.messages) {
        if (!has_room(peer)) {
            peer.more_in_store = true;
            break;
        }
        peer.last_loaded = message.id;
        if (cancelled_.contains(message.id) || finished.contains(message.id)) continue;
        hold(now, peer, std::move(message));
    }
    if (--loads_under_way_ == 0) cancelled_.clear();
    touch(endpoint, peer);
}

/// The store does not know yet that these have a final state, and so may give them once more.
std::map<MessageId, OutState> Node::finished_unstored() const {
    std::map<MessageId, OutState> finished;
    const auto note = [&](const OutgoingUpdate& update) {
        if (update.state != OutState::pending) finished.insert_or_assign(update.id, update.state);
        if (update.reopen) finished.erase(update.id);
    };
    if (storing_) std::for_each(storing_->updates.begin(), storing_->updates.end(), note);
    std::for_each(batch_.updates.begin(), batch_.updates.end(), note);
    return finished;
}

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
        events_.emplace_back(ended.told());
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

void Node::retry(Now now, OutgoingMessage message, bool finished, Duration expires_in) {
    const auto unstored = finished_unstored();
    if (const auto end = unstored.find(message.id); end != unstored.end()) {
        if (end->second == OutState::delivered) return;
        finished = true;
    }
    const Endpoint endpoint = message.peer;
    Peer& peer = peer_at(endpoint);
    if (finished && outbox_.find(message.id) == nullptr) {
        cancelled_.erase(message.id);
        message.expires_at = now.wall + expires_in;
        if (message.parts_done == message.part_ends.size()) message.parts_done = 0;
        OutgoingUpdate update{.id = message.id, .reopen = true};
        update.attempts = message.attempts;
        update.parts_done = message.parts_done;
        update.expires_at = message.expires_at;
        batch_.updates.push_back(update);
        // Whatever the room: it may be older than what is loaded next.
        hold(now, peer, std::move(message));
    }
    peer.session.nudge(now.monotonic);
    touch(endpoint, peer);
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

void Node::note_attempt(Outbox::Entry& entry, std::uint32_t attempts) {
    OutgoingMessage& message = entry.message;
    message.attempts = std::max(message.attempts, attempts);
    if (message.id == 0) return;  // then it is noted with its id
    if (message.attempts > 1 || message.parts_done > 0) {
        first_attempts_.erase(message.id);
        notes_.insert(message.id);
    } else {
        first_attempts_.insert(message.id);
    }
}

/// What was accepted for p2pd and is too large for the program of the field that the peer turns out
/// to be is set aside: anybody may have written in the peer's name.
std::optional<std::int64_t> Node::next_part(Peer& peer) {
    auto part_us = peer.session.next_to_send();
    if (peer.session.takes_many()) return part_us;
    while (part_us && !fits_the_field(outbox_.find_part(*part_us)->message)) {
        peer.session.set_aside(*part_us);
        part_us = peer.session.next_to_send();
    }
    return part_us;
}

/// A datagram with as much as may go now and fits; to a program of the field one object.
std::optional<Transmit> Node::next_transmit(Now now, const Endpoint& endpoint, Peer& peer) {
    auto part_us = next_part(peer);
    if (!part_us || !peer.session.begin_datagram(now.monotonic)) return std::nullopt;
    const PeerFacts& facts = peer.session.facts();
    Transmit transmit{endpoint, peer.local, {}, facts.dialect, Extension::p2pd};
    std::size_t room = peer.session.datagram_bytes();
    std::size_t used = 0;
    transmit.first_event = trace_.next_number();
    do {
        const std::size_t bytes = encoded_bytes_max(outbox_.find_part(*part_us)->message, *part_us);
        if (used > 0 && used + bytes > room) {
            // There is more than fits: worth to know whether the path takes more.
            const auto probe = peer.session.probe_bytes(now.monotonic);
            transmit.full = transmit.padded_bytes == 0 && !probe;
            if (transmit.padded_bytes > 0 || !probe) break;
            room = transmit.padded_bytes = *probe;
            peer.session.probed();
            if (used + bytes > room) break;
        }
        if (used == 0 && peer.session.takes_many()) {
            transmit.objects.reserve(std::min(room / bytes + 1, peer.session.waiting()));
        }
        used += bytes;
        transmit.objects.push_back(transmit_part(now, peer, *part_us, bytes));
        part_us = peer.session.takes_many() ? peer.session.next_to_send() : std::nullopt;
    } while (part_us);
    transmit.end_event = trace_.next_number();
    return transmit;
}

WireObject Node::transmit_part(Now now, Peer& peer, std::int64_t part_us, std::size_t bytes) {
    Outbox::Entry& entry = *outbox_.find_part(part_us);
    const std::uint32_t attempts = peer.session.transmitted(part_us, bytes, now.monotonic);
    ++counters_.transmissions;
    if (attempts > 1) ++counters_.retransmissions;
    note_attempt(entry, attempts);
    trace_.add(
        {.at = now.wall,
         .part_us = part_us,
         .attempt = attempts,
         .text_bytes = static_cast<std::uint32_t>(part_text(entry.message, part_us).size())});
    return part_object(entry.message, part_us);
}

void Node::too_large(Now now, const Endpoint& endpoint) {
    Peer* const peer = find_peer(endpoint);
    if (peer == nullptr) return;
    if (!peer->session.too_large(now.monotonic)) trouble(now, endpoint, Trouble::too_large);
    touch(endpoint, *peer);
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

std::vector<Transmit> Node::take_transmits(Now now, std::size_t max) {
    constexpr std::size_t turn_max = 32;  // so that no peer keeps the others waiting
    std::vector<Transmit> transmits;
    while (transmits.size() < max) {
        auto ack = acknowledger_.next(now.monotonic);
        if (!ack) break;
        transmits.push_back(std::move(*ack));
    }
    while (transmits.size() < max) {
        auto receipt = next_receipt(now);
        if (!receipt) break;
        transmits.push_back(std::move(*receipt));
    }
    while (!ready_.empty() && transmits.size() < max) {
        const Endpoint endpoint = ready_.front();
        ready_.pop_front();
        Peer& peer = peer_at(endpoint);
        for (std::size_t i = 0; i < turn_max && transmits.size() < max; ++i) {
            auto transmit = next_transmit(now, endpoint, peer);
            if (!transmit) break;
            transmits.push_back(std::move(*transmit));
        }
        peer.ready = false;
        touch(endpoint, peer);
    }
    return transmits;
}

void Node::timeout(Now now) {
    while (!timers_.empty() && timers_.begin()->first <= now.monotonic) {
        const Endpoint endpoint = timers_.begin()->second;
        Peer& peer = peer_at(endpoint);
        peer.session.timed_out(now.monotonic, jitter());
        give_up_unconfirmable(now, peer);
        touch(endpoint, peer);
    }
    receipts_.timeout(now.monotonic);
    while (Outbox::Entry* const entry = outbox_.expired(now.monotonic)) {
        const Endpoint endpoint = entry->message.peer;
        Peer& peer = peer_at(endpoint);
        finish(now, peer, *entry, {.state = OutState::expired, .reason = "not confirmed in time"});
        touch(endpoint, peer);
    }
}

std::vector<TraceEvent> Node::trace(const OutgoingMessage& message) const {
    return trace_.of(message.peer, message.first_us,
                     static_cast<std::uint32_t>(message.part_ends.size()));
}

const OutgoingMessage* Node::outgoing(MessageId id) const {
    const Outbox::Entry* const entry = outbox_.find(id);
    return entry == nullptr ? nullptr : &entry->message;
}

}  // namespace p2pd
