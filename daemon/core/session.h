// core: transmission to one peer: what waits, what is under way, when to try again. Includes std,
// core.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "daemon/core/congestion_window.h"
#include "daemon/core/mailbox.h"
#include "daemon/core/pacer.h"
#include "daemon/core/path_limit.h"
#include "daemon/core/queue_watch.h"
#include "daemon/core/rising_map.h"
#include "daemon/core/round_trip.h"

namespace p2pd {

/// Parts are named by their own timestamp, in microseconds.
///
///   [ waiting ] --transmitted--> [ in flight ] --acknowledged--> gone
///        ^------------ lost, timed out -----|
class Session {
public:
    /// Programs of the field show every copy, so the first one is given time.
    static constexpr Duration field_timeout = std::chrono::seconds{3};
    static constexpr std::uint32_t misses_until_away = 5;
    static constexpr Duration interval_max = std::chrono::minutes{5};
    static constexpr Duration patient_after = std::chrono::hours{1};
    static constexpr Duration patient_interval_max = std::chrono::minutes{30};
    static constexpr std::uint32_t objects_max = 16384;  ///< under way, whatever the peer says

    explicit Session(const PeerFacts& facts);

    const PeerFacts& facts() const { return facts_; }
    void set_facts(const PeerFacts& facts);

    /// Queues `count` parts from `first_us` on, each sent `attempts` times before.
    void add(std::int64_t first_us, std::uint32_t count, std::uint32_t attempts);
    void remove(std::int64_t part_us);
    /// It waits until the peer takes_many() again, and what comes behind it may go.
    void set_aside(std::int64_t part_us);

    /// The oldest part that waits, if window and pace let it go.
    std::optional<std::int64_t> next_to_send() const;
    /// How often this part, which is queued here, has been sent.
    std::uint32_t attempts(std::int64_t part_us) const { return parts_.at(part_us).attempts; }
    /// Several objects a datagram, and ACKs for many.
    bool takes_many() const { return facts_.is_p2pd && facts_.dialect == Dialect::base; }
    /// Most bytes of a datagram, and what a larger one may be tried with.
    std::size_t datagram_bytes() const { return path_.bytes(); }
    std::optional<std::size_t> probe_bytes(Instant now) const { return path_.probe_bytes(now); }
    /// The datagram that is being filled is a probe of the path.
    void probed();
    /// The host's own link took no datagram as large as the probe or, without one under way, as
    /// others arrived before: what is under way in such waits again. False: smaller ones there are
    /// none.
    bool too_large(Instant now);

    /// What is transmitted from here on leaves in one datagram. False: it is too early, and
    /// nothing may go until the next timeout.
    bool begin_datagram(Instant now);

    /// Returns how often this part, which takes so many bytes, has been sent now, from 1.
    std::uint32_t transmitted(std::int64_t part_us, std::size_t bytes, Instant now);

    struct Acknowledged {
        std::optional<Duration> round_trip;  ///< of a part that was sent once
        std::uint32_t attempts = 0;
    };
    /// Empty when no such part is queued here.
    std::optional<Acknowledged> acknowledged(std::int64_t part_us, Instant now);
    /// An ACK has been read to its end: the latest datagram that it confirms is a sample of the
    /// round trip (RFC 9002, section 5.1), as older ones may have been confirmed by an ACK that was
    /// lost; what left well before is lost. Returns the sample, if there is one.
    std::optional<Duration> ack_read(Instant now);
    /// The part with the highest timestamp, under way or waiting.
    std::optional<std::int64_t> newest() const {
        return parts_.empty() ? std::nullopt : std::optional{parts_.last().key};
    }
    /// The part with the lowest timestamp in [from_us, end_us), under way or waiting.
    std::optional<std::int64_t> first_part_in(std::int64_t from_us, std::int64_t end_us) const {
        return parts_.first_in(from_us, end_us);
    }

    /// Any valid datagram came from the peer: it is not away, back-off ends, what waits may go, and
    /// what is under way for longer than the plain timeout is due now; to p2pd, which shows nothing
    /// twice, all that is, so that the oldest goes first.
    void heard(Now now);
    /// Try everything again at once, by hand.
    void nudge(Instant now);

    /// When timed_out() is due; empty when nothing is under way.
    std::optional<Instant> next_timeout() const;
    /// Takes back what is under way for too long; `jitter` in [-1, 1] spreads the next attempt. To
    /// p2pd before that the oldest datagram alone, soon and as a question: what else is lost its
    /// ACK tells. It is asked again after twice the time, as the question may get lost as well (RFC
    /// 9002, section 6.2).
    void timed_out(Instant now, double jitter);

    std::size_t waiting() const { return waiting_.size(); }
    std::size_t aside() const { return aside_.size(); }
    bool idle() const { return parts_.empty(); }
    bool away() const { return misses_ >= misses_until_away; }
    std::uint32_t in_flight() const { return static_cast<std::uint32_t>(in_flight_.size()); }
    std::size_t in_flight_bytes() const { return in_flight_bytes_; }
    std::size_t window_bytes() const { return window_.bytes(); }
    /// Since this began: of objects, and of those that had been sent before.
    std::uint64_t transmissions() const { return transmissions_; }
    std::uint64_t retransmissions() const { return retransmissions_; }
    /// About how many objects may be under way.
    std::uint32_t window() const;
    /// What the peer says that it has room for, from 1.
    void set_peer_window(std::uint32_t objects) { peer_window_ = std::max(objects, 1U); }
    const RoundTrip& round_trip() const { return round_trip_; }
    /// Time from a transmission until it counts as lost, with back-off and jitter.
    Duration interval() const;

private:
    struct PartState {
        std::uint64_t transmission = 0;  ///< 0: waiting
        std::uint32_t attempts = 0;
    };
    struct InFlight {
        std::int64_t part_us;
        std::size_t bytes;
        std::uint64_t datagram;
        Instant sent_at;
    };
    /// Questions since anything was confirmed.
    struct Asked {
        Instant first;
        Instant last;
        std::uint32_t times;
    };

    bool has_room() const;
    void pace(std::size_t bytes, Instant now);
    const InFlight& oldest() const { return in_flight_.first().value; }
    void end_flight(std::uint64_t transmission);
    void take_back(std::uint64_t transmission, Instant now);
    void take_back_all(Instant now);
    void take_back_datagram(std::uint64_t datagram, Instant now);
    bool is_overtaken(const InFlight& flight, Instant now) const;
    void find_losses(Instant now);
    std::optional<Instant> question_due() const;
    Instant lost_at(const InFlight& flight) const;
    void lose_probe(Instant now);

    PeerFacts facts_;
    RisingMap<std::int64_t, PartState> parts_;
    RisingSet<std::int64_t> waiting_;
    RisingSet<std::int64_t> aside_;                 ///< of parts_, neither waiting nor in flight
    RisingMap<std::uint64_t, InFlight> in_flight_;  ///< by transmission number, so by time
    std::size_t in_flight_bytes_ = 0;
    std::uint64_t last_transmission_ = 0;
    std::uint64_t last_datagram_ = 0;
    std::uint64_t confirmed_datagram_ = 0;  ///< the latest of which anything is confirmed
    std::uint64_t recovery_until_ = 0;      ///< losses up to this datagram are one congestion event
    RoundTrip round_trip_;
    QueueWatch queue_;
    std::optional<Duration> sample_;  ///< of the ACK that is being read
    CongestionWindow window_;
    std::uint64_t filled_the_window_ = 0;  ///< the last transmission that did
    std::uint32_t peer_window_ = objects_max;
    Pacer pacer_;
    bool too_early_ = false;  ///< until the next timeout
    std::optional<Asked> asked_;
    PathLimit path_;
    std::optional<std::uint64_t> probe_;  ///< the datagram
    std::uint32_t misses_ = 0;
    std::optional<Instant> first_miss_;
    Duration missed_for_{0};
    double jitter_ = 0;
    std::uint64_t transmissions_ = 0;
    std::uint64_t retransmissions_ = 0;
};

}  // namespace p2pd
