// core: how many bytes may be under way to one peer. Includes std, core.
#pragma once

#include <cstddef>
#include <cstdint>

#include "daemon/core/time.h"

namespace p2pd {

/// Slow start (RFC 9002, section 7.3.1), then CUBIC (RFC 9438), in bytes, as datagrams of very
/// different sizes leave. `datagram_bytes` is the largest one now.
class CongestionWindow {
public:
    static constexpr std::size_t initial_bytes = 12000;  // ten datagrams, RFC 6928
    static constexpr std::size_t datagrams_min = 2;      // RFC 9002, section 7.2
    /// As long as ACKs come. Less could not show a loss by three later ones, and each would cost a
    /// timeout.
    static constexpr std::size_t datagrams_of_lossy_min = 4;
    static constexpr std::size_t bytes_max = std::size_t{8} * 1024 * 1024;

    std::size_t bytes() const { return static_cast<std::size_t>(window_); }
    bool in_slow_start() const { return window_ < threshold_; }

    /// So many bytes have arrived while the window was in use; `round_trip` is the smoothed one.
    void confirmed(std::size_t bytes, std::size_t datagram_bytes, Instant now, Duration round_trip);
    /// A loss that later ACKs told of; call at most once a round trip. `queue`: the round trip was
    /// longer than it need be, so datagrams wait somewhere.
    void lost(std::size_t datagram_bytes, bool queue);
    /// Nothing came back for a whole retransmission timeout.
    void timed_out(std::size_t datagram_bytes);

private:
    void cut(double factor, std::size_t datagram_bytes);
    void grow_as_cubic(double bytes, double datagram_bytes, Instant now, Duration round_trip);

    double window_ = initial_bytes;
    double threshold_ = bytes_max;
    double before_loss_ = 0;      ///< W_max, section 4.1
    double as_reno_ = 0;          ///< W_est, section 4.3
    double reno_until_ = 0;       ///< cwnd_prior, section 4.3
    double plateau_after_s_ = 0;  ///< K, section 4.2
    Instant epoch_{};             ///< when this congestion avoidance began
    bool in_epoch_ = false;
};

}  // namespace p2pd
