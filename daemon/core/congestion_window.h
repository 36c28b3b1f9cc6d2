// core: how many objects may be under way to one peer. Includes std, core.
#pragma once

#include <cstdint>

#include "daemon/core/time.h"

namespace p2pd {

/// Slow start (RFC 5681, section 3.1), then CUBIC (RFC 9438), counted in objects, of which a
/// datagram holds one or more: so it never grows faster than one that counts datagrams. A program
/// of the field gets a window of one: it shows texts in the order in which they come, and its
/// buffers are small.
class CongestionWindow {
public:
    static constexpr std::uint32_t initial = 10;  // RFC 6928
    static constexpr std::uint32_t maximum = 16384;

    std::uint32_t size() const { return fixed_to_one_ ? 1 : static_cast<std::uint32_t>(window_); }

    void fix_to_one(bool fixed) { fixed_to_one_ = fixed; }

    /// One object was confirmed; `round_trip` is the smoothed one.
    void confirmed(Instant now, Duration round_trip);
    /// A loss that later ACKs told of; call at most once a round trip.
    void lost();
    /// Nothing came back for a whole retransmission timeout.
    void timed_out();

private:
    void grow_as_cubic(Instant now, Duration round_trip);

    bool fixed_to_one_ = true;
    double window_ = initial;
    double threshold_ = maximum;
    double before_loss_ = 0;      ///< W_max, section 4.1
    double as_reno_ = 0;          ///< W_est, section 4.3
    double plateau_after_s_ = 0;  ///< K, section 4.2
    Instant epoch_{};             ///< when this congestion avoidance began
    bool in_epoch_ = false;
};

}  // namespace p2pd
