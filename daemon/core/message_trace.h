// core: what happened to outgoing messages a short time ago. Includes std, core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "daemon/core/endpoint.h"
#include "daemon/core/time.h"

namespace p2pd {

/// What the network said of a datagram that was sent. It may be a lie, so it is only shown.
enum class Trouble : std::uint8_t { port_unreachable, host_unreachable, prohibited, too_large };

struct TraceEvent {
    enum class Kind : std::uint8_t {
        sent,
        confirmed,  ///< the ACK of a part
        refused,    ///< an ACK that says no
        trouble,    ///< of the peer, not of this message alone
    };
    WallTime at = {};
    std::int64_t part_us = 0;      ///< the part's timestamp; 0 of trouble
    std::uint32_t attempt = 0;     ///< sent: from 1; confirmed: how often it was sent until then
    std::uint32_t text_bytes = 0;  ///< sent: of the part's text
    std::uint32_t datagram_bytes = 0;  ///< sent; 0: it never got as far as the socket
    std::uint32_t objects = 0;         ///< sent: in that datagram
    std::int32_t rtt_us = -1;          ///< confirmed; -1: of which attempt it is, nobody knows
    Kind kind = Kind::sent;
    Trouble trouble = Trouble::port_unreachable;
};

/// The last events of all messages, in the order in which they came. Bounded, and nothing is
/// allocated but once; memory that was never used is not touched.
class MessageTrace {
public:
    static constexpr std::size_t events_max = 4096;
    static constexpr std::size_t troubles_max = 256;
    static constexpr std::size_t events_of_one_max = 64;

    MessageTrace();

    void add(const TraceEvent& event);
    /// Event numbers only rise: those from here on belong to what happens next.
    std::uint64_t next_number() const { return next_; }
    /// The events `first` to before `end` were sent in one datagram.
    void set_datagram(std::uint64_t first, std::uint64_t end, std::size_t bytes);
    void trouble(WallTime at, const Endpoint& peer, Trouble what);

    /// Of a message to `peer` whose `parts` have the timestamps from `first_us` on: the newest
    /// events_of_one_max, and what troubled the peer since the first of them.
    std::vector<TraceEvent> of(const Endpoint& peer, std::int64_t first_us,
                               std::uint32_t parts) const;

private:
    struct PeerTrouble {
        Endpoint peer;
        TraceEvent event;
        std::uint64_t number = 0;  ///< of the event that came next
    };
    const TraceEvent* find(std::uint64_t number) const;

    std::vector<TraceEvent> events_;  ///< a ring, once it is full
    std::vector<PeerTrouble> troubles_;
    std::uint64_t next_ = 0;
    std::uint64_t next_trouble_ = 0;
};

}  // namespace p2pd
