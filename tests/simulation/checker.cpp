// tests: watches every host after every event.
#include "tests/simulation/checker.h"

#include <algorithm>

#include "tests/simulation/node_inspector.h"

namespace p2pd {

namespace {

constexpr std::size_t updates_max = 10'000;  // more than any simulation sends messages
constexpr std::chrono::seconds ack_age_max{4};
constexpr std::uint64_t amplification_max = 3;  // as RFC 9000 has it, section 8
constexpr std::size_t message_cost_min = 600;   // of one in memory, as the outbox counts
constexpr std::size_t acks_waiting_max = 65536;

}  // namespace

void Trace::mix(std::string_view bytes) {
    for (const char byte : bytes) {
        hash_ = (hash_ ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3U;
    }
}

void Trace::add(Instant when, const Endpoint& who, std::string_view what,
                std::string_view details) {
    const std::string time = std::to_string(when.time_since_epoch().count());
    mix(time);
    mix({reinterpret_cast<const char*>(who.address.data()), who.address.size()});
    mix(what);
    mix(details);
    if (!readable_) return;
    constexpr std::size_t details_max = 300;
    lines_.push_back(time + " us  " + who.text() + "  " + std::string(what) + "  " +
                     std::string(details.substr(0, details_max)));
}

void Checker::violated(const std::string& what) {
    if (violation_.empty()) violation_ = what;
}

void Checker::received(SimulatedHost& host, const Endpoint& from, const std::string& bytes) {
    trace_.add(events_.now(), host.endpoint(), "receives from " + from.text(), bytes);
    accounts_[{host.home(), from}].received += bytes.size();
    if (!bases_.contains(from)) return;
    const auto decoded = decode(bytes);
    const auto* datagram = std::get_if<Datagram>(&decoded);
    if (datagram == nullptr) return;
    if (const auto* message = std::get_if<WireMessage>(&datagram->object)) {
        unanswered_[{host.home(), from, message->stamp.us}] = events_.now();
    }
}

void Checker::transmits(SimulatedHost& host, const Transmit& transmit, const std::string& bytes) {
    trace_.add(events_.now(), host.endpoint(), "sends to " + transmit.to.text(), bytes);
    check_form(host, transmit, bytes);
    check_account(host, transmit, bytes.size());
    for (const WireObject& object : transmit.objects) {
        if (const auto* ack = std::get_if<WireAck>(&object)) {
            check_ack(host, transmit, *ack);
        } else if (std::holds_alternative<WireReceipt>(object)) {
            check_receipt(host, transmit);
        } else if (const auto* reply = std::get_if<WireReply>(&object)) {
            check_text(host, transmit, reply->stamp.us, reply->text);
        } else {
            const auto& message = std::get<WireMessage>(object);
            check_text(host, transmit, message.stamp.us, message.text);
        }
    }
}

/// To p2pd alone several objects a datagram, more bytes, and ACKs for many.
void Checker::check_form(const SimulatedHost& host, const Transmit& transmit,
                         const std::string& bytes) {
    std::size_t lines = 0;
    for (std::string_view rest = bytes; lines == 0 || !rest.empty(); ++lines) {
        const bool is_object = std::holds_alternative<Datagram>(decode(take_line(rest)));
        if (!is_object) violated("a datagram that is none");
    }
    if (lines != transmit.objects.size()) violated("other objects than were meant");
    const auto view = host.node().view(transmit.to);
    if (view && view->facts.is_p2pd) {
        if (bytes.size() > host.link_bytes()) violated("a datagram above what the link takes");
        return;
    }
    if (bytes.size() > datagram_bytes_max) violated("a datagram above 1,024 bytes");
    if (lines > 1) violated("several objects to a program of the field");
}

void Checker::check_ack(const SimulatedHost& host, const Transmit& transmit, const WireAck& ack) {
    if (ack.accepted && !host.store().holds(transmit.to, ack.original.us)) {
        violated("an ACK of what is not durable");
    }
    for (const StampRange& range : ack.also) {
        for (std::uint32_t i = 0; i < range.count; ++i) {
            if (host.store().holds(transmit.to, range.first_us + i)) continue;
            violated("an ACK for many of what is not durable");
        }
    }
    if (!bases_.contains(transmit.to)) return;
    if (transmit.extension != Extension::none) violated("the extension in an ACK to base");
    const auto asked = unanswered_.find({host.home(), transmit.to, ack.original.us});
    if (asked == unanswered_.end()) return violated("an ACK to base that it did not ask for");
    if (events_.now() - asked->second > ack_age_max) violated("a late ACK to base");
    unanswered_.erase(asked);
}

void Checker::check_receipt(const SimulatedHost& host, const Transmit& transmit) {
    const auto view = host.node().view(transmit.to);
    if (!view || !view->facts.is_p2pd) violated("a receipt to a program of the field");
}

void Checker::check_text(const SimulatedHost& host, const Transmit& transmit, std::int64_t us,
                         const std::string& text) {
    if (us > host.store().last_stamp_us()) violated("transmitted above the durable mark");
    const SimulatedStore::Outgoing* const outgoing = host.store().find_part(us);
    if (outgoing == nullptr) {
        check_ahead(host, transmit.to, us);
    } else {
        if (outgoing->message.peer != transmit.to) violated("transmitted to somebody else");
        if (has_ended(host, outgoing->message.id)) violated("transmitted after its end");
    }
    const auto [identity, is_new] =
        identities_.emplace(std::pair{host.home(), us}, std::pair{transmit.to, text});
    if (!is_new && identity->second != std::pair{transmit.to, text}) {
        violated("a timestamp with two contents");
    }
}

/// While its row is being stored a message may leave, but not everywhere and not always.
void Checker::check_ahead(const SimulatedHost& host, const Endpoint& to, std::int64_t us) {
    const auto view = host.node().view(to);
    if (!view || !view->facts.is_p2pd) violated("transmitted to the field before it was durable");
    if (host.node().disk_full()) violated("transmitted though the disk is full");
    if (withdrawn_.contains({host.home(), us})) violated("transmitted after it was withdrawn");
}

void Checker::committed(SimulatedHost& host, const StoreBatch& batch, const BatchResult& result) {
    trace_.add(events_.now(), host.endpoint(), result.full ? "disk full" : "commits",
               std::to_string(batch.accepted.size()) + " accepted, " +
                   std::to_string(batch.received.size()) + " received, " +
                   std::to_string(batch.updates.size()) + " updates");
    check_bounds(host, batch);
    if (result.full) return;
    check_stamps(host, batch, result);
    check_inbox(host);
}

void Checker::check_stamps(const SimulatedHost& host, const StoreBatch& batch,
                           const BatchResult& result) {
    std::int64_t& last = last_stamp_[host.home()];
    for (std::size_t i = 0; i < batch.accepted.size(); ++i) {
        const OutgoingMessage& message = batch.accepted[i];
        if (result.accepted[i].repeated) continue;
        if (message.first_us <= last) violated("a timestamp that does not rise");
        last = message.first_us + static_cast<std::int64_t>(message.part_ends.size()) - 1;
    }
    if (batch.last_stamp_us < last) violated("a timestamp that is not reserved");
}

void Checker::check_inbox(const SimulatedHost& host) {
    std::size_t& seen = inbox_seen_[host.home()];
    for (; seen < host.store().inbox().size(); ++seen) {
        const SimulatedStore::Received& row = host.store().inbox()[seen];
        if (!inbox_rows_.emplace(host.home(), row.peer, row.us, row.text).second) {
            violated("stored twice: " + row.text.substr(0, 40));
        }
    }
}

/// To whom nobody has sent anything, no more goes than three times what came from there.
void Checker::check_account(const SimulatedHost& host, const Transmit& transmit,
                            std::size_t bytes) {
    Account& account = accounts_[{host.home(), transmit.to}];
    account.sent += bytes;
    const WireObject& first = transmit.objects.front();
    const bool is_answer =
        std::holds_alternative<WireAck>(first) || std::holds_alternative<WireReceipt>(first);
    if (!is_answer) account.solicited = true;
    if (!account.solicited && account.sent > amplification_max * account.received) {
        violated("more than three times what came from an address");
    }
}

void Checker::check_bounds(const SimulatedHost& host, const StoreBatch& batch) {
    if (batch.received.size() > Inbox::messages_max) violated("too many received in a batch");
    if (batch.updates.size() > updates_max) violated("too many updates in a batch");
    if (batch.peers.size() > host.limits().peers_max) {
        violated("too many peers in a batch");
    }
}

/// Whatever happens, no table of a Node grows beyond its bound.
void Checker::flushed(SimulatedHost& host) {
    const Node& node = host.node();
    const NodeInspector::Sizes sizes = NodeInspector::sizes(node);
    check_peers(host, sizes.peers, sizes.learnt);
    if (sizes.timers > sizes.peers || sizes.ready > sizes.peers) violated("too many timers");
    if (sizes.acks > acks_waiting_max) violated("too many ACKs wait");
    if (sizes.ended_ahead > sizes.accepting) violated("the end of what is not accepted any more");
    if (sizes.events > 0 || sizes.loads > 0) violated("an event that nobody took");
    const NodeLimits& limits = NodeInspector::limits(node);
    const std::size_t retries = retries_[host.home()];
    // One more than there is room for, the first of each peer, and what was retried by hand.
    const std::size_t room = limits.memory_max / message_cost_min + 1 + retries;
    if (sizes.outgoing > room && sizes.outgoing > room + NodeInspector::peers_in_use(node)) {
        violated("too many outgoing messages in memory");
    }
    const std::size_t room_of_one = limits.peer_memory_max / message_cost_min + 1 + retries;
    if (sizes.outgoing > room_of_one && NodeInspector::most_held(node) > room_of_one) {
        violated("too many outgoing messages in memory for one peer");
    }
}

/// Peers that are no longer in use are forgotten when others come, so they may be as many as there
/// have ever been in use at once.
void Checker::check_peers(const SimulatedHost& host, std::size_t peers, std::size_t learnt) {
    const std::size_t peers_max = host.limits().peers_max;
    if (learnt > peers_max) violated("too much learnt of peers in memory");
    if (peers <= peers_max) return;
    std::size_t& most_in_use = most_in_use_[host.home()];
    most_in_use = std::max(most_in_use, NodeInspector::peers_in_use(host.node()));
    if (peers > peers_max + most_in_use + 1) violated("too many peers in memory");
}

void Checker::told(SimulatedHost& host, const Event& event) {
    if (const auto* outcome = std::get_if<SendOutcome>(&event)) {
        return check_outcome(host, *outcome);
    }
    const auto* finished = std::get_if<Finished>(&event);
    if (finished == nullptr) return;
    if (!host.store().outgoing().contains(finished->update.id)) {
        return violated("finished before it was durable");
    }
    trace_.add(events_.now(), host.endpoint(), "finishes", std::to_string(finished->update.id));
    const std::pair message{host.home(), finished->update.id};
    if (!ended_.emplace(message, finished->update.state).second) violated("ended twice");
    if (finished->update.state == OutState::refused) violated("refused by nobody");
    if (finished->update.state == OutState::delivered) check_delivered(host, *finished);
}

void Checker::check_outcome(const SimulatedHost& host, const SendOutcome& outcome) {
    trace_.add(events_.now(), host.endpoint(), outcome.disk_full ? "withdraws" : "accepts",
               std::to_string(outcome.ticket));
    if (outcome.disk_full) {
        withdrawn_.emplace(host.home(), outcome.ticket);
        return;
    }
    for (MessageId id = outcome.id; id < outcome.id + outcome.messages; ++id) {
        if (host.store().outgoing().contains(id)) continue;
        violated("accepted before it was durable");
    }
}

void Checker::check_delivered(const SimulatedHost& host, const Finished& finished) {
    const OutgoingMessage& message = host.store().outgoing().at(finished.update.id).message;
    for (std::size_t i = 0; i < message.part_ends.size(); ++i) {
        const std::int64_t us = message.first_us + static_cast<std::int64_t>(i);
        if (!has_durably(message.peer, host, us)) {
            violated("delivered, but the receiver does not have it");
        }
    }
}

void Checker::differs(SimulatedHost& host, const std::string& what) {
    trace_.add(events_.now(), host.endpoint(), "differs", what);
    violated(what);
}

void Checker::ended(SimulatedHost& host) {
    trace_.add(events_.now(), host.endpoint(), "ends", "");
    std::erase_if(ended_, [&](const auto& ended) { return ended.first.first == host.home(); });
    // What never left may be given again.
    std::erase_if(withdrawn_, [&](const auto& one) { return one.first == host.home(); });
    retries_[host.home()] = 0;
    most_in_use_[host.home()] = 0;
}

void Checker::retried(const SimulatedHost& host, MessageId id) {
    ++retries_[host.home()];
    const auto ended = ended_.find({host.home(), id});
    if (ended != ended_.end() && ended->second != OutState::delivered) ended_.erase(ended);
}

bool Checker::has_durably(const Endpoint& receiver, const SimulatedHost& sender,
                          std::int64_t us) const {
    const std::set<Endpoint>& from = addresses(sender);
    const auto any = [&](const auto& has) { return std::any_of(from.begin(), from.end(), has); };
    if (const auto host = hosts_.find(receiver); host != hosts_.end()) {
        return any([&](const Endpoint& as) { return host->second->store().holds(as, us); });
    }
    const auto base = bases_.find(receiver);
    return base != bases_.end() &&
           any([&](const Endpoint& as) { return base->second->has_shown(as, us); });
}

}  // namespace p2pd
