// core: how durations are spread, counted in fixed steps. Includes std, core.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "daemon/core/time.h"

namespace p2pd {

/// Steps from 0.1 ms to 10 s, for what a disk or a network takes. Adding costs two increments.
class DurationHistogram {
public:
    static constexpr std::array<Duration, 16> bounds{
        {Duration{100}, Duration{250}, Duration{500}, Duration{1'000}, Duration{2'500},
         Duration{5'000}, Duration{10'000}, Duration{25'000}, Duration{50'000}, Duration{100'000},
         Duration{250'000}, Duration{500'000}, Duration{1'000'000}, Duration{2'500'000},
         Duration{5'000'000}, Duration{10'000'000}}};

    void add(Duration duration) {
        const auto* const step = std::lower_bound(bounds.begin(), bounds.end(), duration);
        ++counts_[static_cast<std::size_t>(step - bounds.begin())];
        sum_ += duration;
    }

    /// How many were at most bounds[i] and above the bound before; the last: above all bounds.
    const std::array<std::uint64_t, bounds.size() + 1>& counts() const { return counts_; }
    Duration sum() const { return sum_; }

private:
    std::array<std::uint64_t, bounds.size() + 1> counts_{};
    Duration sum_{0};
};

}  // namespace p2pd
