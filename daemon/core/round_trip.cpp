// core: RFC 6298, section 2. Includes std, core.
#include "daemon/core/round_trip.h"

#include <algorithm>

namespace p2pd {

namespace {

constexpr Duration clock_granularity = std::chrono::milliseconds{1};

}  // namespace

void RoundTrip::sample(Duration round_trip) {
    const Duration taken = std::max(round_trip, Duration{1});
    latest_ = taken;
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
    const Duration timeout = *smoothed_ + std::max(clock_granularity, 4 * variation_);
    return std::clamp(timeout, timeout_min, timeout_max);
}

Duration RoundTrip::loss_delay() const {
    return std::max(9 * std::max(smoothed_.value_or(first_timeout), latest_) / 8,
                    clock_granularity);
}

std::optional<Duration> RoundTrip::probe_timeout() const {
    // A sync that takes longer than those before; max_ack_delay of RFC 9000, section 18.2.
    constexpr Duration slow_sync = std::chrono::milliseconds{25};
    if (!smoothed_) return std::nullopt;
    return *smoothed_ + std::max(clock_granularity, 4 * variation_) + slow_sync;
}

}  // namespace p2pd
