// core: what comes in, and what is made durable. Includes std, core.
#include "daemon/core/node.h"

#include <algorithm>
#include <cassert>

namespace p2pd {

namespace {

constexpr Duration disk_full_pause = std::chrono::seconds{1};

/// The sender's own idea of its address, where it differs from the UDP source.
std::string differing_claim(const Endpoint& from, const std::string& from_ip,
                            const Addresses& claimed) {
    if (claimed.source_ip == from_ip && claimed.source_port == from.port) return {};
    return claimed.source_ip + ":" + std::to_string(claimed.source_port);
}

/// What a message or reply says; takes its texts out of `datagram`.
ReceivedMessage received_message(Now now, const Endpoint& from, const std::string& from_ip,
                                 const Endpoint& local, Datagram& datagram) {
    ReceivedMessage message;
    message.peer = from;
    if (!local.is_unspecified()) message.local = local;
    message.received_at = now.wall;
    message.claims = differing_claim(from, from_ip, datagram.claimed);
    if (auto* reply = std::get_if<WireReply>(&datagram.object)) {
        message.reply_to = reply->original;
        message.stamp = reply->stamp;
        message.text = std::move(reply->text);
        message.part = reply->part;
    } else {
        auto& plain = std::get<WireMessage>(datagram.object);
        message.stamp = plain.stamp;
        message.text = std::move(plain.text);
        message.part = plain.part;
    }
    return message;
}

}  // namespace

Node::Node(const NodeLimits& limits, const Recovered& recovered, std::uint64_t seed)
    : limits_(limits),
      random_(seed),
      admission_(limits.admission, random_()),
      stamps_(recovered.last_stamp_us),
      pending_messages_(recovered.pending_messages) {
    for (const Endpoint& host : recovered.known_hosts) admission_.set_known(host, true);
    for (const PeerFacts& facts : recovered.peers) peer_at(facts.endpoint).session.set_facts(facts);
    for (const Endpoint& endpoint : recovered.pending_peers) {
        Peer& peer = peer_at(endpoint);
        peer.more_in_store = true;
        touch(endpoint, peer);
    }
}

void Node::receive(Now now, const Endpoint& from, const Endpoint& local, std::string_view bytes) {
    ++counters_.datagrams_received;
    if (!admit(now, from)) return;
    Source source{from, from.ip_text(), local, {}};
    std::string_view rest = bytes;
    auto first = decoder_.decode(take_line(rest));
    if (!rest.empty()) {
        const auto* datagram = std::get_if<Datagram>(&first);
        if (datagram == nullptr || !datagram->from_p2pd) {
            return receive_decoded(now, source, decoder_.decode(bytes));
        }
    }
    receive_decoded(now, source, std::move(first));
    const bool is_known = !rest.empty() && admission_.is_known(from);
    // Each object counts against the rates of strangers, however they are packed.
    while (!rest.empty() && (is_known || admit(now, from))) {
        receive_decoded(now, source, decoder_.decode(take_line(rest)));
    }
}

void Node::receive_decoded(Now now, Source& source, Decoded&& decoded) {
    if (const auto* cause = std::get_if<DropCause>(&decoded)) {
        ++counters_.dropped[static_cast<std::size_t>(*cause)];
        return;
    }
    Datagram& datagram = std::get<Datagram>(decoded);
    if (const auto* ack = std::get_if<WireAck>(&datagram.object)) {
        receive_ack(now, source.from, *ack);
        if (find_peer(source.from) != nullptr) learn(now, source, datagram);
        return;
    }
    if (const auto* receipt = std::get_if<WireReceipt>(&datagram.object)) {
        receive_receipt(now, source.from, *receipt);
        if (find_peer(source.from) != nullptr) learn(now, source, datagram);
        return;
    }
    ReceivedMessage message =
        received_message(now, source.from, source.from_ip, source.local, datagram);
    if (admission_.known_only() && !admission_.is_known(source.from)) {
        turn_away(TurnedAway::not_known);
        return refuse(now, datagram, message);
    }
    learn(now, source, datagram);
    count_repeats(message);
    receive_text(now, datagram, std::move(message));
}

/// Before a datagram is looked at: a flood must cost as little as it can.
bool Node::admit(Now now, const Endpoint& from) {
    using Verdict = Admission::Verdict;
    const Verdict verdict = admission_.judge(now.monotonic, from);
    if (verdict == Verdict::known || verdict == Verdict::stranger) return true;
    turn_away(verdict == Verdict::blocked         ? TurnedAway::blocked
              : verdict == Verdict::stranger_rate ? TurnedAway::stranger_rate
                                                  : TurnedAway::strangers_rate);
    return false;
}

void Node::receive_text(Now now, const Datagram& datagram, ReceivedMessage&& message) {
    ++counters_.messages_received;
    if (!datagram.from_p2pd) message.part.reset();
    if (message.text.size() > limits_.text_bytes_max) {
        return refuse(now, datagram, message);
    }
    if (inbox_.take(std::move(message), now.monotonic) == Inbox::Taken::full) {
        ++counters_.inbox_full;
    }
}

void Node::receive_ack(Now now, const Endpoint& from, const WireAck& ack) {
    ++counters_.acks_received;
    Outbox::Entry* const entry = outbox_.find_part(ack.original.us);
    Peer* peer = entry == nullptr ? nullptr : find_peer(entry->message.peer);
    // Programs of the field answer from another port of the same host (the dialect upper does).
    const bool from_peer =
        peer != nullptr && (entry->message.peer == from || (!peer->session.facts().is_p2pd &&
                                                            entry->message.peer.same_host(from)));
    if (from_peer) {
        const Endpoint endpoint = entry->message.peer;
        confirm(now, *peer, *entry, ack.original.us, ack.accepted);
        if (endpoint == from) confirm_ranges(now, *peer, ack);
        ack_read(now, endpoint, *peer);
        return;
    }
    // What it names first may be confirmed already, and the others not.
    peer = ack.also.empty() ? nullptr : find_peer(from);
    if (peer == nullptr || !confirm_ranges(now, *peer, ack)) {
        ++counters_.acks_unmatched;
        return;
    }
    ack_read(now, from, *peer);
}

/// True if any of them was waited for. Only what is under way to this peer is looked at, whatever
/// the ACK claims.
bool Node::confirm_ranges(Now now, Peer& peer, const WireAck& ack) {
    bool any = false;
    for (const StampRange& range : ack.also) {
        const std::int64_t end_us = range.first_us + range.count;
        auto part_us = peer.session.first_part_in(range.first_us, end_us);
        while (part_us) {
            Outbox::Entry& entry = *outbox_.find_part(*part_us);
            any = confirm(now, peer, entry, *part_us, ack.accepted) || any;
            part_us = peer.session.first_part_in(*part_us + 1, end_us);
        }
    }
    if (ack.window) peer.session.set_peer_window(*ack.window);
    return any;
}

void Node::ack_read(Now now, const Endpoint& endpoint, Peer& peer) {
    if (const auto sample = peer.session.ack_read(now.monotonic)) {
        counters_.round_trips.add(*sample);
    }
    heard_now(peer, now);
    touch(endpoint, peer);
}

/// Once of all objects of a datagram that say the same of their sender.
void Node::learn(Now now, Source& source, const Datagram& datagram) {
    const Told told{datagram.dialect, datagram.from_p2pd,
                    std::holds_alternative<WireMessage>(datagram.object),
                    datagram.claimed.source_port};
    if (source.told == told) return;
    source.told = told;
    learn(now, source.from, source.local, told);
}

void Node::learn(Now now, const Endpoint& from, const Endpoint& local, const Told& told) {
    Peer& peer = peer_at(from);
    PeerFacts facts = peer.session.facts();
    // Of `short`, only a message shows how it differs from `quoted`.
    const bool may_be_short = !told.is_message && facts.dialect == Dialect::short_;
    if (!(may_be_short && told.dialect == Dialect::quoted)) facts.dialect = told.dialect;
    facts.is_p2pd = told.is_p2pd;
    const PeerFacts& known = peer.session.facts();
    if (facts.dialect != known.dialect || facts.is_p2pd != known.is_p2pd) {
        if (facts.dialect != known.dialect) facts.dialect_by_hand = false;
        facts.last_heard = now.wall;
        peer.session.set_facts(facts);
        keep_facts(facts);
        if (!facts.is_p2pd) hold_back_unsettled(peer);
    }
    if (!local.is_unspecified()) peer.local = local;
    heard_now(peer, now);
    touch(from, peer);
    // A program that sends from another port than it listens on is there all the same.
    Endpoint listening = from;
    listening.port = told.claimed_port;
    if (Peer* const other = listening == from ? nullptr : find_peer(listening)) {
        heard_now(*other, now);
        touch(listening, *other);
    }
}

/// For ever: the sender need not try again. Nothing is learnt of it.
void Node::refuse(Now now, const Datagram& datagram, const ReceivedMessage& message) {
    acknowledger_.refuse(now, message, {datagram.dialect, datagram.from_p2pd, false, 0});
}

std::optional<Acknowledger::Form> Node::ack_form(const Endpoint& endpoint) {
    const Peer* const peer = find_peer(endpoint);
    if (peer == nullptr) return std::nullopt;
    const Session& session = peer->session;
    return Acknowledger::Form{session.facts().dialect, session.facts().is_p2pd,
                              session.takes_many(), session.datagram_bytes()};
}

std::shared_ptr<const StoreBatch> Node::take_batch(Now now, bool lazily_too) {
    if (storing_ || (disk_full_ && now.monotonic < store_again_at_)) return nullptr;
    const bool waited = waits_until_ && *waits_until_ <= now.monotonic;
    if (!anything_to_store() && !waited && (!lazily_too || !anything_unstored())) return nullptr;
    const auto batch = std::make_shared<StoreBatch>();
    batch_.peers = take_learnt();
    take_notes(notes_);
    if (lazily_too) take_notes(first_attempts_);
    take_delivered_ahead();
    batch_.last_stamp_us = stamps_.next_mark_us(now.wall);
    accepted_bytes_ = 0;
    can_wait_ = 0;
    waits_until_.reset();
    *batch = std::exchange(batch_, {});
    // Mostly the next one is about as large.
    batch_.accepted.reserve(batch->accepted.size());
    batch_.updates.reserve(batch->updates.size());
    batch->received = inbox_.take_batch();  // its last place
    return storing_ = batch;
}

/// What is attempted but finished by now has told its attempts with its end.
void Node::take_notes(RisingSet<MessageId>& notes) {
    while (!notes.empty()) {
        const MessageId id = notes.first().key;
        notes.erase(id);
        const OutgoingMessage* const message = outgoing(id);
        if (message == nullptr) continue;
        batch_.updates.push_back(
            {.id = id, .attempts = message->attempts, .parts_done = message->parts_done});
    }
}

/// What is confirmed before its row is written needs no second write for that.
void Node::take_delivered_ahead() {
    if (ended_ahead_.empty()) return;
    for (OutgoingMessage& message : batch_.accepted) {
        const Ended* const ended = ended_ahead_.find(message.first_us);
        if (ended == nullptr || ended->update.state != OutState::delivered) continue;
        const OutgoingUpdate& update = ended->update;
        message.delivered = {update.acked_at, update.rtt};
        message.attempts = update.attempts;
        message.parts_done = update.parts_done;
    }
}

void Node::stored(Now now, const BatchResult& result) {
    assert(storing_);
    const std::shared_ptr<const StoreBatch> batch = std::exchange(storing_, nullptr);
    disk_full_ = result.full;
    if (result.full) {
        not_stored(now, *batch);
        return;
    }
    stamps_.mark_kept(batch->last_stamp_us);
    pending_messages_ = result.pending_messages;
    acknowledge_stored(now, result);
    for (const PeerFacts& facts : result.familiar) remember(facts);
    announce(now, *batch, result);
}

/// The only place where the ACK of a message comes from: its batch is durable.
void Node::acknowledge_stored(Now now, const BatchResult& result) {
    acknowledger_.confirm(now, inbox_.stored(result.turned_away),
                          [this](const Endpoint& endpoint) { return ack_form(endpoint); });
    counters_.turned_away[static_cast<std::size_t>(TurnedAway::over_quota)] +=
        result.turned_away.size();
}

void Node::not_stored(Now now, const StoreBatch& batch) {
    store_again_at_ = now.monotonic + disk_full_pause;
    inbox_.not_stored();
    withdraw(batch);
    for (const PeerFacts& facts : batch.peers) {
        if (!learnt_.contains(facts.endpoint)) keep_facts(facts);
    }
    std::vector<OutgoingUpdate> updates;
    for (const OutgoingUpdate& update : batch.updates) {
        if (update.state == OutState::pending && !update.reopen) {
            notes_.insert(update.id);
        } else {
            updates.push_back(update);
        }
    }
    batch_.updates.insert(batch_.updates.begin(), updates.begin(), updates.end());
}

std::vector<Event> Node::take_events() {
    std::vector<Event> taken = std::exchange(events_, {});
    events_.reserve(taken.size());
    return taken;
}

NodeCounters Node::counters() const {
    NodeCounters counters = counters_;
    counters.acks_sent = acknowledger_.sent();
    counters.acks_too_late = acknowledger_.too_late();
    counters.acks_dropped = acknowledger_.dropped();
    return counters;
}

std::optional<Instant> Node::next_timeout() const {
    std::optional<Instant> next = outbox_.next_expiry();
    const auto earlier = [&](Instant candidate) {
        next = next ? std::min(*next, candidate) : candidate;
    };
    if (!timers_.empty()) earlier(timers_.begin()->first);
    if (const auto question = receipts_.next_timeout()) earlier(*question);
    if (disk_full_ && !storing_ && anything_to_store()) earlier(store_again_at_);
    if (waits_until_ && !storing_) {
        earlier(disk_full_ ? std::max(*waits_until_, store_again_at_) : *waits_until_);
    }
    return next;
}

}  // namespace p2pd
