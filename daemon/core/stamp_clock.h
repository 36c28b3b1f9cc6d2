// core: own timestamps, the identity of what is sent. Includes std, core.
#pragma once

#include <algorithm>
#include <cstdint>

#include "daemon/core/time.h"

namespace p2pd {

/// Follows the wall clock and rises strictly, whatever that does; begins above the mark that the
/// store keeps. The mark runs ahead of what is used, so that a timestamp at or below it is used
/// once, even if a crash loses all that was written with it.
class StampClock {
public:
    static constexpr std::int64_t us_max = 4'294'967'295'999'999;  // 2^32 seconds, exclusive
    /// How far the mark runs ahead, and so how far ahead of the clock a restart may begin.
    static constexpr std::int64_t ahead_us = 1'000'000;

    /// `mark_us`: what the store has.
    explicit StampClock(std::int64_t mark_us) : last_us_(mark_us), mark_us_(mark_us) {}

    /// The first of `count` consecutive timestamps that were never given before.
    std::int64_t take(WallTime wall, std::uint32_t count) {
        const std::int64_t wall_us = wall.time_since_epoch().count();
        // A clock beyond what the format can carry is wrong; then count on from the last one.
        const std::int64_t first = std::max(wall_us > us_max - count ? 0 : wall_us, last_us_ + 1);
        last_us_ = first + count - 1;
        return first;
    }

    /// What the store is to keep next, in microseconds; never falls. The same as long as half of
    /// it is left. Not ahead of a clock that has stepped back, or a series of quick restarts would
    /// drive it ever further.
    std::int64_t next_mark_us(WallTime wall) const {
        if (last_us_ + ahead_us / 2 <= mark_us_) return mark_us_;
        const std::int64_t from_us = std::min(wall.time_since_epoch().count(), last_us_);
        return std::max({mark_us_, last_us_, std::min(from_us + ahead_us, us_max)});
    }
    /// The store has kept it.
    void mark_kept(std::int64_t mark_us) { mark_us_ = mark_us; }
    /// Nobody will ever be given this one again, whatever becomes of what is written with it.
    bool is_reserved(std::int64_t us) const { return us <= mark_us_; }

    /// A time that is no identity, in the range of the format.
    static std::int64_t clamp(WallTime wall) {
        return std::clamp<std::int64_t>(wall.time_since_epoch().count(), 0, us_max);
    }

private:
    std::int64_t last_us_;
    std::int64_t mark_us_;
};

}  // namespace p2pd
