// core: the two clocks, both given from outside. Includes std only.
#pragma once

#include <chrono>
#include <cstdint>

namespace p2pd {

using Duration = std::chrono::microseconds;

/// Tag of the clock that never steps; all timers use it. The shells read it, the core is told.
struct MonotonicClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<MonotonicClock>;
    static constexpr bool is_steady = true;
};
using Instant = MonotonicClock::time_point;

/// Civil time in microseconds since the Unix epoch, UTC; it may step in both directions.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

struct Now {
    Instant monotonic;
    WallTime wall;
};

}  // namespace p2pd
