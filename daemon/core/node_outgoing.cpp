// core: outgoing messages until they have a final state. Includes std, core.
#include <algorithm>
#include <cassert>

#include "daemon/core/node.h"
#include "daemon/core/split.h"

namespace p2pd {

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
