// core: many confirmed timestamps as a short text. Includes std, core.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/wire_object.h"

namespace p2pd {

/// `ranges` rise and are apart from each other and above `original_us`. `10 1+4` confirms the
/// timestamp 10 us after the one before, then the next and 4 more.
std::string write_ranges(std::int64_t original_us, const std::vector<StampRange>& ranges);

/// What write_ranges() wrote. Empty for anything else, for more than acks_max timestamps, and for
/// one that is out of range.
std::vector<StampRange> read_ranges(std::int64_t original_us, std::string_view text);

}  // namespace p2pd
