// core: spreads what a window lets go over the round trip. Includes std, core.
#pragma once

#include <algorithm>
#include <cstddef>

#include "daemon/core/time.h"

namespace p2pd {

/// A leaky bucket (RFC 9002, section 7.7), kept as the time when what has left would have left at
/// an even pace.
class Pacer {
public:
    /// How far ahead of an even pace one may be: what is not worth waking up for.
    static constexpr Duration ahead_max = std::chrono::milliseconds{2};

    /// `time` is what `bytes` take at an even pace, `burst` what may leave at once after a rest.
    void sent(Instant now, Duration time, Duration burst) {
        even_ = std::max(even_, now - std::max(burst, ahead_max)) + time;
    }
    /// When the next datagram may leave.
    Instant next() const { return even_; }

private:
    Instant even_{};
};

}  // namespace p2pd
