// core: RFC 6298, section 2. Includes std, core.
#include "daemon/core/round_trip.h"

#include <algorithm>

namespace p2pd {

void RoundTrip::sample(Duration round_trip) {
    const Duration taken = std::max(round_trip, Duration{1});
    if (!smoothed_) {
        smoothed_ = taken;
        variation_ = taken / 2;
        return;
    }
    const Duration difference = std::chrono::abs(*smoothed_ - taken);
    variation_ = (3 * variation_ + difference) / 4;
    smoothed_ = (7 * *smoothed_ + taken) / 8;
}

Duration RoundTrip::timeout() const {
    if (!smoothed_) return first_timeout;
    constexpr Duration clock_granularity = std::chrono::milliseconds{1};
    const Duration timeout = *smoothed_ + std::max(clock_granularity, 4 * variation_);
    return std::clamp(timeout, timeout_min, timeout_max);
}

}  // namespace p2pd
