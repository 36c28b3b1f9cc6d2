// tests: how much a Node holds, for the bounds that it must keep.
#pragma once

#include <algorithm>

#include "daemon/core/node.h"

namespace p2pd {

struct NodeInspector {
    struct Sizes {
        std::size_t peers = 0;
        std::size_t timers = 0;
        std::size_t ready = 0;
        std::size_t learnt = 0;
        std::size_t acks = 0;
        std::size_t events = 0;
        std::size_t loads = 0;
        std::size_t outgoing = 0;
        std::size_t outgoing_bytes = 0;
        std::size_t accepting = 0;
        std::size_t ended_ahead = 0;
    };
    static Sizes sizes(const Node& node) {
        const std::size_t being_stored = node.storing_ ? node.storing_->accepted.size() : 0;
        return {node.peers_.size(),           node.timers_.size(),
                node.ready_.size(),           node.learnt_.size(),
                node.acknowledger_.waiting(), node.events_.size(),
                node.loads_.size(),           node.outbox_.size(),
                node.outbox_.bytes(),         being_stored + node.batch_.accepted.size(),
                node.ended_ahead_.size()};
    }
    /// Peers that may not be forgotten.
    static std::size_t peers_in_use(const Node& node) {
        return static_cast<std::size_t>(
            std::count_if(node.peers_.begin(), node.peers_.end(), [](const auto& entry) {
                const Node::Peer& peer = *entry.second;
                return !peer.session.idle() || peer.more_in_store || peer.loading || peer.ready;
            }));
    }
    /// Outgoing messages in memory for that peer which has most of them.
    static std::size_t most_held(const Node& node) {
        std::size_t most = 0;
        for (const auto& [endpoint, peer] : node.peers_) most = std::max(most, peer->messages);
        return most;
    }
    static const NodeLimits& limits(const Node& node) { return node.limits_; }
};

}  // namespace p2pd
