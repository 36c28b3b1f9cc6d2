// core: many confirmed timestamps as a short text. Includes std, core.
#include "daemon/core/ack_ranges.h"

#include <array>
#include <charconv>
#include <optional>

#include "daemon/core/stamp_clock.h"

namespace p2pd {

namespace {

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

/// Takes the number that `text` begins with, from 1 to `max`.
std::optional<std::int64_t> take_number(std::string_view& text, std::int64_t max) {
    std::int64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc{} || number < 1 || number > max) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    return number;
}

bool take(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::string write_ranges(std::int64_t original_us, const std::vector<StampRange>& ranges) {
    std::string text;
    std::int64_t last_us = original_us;
    for (const StampRange& range : ranges) {
        if (!text.empty()) text += ' ';
        append_number(text, static_cast<std::uint64_t>(range.first_us - last_us));
        if (range.count > 1) {
            text += '+';
            append_number(text, range.count - 1);
        }
        last_us = range.first_us + range.count - 1;
    }
    return text;
}

std::vector<StampRange> read_ranges(std::int64_t original_us, std::string_view text) {
    std::vector<StampRange> ranges;
    std::int64_t last_us = original_us;
    std::int64_t left = acks_max - 1;
    while (!text.empty()) {
        if (!ranges.empty() && !take(text, ' ')) return {};
        const auto distance = take_number(text, StampClock::us_max - last_us);
        if (!distance) return {};
        std::int64_t more = 0;
        if (take(text, '+')) {
            const auto written = take_number(text, left - 1);
            if (!written) return {};
            more = *written;
        }
        left -= 1 + more;
        last_us += *distance;
        if (left < 0 || more > StampClock::us_max - last_us) return {};
        ranges.push_back({last_us, static_cast<std::uint32_t>(1 + more)});
        last_us += more;
    }
    return ranges;
}

}  // namespace p2pd
