// core: what the core and the store tell each other. Includes std, core.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/endpoint.h"
#include "daemon/core/part_ends.h"
#include "daemon/core/rare.h"
#include "daemon/core/time.h"
#include "daemon/core/wire_object.h"

namespace p2pd {

using MessageId = std::uint64_t;  ///< given by the store, from 1; shared by both directions
using Cursor = std::uint64_t;     ///< given by the store; rises with every arrival and change

/// What became of an outgoing message. `queued` and `sending` are told apart by `attempts`.
enum class OutState : std::uint8_t { pending, delivered, refused, expired, cancelled };

/// The message that a reply answers, as its sender wrote it.
struct Answered {
    Stamp stamp;
    std::string text = {};
};

/// When a message was confirmed whose row was not written by then.
struct DeliveredAhead {
    std::optional<WallTime> acked_at;
    std::optional<Duration> rtt;
};

/// A message on its way out. Part i (from 0) has the timestamp first_us + i and ends at
/// part_ends[i]; each is stored or reserved before its first transmission.
struct OutgoingMessage {
    MessageId id = 0;  ///< 0 until stored
    Endpoint peer;
    std::int64_t first_us = 0;
    std::string text = {};
    PartEnds part_ends = {};
    std::uint32_t parts_done = 0;  ///< leading parts that are confirmed
    Rare<Answered> answered = {};
    std::optional<MessageId> reply_to = {};
    WallTime created_at;
    WallTime expires_at;
    std::uint32_t attempts = 0;
    std::string request_id = {};  ///< empty: none
    std::uint32_t followers = 0;  ///< further ones of its request: right behind it, all or none
    std::optional<DeliveredAhead> delivered = {};  ///< its row is written once, in its final state
};

/// A message, or a part of one, that has come in and is to be kept.
struct ReceivedMessage {
    Endpoint peer;
    std::optional<Endpoint> local = {};  ///< where it reached us; its ACK leaves from there
    Stamp stamp;
    std::string text = {};
    std::optional<Part> part = {};
    Rare<Stamp> reply_to = {};  ///< of a reply: the timestamp of our message
    std::string claims = {};    ///< `IP:PORT` where it differs from the UDP source, else empty
    WallTime received_at;
};

/// A change of an outgoing message. `pending` updates attempts and parts_done, or re-opens a
/// finished one (`reopen`); a final state is kept unless the new one is `delivered`.
struct OutgoingUpdate {
    MessageId id = 0;
    OutState state = OutState::pending;
    bool reopen = false;
    std::uint32_t attempts = 0;
    std::uint32_t parts_done = 0;
    std::optional<WallTime> acked_at = {};
    std::optional<Duration> rtt = {};
    std::optional<WallTime> expires_at = {};  ///< of a reopened one
    std::string_view reason = {};             ///< why refused or expired; a literal
};

/// The same is said by both, of whichever messages.
inline bool alike(const OutgoingUpdate& one, const OutgoingUpdate& other) {
    return one.state == other.state && one.attempts == other.attempts &&
           one.parts_done == other.parts_done && one.acked_at == other.acked_at &&
           one.rtt == other.rtt && one.reason == other.reason;
}

/// What is remembered of a peer.
struct PeerFacts {
    Endpoint endpoint;
    Dialect dialect = Dialect::base;
    bool dialect_by_hand = false;
    bool is_p2pd = false;
    std::optional<WallTime> last_heard = {};
};

/// Written and synced in one transaction, in this order: accepted, received, peers, updates.
struct StoreBatch {
    std::vector<PeerFacts> peers = {};
    std::vector<OutgoingMessage> accepted = {};
    std::vector<ReceivedMessage> received = {};
    std::vector<OutgoingUpdate> updates = {};
    std::vector<Endpoint> unfamiliar = {};  ///< accepted for peers that the core has forgotten
    /// Own timestamps up to here are used or reserved; the store keeps the highest it ever got.
    std::int64_t last_stamp_us = 0;

    bool empty() const {
        return peers.empty() && accepted.empty() && received.empty() && updates.empty();
    }
};

/// What became of a batch. With `full` nothing of it was written.
struct BatchResult {
    bool full = false;

    /// For each accepted: the id; `repeated` if the request_id was known, its own or that of the
    /// one that it follows (then nothing is new and `id` is that of then). The ids of one request
    /// follow one another.
    struct Accepted {
        MessageId id = 0;
        bool repeated = false;
    };
    std::vector<Accepted> accepted = {};
    /// Of the received, those that are a new message or complete one.
    struct Arrived {
        std::size_t received = 0;
        MessageId id = 0;
    };
    std::vector<Arrived> arrived = {};
    /// Which of the received were not kept, as their senders are strangers and over quota.
    std::vector<std::size_t> turned_away = {};
    std::vector<PeerFacts> familiar = {};  ///< what the store knows of the unfamiliar
    Cursor last_cursor = 0;                ///< of the store, after this batch
    std::uint64_t pending_messages = 0;  ///< outgoing ones without a final state, after this batch
};

/// Asks for pending messages to `peer` with id > after, oldest first.
struct LoadRequest {
    Endpoint peer;
    MessageId after = 0;
    std::size_t messages_max = 0;
    std::size_t bytes_max = 0;  ///< of text; the first message comes in any case
};
struct LoadedPage {
    std::vector<OutgoingMessage> messages = {};
    bool more = false;  ///< there are further ones after the last
};

/// What a Node starts from.
struct Recovered {
    std::int64_t last_stamp_us = 0;            ///< the highest of any batch
    std::vector<PeerFacts> peers = {};         ///< those heard last, at most peers_max
    std::vector<Endpoint> pending_peers = {};  ///< those with pending messages
    std::vector<Endpoint> known_hosts = {};    ///< all that the user has named or sent to
    std::uint64_t pending_messages = 0;
};

}  // namespace p2pd
