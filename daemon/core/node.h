// core: one host's protocol as a whole: events go in, one flush carries out what it wants. Includes
// std, core. No I/O, no clock, no callbacks.
#pragma once

#include <array>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/core/acknowledger.h"
#include "daemon/core/admission.h"
#include "daemon/core/codec.h"
#include "daemon/core/decoder.h"
#include "daemon/core/duration_histogram.h"
#include "daemon/core/inbox.h"
#include "daemon/core/mailbox.h"
#include "daemon/core/message_trace.h"
#include "daemon/core/outbox.h"
#include "daemon/core/receipts.h"
#include "daemon/core/rising_map.h"
#include "daemon/core/session.h"
#include "daemon/core/stamp_clock.h"
#include "daemon/core/transmit.h"

namespace p2pd {

/// Bounds; see p2pd.conf for what they mean to a user.
struct NodeLimits {
    std::size_t text_bytes_max = std::size_t{64} * 1024;
    std::size_t peers_max = 16384;
    std::uint64_t queue_messages_max = 1'000'000;
    std::size_t peer_memory_max =
        std::size_t{8} * 1024 * 1024;  ///< bytes of outgoing messages held for one peer
    std::size_t memory_max = std::size_t{64} * 1024 * 1024;  ///< and for all
    bool read_receipts = false;  ///< whoever sent a message is told whether it was read
    AdmissionLimits admission = {};
};

struct NodeCounters {
    std::uint64_t datagrams_received = 0;
    std::uint64_t messages_received = 0;  ///< copies included
    std::uint64_t acks_received = 0;
    std::uint64_t acks_unmatched = 0;
    std::uint64_t receipts_received = 0;  ///< questions and answers
    std::uint64_t acks_sent = 0;          ///< messages confirmed or refused
    std::uint64_t acks_too_late = 0;
    std::uint64_t transmissions = 0;
    std::uint64_t retransmissions = 0;
    std::uint64_t inbox_full = 0;
    std::uint64_t acks_dropped = 0;  ///< because too many waited for the socket
    std::array<std::uint64_t, enum_names(DropCause{}).size()> dropped{};
    std::array<std::uint64_t, enum_names(TurnedAway{}).size()> turned_away{};
    DurationHistogram round_trips;  ///< the samples that timeouts are reckoned by
};

/// All of its messages are accepted, or none.
struct SendRequest {
    Endpoint peer = {};
    std::string text = {};               ///< UTF-8, not longer than text_bytes_max
    std::vector<std::string> more = {};  ///< each a message of its own, behind the first
    Rare<Answered> answered = {};
    std::optional<MessageId> reply_to = {};
    Duration expires_in{0};
    std::string request_id = {};
};
enum class SendError : std::uint8_t { queue_full, text_too_long };

/// What became of send(): durable with an id, or the disk is full.
struct SendOutcome {
    std::int64_t ticket = 0;
    bool disk_full = false;
    MessageId id = 0;  ///< of the first; those of the others follow
    std::uint32_t messages = 1;
    bool repeated = false;
    WallTime created_at = {};
    WallTime expires_at = {};
    std::uint32_t parts = 1;  ///< of the first
};
/// Outgoing messages whose ids follow one another have reached a final state, the same in all that
/// is said here: `update` and `message` are of the first. `message` is what it was, without its
/// text; empty if it was not in memory.
struct Finished {
    OutgoingUpdate update;
    std::shared_ptr<const OutgoingMessage> message;
    std::uint32_t count = 1;
};
/// A peer says what became of a message that it was asked about.
struct ReceiptHeard {
    ReceiptKey about;
    ReceiptWord word = ReceiptWord::unknown;
};
using Event = std::variant<SendOutcome, Finished, ReceiptHeard>;

struct PeerTrouble {
    Trouble what = Trouble::port_unreachable;
    WallTime at;
};

struct PeerView {
    PeerFacts facts;
    bool away = false;
    std::uint32_t in_flight = 0;
    std::uint32_t window = 0;
    std::optional<Duration> round_trip;
    Duration variation{0};  ///< of the round trip
    Duration timeout{0};
    std::size_t in_flight_bytes = 0;
    std::size_t window_bytes = 0;
    std::size_t datagram_bytes = 0;           ///< the largest that may go
    std::uint64_t transmitted = 0;            ///< objects, since it is in memory
    std::uint64_t retransmitted = 0;          ///< of them, not for the first time
    std::optional<PeerTrouble> trouble = {};  ///< the last one since the peer was heard
    std::uint32_t repeats = 0;                ///< how often its last message has come again
};

class Node {
public:
    Node(const NodeLimits& limits, const Recovered& recovered, std::uint64_t seed);

    // Events.
    /// A datagram came in from `from` on `local` (unspecified when it is not known).
    void receive(Now now, const Endpoint& from, const Endpoint& local, std::string_view bytes);
    /// Returns a ticket; the SendOutcome with it comes once the message is durable.
    std::variant<std::int64_t, SendError> send(Now now, SendRequest request);
    /// The batch that take_batch() gave is durable, or nothing of it is.
    void stored(Now now, const BatchResult& result);
    void loaded(Now now, const Endpoint& peer, LoadedPage page);
    void timeout(Now now);
    /// The host's own link did not take a datagram to `peer`.
    void too_large(Now now, const Endpoint& peer);
    /// Noted for whoever looks at the peer; nothing else is made of it.
    void trouble(Now now, const Endpoint& peer, Trouble what);
    /// So many bytes has this datagram become.
    void encoded(const Transmit& transmit, std::size_t bytes) {
        trace_.set_datagram(transmit.first_event, transmit.end_event, bytes);
    }
    /// Gives up an unfinished message, in memory or not.
    void cancel(Now now, MessageId id);
    /// Tries at once; a finished one is opened anew with its old identity.
    void retry(Now now, OutgoingMessage message, bool finished, Duration expires_in);
    /// The store has let these expire.
    void expired_in_store(Now now, const std::vector<MessageId>& ids,
                          std::uint64_t pending_messages);
    /// Asks a p2pd, whether it has been read, from now until stop_asking(): each answer is a
    /// ReceiptHeard. False: too many are asked about.
    bool ask_receipt(Now now, const PeerFacts& peer, std::int64_t message_us);
    void stop_asking(const ReceiptKey& about) { receipts_.stop_asking(about); }
    /// What the store knows of a message that take_receipt_questions() gave; empty: nothing.
    void answer_receipt(Now now, const ReceiptKey& about, const std::optional<ReadMarks>& marks);
    /// Readers have marked these; empty: any of them.
    void marked(Now now, std::span<const MessageId> ids) { receipts_.marked(now.monotonic, ids); }
    /// Sets a peer's dialect by hand; what it writes later wins.
    void set_dialect(const Endpoint& peer, Dialect dialect);
    /// The user has named or sent to this host, or takes that back.
    void set_known(const Endpoint& host, bool known);
    void set_limits(const NodeLimits& limits);

    // Wishes.
    /// What is to be made durable; empty while a batch is being stored. `lazily_too` takes along
    /// what alone is not worth a sync: notes of attempts, and for some time what p2pd confirmed. Of
    /// first attempts it alone has a note, as most messages have ended before the next batch.
    std::shared_ptr<const StoreBatch> take_batch(Now now, bool lazily_too);
    /// There is something that no batch has taken yet.
    bool anything_unstored() const {
        return anything_to_store() || can_wait_ > 0 || !notes_.empty() || !first_attempts_.empty();
    }
    std::vector<Transmit> take_transmits(Now now, std::size_t max);
    std::vector<LoadRequest> take_loads();
    std::vector<ReceiptKey> take_receipt_questions() { return receipts_.take_questions(); }
    std::vector<Event> take_events();
    std::optional<Instant> next_timeout() const;

    // Views.
    NodeCounters counters() const;
    std::uint64_t pending_messages() const { return pending_messages_; }
    std::size_t peers() const { return peers_.size(); }
    /// Bytes of outgoing messages in memory.
    std::size_t outgoing_bytes() const { return outbox_.bytes(); }
    /// Received messages that are not durable yet.
    std::size_t unstored_received() const { return inbox_.size(); }
    /// An unfinished message that is in memory, with its attempts so far; else nullptr.
    const OutgoingMessage* outgoing(MessageId id) const;
    std::optional<PeerView> view(const Endpoint& peer) const;
    /// What happened to an outgoing message a short time ago.
    std::vector<TraceEvent> trace(const OutgoingMessage& message) const;
    bool disk_full() const { return disk_full_; }

private:
    friend struct NodeInspector;  // tests look at the sizes of the tables

    struct Peer {
        explicit Peer(const PeerFacts& facts) : session(facts) {}
        Session session;
        std::optional<Endpoint> local;
        std::size_t bytes = 0;      ///< of outgoing messages in memory
        std::size_t messages = 0;   ///< the same, counted
        std::int64_t waits_us = 0;  ///< the last one that does not go ahead of its commit
        MessageId last_loaded = 0;
        bool more_in_store = false;
        bool loading = false;
        bool ready = false;  ///< is in ready_
        std::optional<PeerTrouble> trouble;
        std::int64_t last_stamp_us = 0;  ///< of the message that it sent last
        std::uint32_t repeats = 0;       ///< further copies of that
        std::optional<Instant> timer;
        bool known = false;  ///< its host is; decides in which list it is
        std::list<Endpoint>::iterator heard_position;
    };

    /// An outgoing message that is not in the outbox any more.
    struct Ended {
        OutgoingUpdate update;
        std::shared_ptr<Outbox::Entry> entry;

        Finished told() && {
            const OutgoingMessage* const message = &entry->message;
            return {update, {std::move(entry), message}};
        }
    };

    /// What an object tells of its sender beside what it is for.
    struct Told {
        Dialect dialect;
        bool is_p2pd;
        bool is_message;
        std::uint16_t claimed_port;

        bool operator==(const Told&) const = default;
    };
    /// Of a datagram.
    struct Source {
        const Endpoint& from;
        std::string from_ip;
        const Endpoint& local;     ///< where it has come in
        std::optional<Told> told;  ///< by the last of its objects so far
    };

    // node.cpp
    bool admit(Now now, const Endpoint& from);
    void turn_away(TurnedAway why) { ++counters_.turned_away[static_cast<std::size_t>(why)]; }
    void receive_decoded(Now now, Source& source, Decoded&& decoded);
    void receive_text(Now now, const Datagram& datagram, ReceivedMessage&& message);
    void refuse(Now now, const Datagram& datagram, const ReceivedMessage& message);
    std::optional<Acknowledger::Form> ack_form(const Endpoint& endpoint);
    void receive_ack(Now now, const Endpoint& from, const WireAck& ack);
    bool confirm_ranges(Now now, Peer& peer, const WireAck& ack);
    void ack_read(Now now, const Endpoint& endpoint, Peer& peer);
    void learn(Now now, Source& source, const Datagram& datagram);
    void learn(Now now, const Endpoint& from, const Endpoint& local, const Told& told);
    void acknowledge_stored(Now now, const BatchResult& result);
    void not_stored(Now now, const StoreBatch& batch);
    bool anything_to_store() const {
        return inbox_.gathered() || !batch_.accepted.empty() || batch_.updates.size() > can_wait_ ||
               !learnt_.empty();
    }
    void keep_facts(const PeerFacts& facts);
    std::vector<PeerFacts> take_learnt();
    void take_notes(RisingSet<MessageId>& notes);
    void take_delivered_ahead();

    // node_accepting.cpp
    bool can_accept(const SendRequest& request) const;
    std::int64_t accept(Now now, Peer* peer, OutgoingMessage&& message);
    void go_ahead(Now now, Peer& peer, const OutgoingMessage& message);
    void announce(Now now, const StoreBatch& batch, const BatchResult& result);
    void tell_accepted(const OutgoingMessage& first, const BatchResult::Accepted& accepted);
    void settle(Now now, const OutgoingMessage& message, MessageId id);
    void keep(Now now, OutgoingMessage message);
    void withdraw(const StoreBatch& batch);
    void hold_back_unsettled(Peer& peer);
    void hold_back(const std::vector<OutgoingMessage>& messages);

    // node_outgoing.cpp
    void hold(Now now, Peer& peer, OutgoingMessage&& message);
    std::map<MessageId, OutState> finished_unstored() const;
    void note_attempt(Outbox::Entry& entry, std::uint32_t attempts);
    std::optional<std::int64_t> next_part(Peer& peer);
    std::optional<Transmit> next_transmit(Now now, const Endpoint& endpoint, Peer& peer);
    WireObject transmit_part(Now now, Peer& peer, std::int64_t part_us, std::size_t bytes);

    // node_ends.cpp
    bool confirm(Now now, Peer& peer, Outbox::Entry& entry, std::int64_t part_us, bool accepted);
    void finish(Now now, Peer& peer, Outbox::Entry& entry, const OutgoingUpdate& update);
    std::shared_ptr<Outbox::Entry> take_out(Peer& peer, const Outbox::Entry& entry);
    void tell_end(Now now, const Peer& peer, Ended ended);
    void tell(Ended ended);
    void give_up_unconfirmable(Now now, Peer& peer);

    // node_receipts.cpp
    void receive_receipt(Now now, const Endpoint& from, const WireReceipt& receipt);
    std::optional<Transmit> next_receipt(Now now);

    // node_peers.cpp
    Peer* find_peer(const Endpoint& endpoint);
    Peer& peer_at(const Endpoint& endpoint);
    void evict_idle_peers(const Peer& added);
    std::list<Endpoint>& heard(const Peer& peer) { return peer.known ? known_ : strangers_; }
    void heard_now(Peer& peer, Now now);
    void count_repeats(const ReceivedMessage& message);
    void remember(const PeerFacts& facts);
    /// After any change of a peer: is it ready to send, when is its timer, what is to be loaded?
    void touch(const Endpoint& endpoint, Peer& peer);
    void arm_timer(const Endpoint& endpoint, Peer& peer);
    void load_if_needed(const Endpoint& endpoint, Peer& peer);
    bool has_room(const Peer& peer) const;
    double jitter() { return std::uniform_real_distribution<double>{-1, 1}(random_); }

    NodeLimits limits_;
    NodeCounters counters_;
    std::mt19937_64 random_;
    Admission admission_;
    Decoder decoder_;
    StampClock stamps_;
    Outbox outbox_;
    Inbox inbox_;
    std::map<Endpoint, std::unique_ptr<Peer>> peers_;
    /// All of peers_, the one heard longest ago first; strangers are forgotten first.
    std::list<Endpoint> strangers_;
    std::list<Endpoint> known_;
    std::deque<Endpoint> ready_;
    std::set<std::pair<Instant, Endpoint>> timers_;
    Acknowledger acknowledger_;
    Receipts receipts_;
    MessageTrace trace_;
    std::vector<LoadRequest> loads_;
    std::size_t loads_under_way_ = 0;
    std::set<MessageId> cancelled_;  ///< while pages that may hold them are being loaded
    StoreBatch batch_;
    std::map<Endpoint, PeerFacts> learnt_;  ///< since the last batch
    RisingSet<MessageId> notes_;            ///< attempted; that goes along with the next batch
    RisingSet<MessageId> first_attempts_;   ///< attempted once, and no more
    std::size_t accepted_bytes_ = 0;        ///< of texts in batch_
    std::size_t can_wait_ = 0;              ///< of the updates in batch_
    std::optional<Instant> waits_until_;    ///< for something else to be stored with
    /// What went ahead of its commit and is through with it before that, by its first timestamp.
    RisingMap<std::int64_t, Ended> ended_ahead_;
    std::int64_t settled_us_ = 0;  ///< what was accepted up to here has its SendOutcome
    std::shared_ptr<const StoreBatch> storing_;
    std::vector<Event> events_;
    std::uint64_t pending_messages_ = 0;
    bool disk_full_ = false;
    Instant store_again_at_;  ///< while the disk is full
};

}  // namespace p2pd
