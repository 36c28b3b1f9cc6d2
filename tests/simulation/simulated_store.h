// tests: a store in memory that keeps what daemon/core/mailbox.h says, and nothing else.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/core/mailbox.h"

namespace p2pd {

/// What is durable. Its owner decides when a commit gets there, and what a crash leaves of it.
class SimulatedStore {
public:
    struct Outgoing {
        OutgoingMessage message;
        OutState state = OutState::pending;
        std::string reason = {};
    };
    struct Received {
        Endpoint peer;
        std::int64_t us = 0;
        std::string text = {};
        Rare<Stamp> reply_to = {};
        std::uint32_t parts = 1;
        std::string claims = {};
        MessageId id = 0;
    };

    BatchResult commit(const StoreBatch& batch);
    LoadedPage load(const LoadRequest& request) const;
    Recovered recover(std::size_t peers_max) const;
    /// What maintain() of the daemon's store does with messages past their time.
    std::vector<MessageId> expire(WallTime now);

    /// All that is kept, as lines; the daemon's store can be asked for the same.
    std::vector<std::string> contents() const;

    const std::map<MessageId, Outgoing>& outgoing() const { return outgoing_; }
    const std::vector<Received>& inbox() const { return inbox_; }
    const std::map<Endpoint, PeerFacts>& peers() const { return peers_; }
    std::uint64_t pending_messages() const { return pending_; }
    /// How many changes of outgoing messages it was given.
    std::uint64_t updates() const { return updates_; }
    const std::map<Endpoint, std::set<MessageId>>& pending_by_peer() const { return pending_of_; }

    /// Own timestamps up to here are used or reserved.
    std::int64_t last_stamp_us() const { return last_stamp_us_; }

    /// Is a message or part of `peer` with this timestamp kept?
    bool holds(const Endpoint& peer, std::int64_t us) const;
    /// The durable outgoing message that has the part with this timestamp.
    const Outgoing* find_part(std::int64_t us) const;

    /// A planted bug, for the test of the tests.
    void switch_off_deduplication() { deduplicates_ = false; }

private:
    using Identity = std::tuple<Endpoint, std::int64_t, std::string>;
    struct LongText {
        std::uint32_t count = 0;
        std::string original = {};  ///< timestamp of the message that it answers
        std::map<std::uint32_t, std::string> parts = {};
    };

    BatchResult::Accepted accept(const OutgoingMessage& message);
    void receive(const ReceivedMessage& message);
    bool take_part(const ReceivedMessage& message);
    void keep(const PeerFacts& facts);
    void add_to_inbox(const ReceivedMessage& message, std::int64_t us, std::string text,
                      std::uint32_t parts);
    void apply(const OutgoingUpdate& update);
    void close(Outgoing& outgoing, OutState state);

    std::map<MessageId, Outgoing> outgoing_;
    std::map<std::int64_t, MessageId> by_first_us_;
    std::map<std::string, MessageId> by_request_id_;
    std::map<Endpoint, std::set<MessageId>> pending_of_;
    std::vector<Received> inbox_;
    std::set<Identity> identities_;
    std::map<std::pair<Endpoint, std::int64_t>, LongText> long_texts_;
    std::set<std::pair<Endpoint, std::int64_t>> closed_long_texts_;
    std::map<Endpoint, PeerFacts> peers_;
    std::uint64_t pending_ = 0;
    std::uint64_t updates_ = 0;
    MessageId last_id_ = 0;
    std::int64_t last_stamp_us_ = 0;
    bool deduplicates_ = true;
};

}  // namespace p2pd
