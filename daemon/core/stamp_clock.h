// core: own timestamps, the identity of what is sent. Includes std, core.
#pragma once

#include <algorithm>
#include <cstdint>

#include "daemon/core/time.h"

namespace p2pd {

/// Follows the wall clock and rises strictly, whatever that does; begins above what the store says
/// was used before.
class StampClock {
public:
    static constexpr std::int64_t us_max = 4'294'967'295'999'999;  // 2^32 seconds, exclusive

    explicit StampClock(std::int64_t last_us) : last_us_(last_us) {}

    /// The first of `count` consecutive timestamps that were never given before.
    std::int64_t take(WallTime wall, std::uint32_t count) {
        const std::int64_t wall_us = wall.time_since_epoch().count();
        // A clock beyond what the format can carry is wrong; then count on from the last one.
        const std::int64_t first = std::max(wall_us > us_max - count ? 0 : wall_us, last_us_ + 1);
        last_us_ = first + count - 1;
        return first;
    }
    std::int64_t last_us() const { return last_us_; }

    /// A time that is no identity, in the range of the format.
    static std::int64_t clamp(WallTime wall) {
        return std::clamp<std::int64_t>(wall.time_since_epoch().count(), 0, us_max);
    }

private:
    std::int64_t last_us_;
};

}  // namespace p2pd
