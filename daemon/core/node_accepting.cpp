// core: outgoing messages from send() to the commit that makes them durable. Includes std, core.
#include <algorithm>
#include <cassert>

#include "daemon/core/node.h"
#include "daemon/core/split.h"

namespace p2pd {

namespace {

constexpr std::size_t accepting_messages_max = 16384;
constexpr std::size_t accepting_bytes_max = std::size_t{32} * 1024 * 1024;

/// Of each text; empty if one takes more datagrams than a message may.
std::optional<std::vector<PartEnds>> split_all(const SendRequest& request, Dialect dialect,
                                               std::size_t whole_bytes_max) {
    std::vector<PartEnds> all;
    all.reserve(1 + request.more.size());
    const auto split = [&](const std::string& text) {
        auto ends = split_text(text, request.answered, request.peer, dialect, whole_bytes_max);
        if (ends) all.push_back(std::move(*ends));
        return ends.has_value();
    };
    if (!split(request.text) || !std::ranges::all_of(request.more, split)) return std::nullopt;
    return all;
}

}  // namespace

bool Node::can_accept(const SendRequest& request) const {
    const std::size_t accepting =
        batch_.accepted.size() + (storing_ ? storing_->accepted.size() : 0);
    std::size_t bytes = request.text.size();
    for (const std::string& text : request.more) bytes += text.size();
    return pending_messages_ + accepting + request.more.size() < limits_.queue_messages_max &&
           batch_.accepted.size() + request.more.size() < accepting_messages_max &&
           accepted_bytes_ + bytes <= accepting_bytes_max;
}

std::variant<std::int64_t, SendError> Node::send(Now now, SendRequest request) {
    const auto too_long = [this](const std::string& text) {
        return text.size() > limits_.text_bytes_max;
    };
    if (too_long(request.text) || std::ranges::any_of(request.more, too_long)) {
        return SendError::text_too_long;
    }
    if (!can_accept(request)) return SendError::queue_full;
    Peer* const peer = find_peer(request.peer);
    const Dialect dialect = peer == nullptr ? Dialect::base : peer->session.facts().dialect;
    const bool takes_many = peer != nullptr && peer->session.takes_many();
    auto ends = split_all(request, dialect, takes_many ? PathLimit::base : datagram_bytes_max);
    if (!ends) return SendError::text_too_long;
    if (peer == nullptr) batch_.unfamiliar.push_back(request.peer);
    OutgoingMessage alike;
    alike.peer = request.peer;
    alike.created_at = now.wall;
    alike.expires_at = now.wall + request.expires_in;
    OutgoingMessage first = alike;
    first.text = std::move(request.text);
    first.part_ends = std::move(ends->front());
    first.answered = std::move(request.answered);
    first.reply_to = request.reply_to;
    first.request_id = std::move(request.request_id);
    first.followers = static_cast<std::uint32_t>(request.more.size());
    const std::int64_t ticket = accept(now, peer, std::move(first));
    for (std::size_t i = 0; i < request.more.size(); ++i) {
        OutgoingMessage follower = alike;
        follower.text = std::move(request.more[i]);
        follower.part_ends = std::move((*ends)[i + 1]);
        accept(now, peer, std::move(follower));
    }
    if (peer != nullptr) touch(request.peer, *peer);
    return ticket;
}

/// Returns its first timestamp. Whoever calls touches the peer.
std::int64_t Node::accept(Now now, Peer* peer, OutgoingMessage&& message) {
    message.first_us = stamps_.take(now.wall, static_cast<std::uint32_t>(message.part_ends.size()));
    if (peer != nullptr) go_ahead(now, *peer, message);
    accepted_bytes_ += message.text.size();
    const std::int64_t first_us = message.first_us;
    batch_.accepted.push_back(std::move(message));
    return first_us;
}

/// A new message may leave while its row is being stored, as its timestamps are used once whatever
/// becomes of the row. But a program of the field would show what then was not accepted, a request
/// may turn out to be repeated, and nothing overtakes an older message to the same peer.
void Node::go_ahead(Now now, Peer& peer, const OutgoingMessage& message) {
    const std::int64_t last_us =
        message.first_us + static_cast<std::int64_t>(message.part_ends.size()) - 1;
    const bool older_wait = peer.more_in_store || peer.waits_us > settled_us_;
    if (!peer.session.facts().is_p2pd || !message.request_id.empty() || disk_full_ ||
        !stamps_.is_reserved(last_us) || older_wait || !has_room(peer)) {
        peer.waits_us = message.first_us;
        return;
    }
    hold(now, peer, OutgoingMessage(message));
}

void Node::announce(Now now, const StoreBatch& batch, const BatchResult& result) {
    assert(result.accepted.size() == batch.accepted.size());
    std::size_t next_request = 0;
    for (std::size_t i = 0; i < batch.accepted.size(); ++i) {
        const OutgoingMessage& message = batch.accepted[i];
        const BatchResult::Accepted& accepted = result.accepted[i];
        if (i == next_request) {
            next_request += 1 + message.followers;
            tell_accepted(message, accepted);
        }
        if (!accepted.repeated) settle(now, message, accepted.id);
        settled_us_ = message.first_us;
    }
}

void Node::tell_accepted(const OutgoingMessage& first, const BatchResult::Accepted& accepted) {
    events_.emplace_back(SendOutcome{.ticket = first.first_us,
                                     .id = accepted.id,
                                     .messages = 1 + first.followers,
                                     .repeated = accepted.repeated,
                                     .created_at = first.created_at,
                                     .expires_at = first.expires_at,
                                     .parts = static_cast<std::uint32_t>(first.part_ends.size())});
    set_known(first.peer, true);
}

/// The message is durable. If it went ahead it is under way, or has ended by now; else it goes.
void Node::settle(Now now, const OutgoingMessage& message, MessageId id) {
    if (Ended* const found = ended_ahead_.find(message.first_us)) {
        Ended ended = std::move(*found);
        ended_ahead_.erase(message.first_us);
        ended.update.id = ended.entry->message.id = id;
        if (!message.delivered) return tell_end(now, peer_at(message.peer), std::move(ended));
        return tell(std::move(ended));
    }
    Outbox::Entry* const entry = outbox_.find_part(message.first_us);
    if (entry == nullptr) {
        OutgoingMessage kept = message;
        kept.id = id;
        return keep(now, std::move(kept));
    }
    outbox_.set_id(*entry, id);
    Peer& peer = peer_at(message.peer);
    if (!peer.more_in_store) peer.last_loaded = id;
    if (entry->message.attempts > 0) note_attempt(*entry, entry->message.attempts);
}

/// Takes a durable message into memory if there is room; else it is loaded in its turn.
void Node::keep(Now now, OutgoingMessage message) {
    const Endpoint endpoint = message.peer;
    Peer& peer = peer_at(endpoint);
    if (peer.more_in_store || !has_room(peer)) {
        peer.more_in_store = true;
    } else {
        peer.last_loaded = message.id;
        hold(now, peer, std::move(message));
    }
    touch(endpoint, peer);
}

/// The disk is full: nothing of the batch was accepted, and what the next one has waits for it.
void Node::withdraw(const StoreBatch& batch) {
    for (std::size_t i = 0; i < batch.accepted.size(); i += 1 + batch.accepted[i].followers) {
        events_.emplace_back(SendOutcome{.ticket = batch.accepted[i].first_us, .disk_full = true});
    }
    for (const OutgoingMessage& message : batch.accepted) {
        ended_ahead_.erase(message.first_us);
        settled_us_ = message.first_us;
    }
    hold_back(batch.accepted);
    hold_back(batch_.accepted);
}

/// The peer is a program of the field after all: what went ahead to it waits for its commit.
void Node::hold_back_unsettled(Peer& peer) {
    while (const auto part_us = peer.session.newest()) {
        Outbox::Entry& entry = *outbox_.find_part(*part_us);
        if (entry.message.id != 0) return;  // durable, as all before it
        peer.waits_us = std::max(peer.waits_us, entry.message.first_us);
        take_out(peer, entry);
    }
}

void Node::hold_back(const std::vector<OutgoingMessage>& messages) {
    for (const OutgoingMessage& message : messages) {
        Outbox::Entry* const entry = outbox_.find_part(message.first_us);
        if (entry == nullptr) continue;
        Peer& peer = peer_at(message.peer);
        take_out(peer, *entry);
        touch(message.peer, peer);
    }
}

}  // namespace p2pd
