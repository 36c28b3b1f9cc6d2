// common: points in time and durations as text. Includes std only.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace p2pd {

/// A point in civil time: microseconds since the Unix epoch, UTC.
struct UtcTime {
    std::int64_t us = 0;
    auto operator<=>(const UtcTime&) const = default;
};

/// RFC 3339 in UTC with six decimals: `2026-11-22T10:31:00.123456Z`.
std::string to_rfc3339(UtcTime time);
/// The same behind `out`.
void append_rfc3339(std::string& out, UtcTime time);

/// Reads RFC 3339 (`Z` or an offset, any number of decimals); empty when it is not that.
std::optional<UtcTime> parse_rfc3339(std::string_view text);

/// Reads `500ms`, `5s`, `90`, `10m`, `2h`, `7d`, `2w` and sums like `1h30m`; a bare number is
/// seconds; decimals are allowed (`0.5s`). Empty when it is not that, negative, or over 100 years.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);

/// A short duration for people: `0.8 ms`, `3.2 s`, `5 min`, `7 d`.
std::string duration_text(std::chrono::microseconds duration);

}  // namespace p2pd
