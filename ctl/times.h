// ctl: points in time as people write and read them. Includes std, POSIX and common.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/time_text.h"

namespace p2pd {

/// How times are shown and read: local unless `utc`; `relative` as `3 min ago`, seen from `now`.
struct TimeStyle {
    bool utc = false;
    bool relative = false;
    UtcTime now;
};

UtcTime now_utc();

/// `2026-11-22 10:31:00`, or `3 min ago`.
std::string time_text(UtcTime time, const TimeStyle& style);

/// As time_text, with microseconds: `2026-11-22 10:31:00.123456`.
std::string exact_time_text(UtcTime time, const TimeStyle& style);

/// Reads RFC 3339, `YYYY-MM-DD`, `YYYY-MM-DD HH:MM[:SS]`, `HH:MM[:SS]` (of today), or a duration
/// that means as long ago. Empty when it is none of them.
std::optional<UtcTime> parse_moment(std::string_view text, const TimeStyle& style);

}  // namespace p2pd
