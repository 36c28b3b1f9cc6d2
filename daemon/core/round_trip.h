// core: round-trip time and retransmission timeout of one path. Includes std, core.
#pragma once

#include <optional>

#include "daemon/core/time.h"

namespace p2pd {

/// RFC 6298. Samples come from objects that were sent once only (Karn, section 3).
class RoundTrip {
public:
    static constexpr Duration first_timeout = std::chrono::seconds{1};       // 2.1
    static constexpr Duration timeout_min = std::chrono::milliseconds{200};  // 2.4 asks for 1 s;
    // a datagram here is a message that somebody waits for, and copies are harmless between p2pd.
    static constexpr Duration timeout_max = std::chrono::seconds{60};  // 2.5

    void sample(Duration round_trip);

    /// Retransmission timeout without back-off, between timeout_min and timeout_max.
    Duration timeout() const;
    /// How long after its transmission something is lost of which a later one is confirmed; RFC
    /// 9002, section 6.1.2.
    Duration loss_delay() const;
    /// How long after the last transmission the other side is to be asked whether something came;
    /// RFC 9002, section 6.2.1. Empty before the first sample.
    std::optional<Duration> probe_timeout() const;
    /// Smoothed; empty before the first sample.
    std::optional<Duration> smoothed() const { return smoothed_; }
    Duration variation() const { return variation_; }

private:
    std::optional<Duration> smoothed_;
    Duration variation_{0};
    Duration latest_{0};
};

}  // namespace p2pd
