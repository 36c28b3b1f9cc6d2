// core: the table of peers, their timers, and what is to be loaded for them. Includes std, core.
#include <algorithm>

#include "daemon/core/node.h"

namespace p2pd {

Node::Peer* Node::find_peer(const Endpoint& endpoint) {
    const auto peer = peers_.find(endpoint);
    return peer == peers_.end() ? nullptr : peer->second.get();
}

Node::Peer& Node::peer_at(const Endpoint& endpoint) {
    std::unique_ptr<Peer>& slot = peers_[endpoint];
    if (!slot) {
        slot = std::make_unique<Peer>(PeerFacts{.endpoint = endpoint});
        Peer& created = *slot;
        created.known = admission_.is_known(endpoint);
        created.heard_position = heard(created).insert(heard(created).end(), endpoint);
        evict_idle_peers(created);
        return created;
    }
    return *slot;
}

/// What is forgotten of an idle peer is its RTT; dialect and name are in the store. Those in use go
/// to the end, so that they, who may be silent for days, never stand before all the others.
void Node::evict_idle_peers(const Peer& added) {
    constexpr int looks_max = 16;
    for (int i = 0; i < looks_max && peers_.size() > limits_.peers_max; ++i) {
        // Never a known one for the sake of a stranger.
        std::list<Endpoint>& heard = strangers_.empty() ? known_ : strangers_;
        const auto oldest = heard.begin();
        const Peer& peer = *peers_.at(*oldest);
        const bool in_use = &peer == &added || !peer.session.idle() || peer.more_in_store ||
                            peer.loading || peer.ready;
        if (in_use) {
            heard.splice(heard.end(), heard, oldest);
        } else {
            peers_.erase(*oldest);
            heard.erase(oldest);
        }
    }
}

/// With a full disk nothing leaves this table, so it is bounded; what is left out is learnt again.
void Node::keep_facts(const PeerFacts& facts) {
    if (learnt_.size() < limits_.peers_max || learnt_.contains(facts.endpoint)) {
        learnt_.insert_or_assign(facts.endpoint, facts);
    }
}

std::vector<PeerFacts> Node::take_learnt() {
    std::vector<PeerFacts> facts;
    facts.reserve(learnt_.size());
    for (const auto& [endpoint, learnt] : std::exchange(learnt_, {})) facts.push_back(learnt);
    return facts;
}

void Node::heard_now(Peer& peer, Now now) {
    peer.session.heard(now);
    peer.trouble.reset();
    heard(peer).splice(heard(peer).end(), heard(peer), peer.heard_position);
}

/// Many of them mean that our ACKs do not reach the peer.
void Node::count_repeats(const ReceivedMessage& message) {
    Peer& peer = peer_at(message.peer);
    peer.repeats = message.stamp.us == peer.last_stamp_us ? peer.repeats + 1 : 0;
    peer.last_stamp_us = message.stamp.us;
}

void Node::trouble(Now now, const Endpoint& endpoint, Trouble what) {
    Peer* const peer = find_peer(endpoint);
    if (peer == nullptr) return;
    peer->trouble = PeerTrouble{what, now.wall};
    trace_.trouble(now.wall, endpoint, what);
}

void Node::set_known(const Endpoint& host, bool known) {
    if (admission_.is_known(host) == known) return;
    admission_.set_known(host, known);
    Endpoint first = host;
    first.port = 0;
    for (auto peer = peers_.lower_bound(first); peer != peers_.end() && peer->first.same_host(host);
         ++peer) {
        std::list<Endpoint>& from = heard(*peer->second);
        peer->second->known = known;
        std::list<Endpoint>& to = heard(*peer->second);
        to.splice(to.end(), from, peer->second->heard_position);
    }
}

void Node::set_limits(const NodeLimits& limits) {
    limits_ = limits;
    admission_.set_limits(limits.admission);
}

/// What it has written since is newer.
void Node::remember(const PeerFacts& facts) {
    if (find_peer(facts.endpoint) == nullptr) peer_at(facts.endpoint).session.set_facts(facts);
}

void Node::touch(const Endpoint& endpoint, Peer& peer) {
    if (!peer.ready && peer.session.next_to_send()) {
        peer.ready = true;
        ready_.push_back(endpoint);
    }
    arm_timer(endpoint, peer);
    load_if_needed(endpoint, peer);
}

void Node::arm_timer(const Endpoint& endpoint, Peer& peer) {
    const std::optional<Instant> due = peer.session.next_timeout();
    if (due == peer.timer) return;
    if (peer.timer) timers_.erase({*peer.timer, endpoint});
    if (due) timers_.emplace(*due, endpoint);
    peer.timer = due;
}

bool Node::has_room(const Peer& peer) const {
    constexpr std::size_t messages_max = 16384;
    if (peer.messages == 0) return true;
    return peer.messages < messages_max && peer.bytes < limits_.peer_memory_max &&
           outbox_.bytes() < limits_.memory_max;
}

void Node::load_if_needed(const Endpoint& endpoint, Peer& peer) {
    if (!peer.more_in_store || peer.loading) return;
    const std::size_t window = peer.session.window();
    // Each that is set aside is a message of one part.
    if (peer.messages - peer.session.aside() > window || !has_room(peer)) return;
    peer.loading = true;
    ++loads_under_way_;
    loads_.push_back({endpoint, peer.last_loaded, std::max<std::size_t>(16, 4 * window),
                      limits_.peer_memory_max});
}

std::vector<LoadRequest> Node::take_loads() {
    return std::exchange(loads_, {});
}

void Node::set_dialect(const Endpoint& endpoint, Dialect dialect) {
    Peer& peer = peer_at(endpoint);
    PeerFacts facts = peer.session.facts();
    facts.dialect = dialect;
    facts.dialect_by_hand = true;
    peer.session.set_facts(facts);
    keep_facts(facts);
    touch(endpoint, peer);
}

std::optional<PeerView> Node::view(const Endpoint& endpoint) const {
    const auto found = peers_.find(endpoint);
    if (found == peers_.end()) return std::nullopt;
    const Session& session = found->second->session;
    return PeerView{session.facts(),
                    session.away(),
                    session.in_flight(),
                    session.window(),
                    session.round_trip().smoothed(),
                    session.round_trip().variation(),
                    session.interval(),
                    session.in_flight_bytes(),
                    session.window_bytes(),
                    session.datagram_bytes(),
                    session.transmissions(),
                    session.retransmissions(),
                    found->second->trouble,
                    found->second->repeats};
}

}  // namespace p2pd
