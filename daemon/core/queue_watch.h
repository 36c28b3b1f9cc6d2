// core: whether datagrams wait in a queue on the way. Includes std, core.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "daemon/core/time.h"

namespace p2pd {

/// A queue that is full, and so loses, makes all round trips longer than their least of late; a
/// disk makes some so. What gets lost without a queue is damaged, or dropped at random.
class QueueWatch {
public:
    /// What is older than two of them does not count: the path may have changed.
    static constexpr Duration period = std::chrono::seconds{10};
    // As HyStart++ tells a queue, an eighth of the round trip (RFC 9406, section 4.3), but from 1
    // ms on: the queues of narrow paths may hold no more than a datagram or two.
    static constexpr Duration noise_min = std::chrono::milliseconds{1};
    static constexpr Duration noise_max = std::chrono::milliseconds{16};
    static constexpr std::size_t samples = 4;  ///< that must agree

    void sample(Duration round_trip, Instant now) {
        latest_[next_++ % samples] = round_trip;
        if (!least_) {
            latest_.fill(round_trip);
            least_ = least_of_period_ = round_trip;
            period_began_ = now;
        } else if (now - period_began_ >= period) {
            least_ = std::exchange(least_of_period_, round_trip);
            period_began_ = now;
        }
        least_of_period_ = std::min(least_of_period_, round_trip);
        least_ = std::min(*least_, round_trip);
    }

    /// When nothing is known, there is one.
    bool seen() const {
        return !least_ ||
               std::ranges::min(latest_) >= *least_ + std::clamp(*least_ / 8, noise_min, noise_max);
    }

private:
    std::array<Duration, samples> latest_{};
    std::size_t next_ = 0;
    std::optional<Duration> least_;  ///< of this period and the one before
    Duration least_of_period_{0};
    Instant period_began_{};
};

}  // namespace p2pd
