// ctl: points in time as people write and read them. Includes std, POSIX and common.
#include "ctl/times.h"

#include <array>
#include <chrono>
#include <ctime>

#include "common/ascii.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

constexpr std::int64_t second_us = 1'000'000;

std::tm calendar(UtcTime time, bool utc) {
    // Rounded down, also before 1970.
    const std::time_t seconds =
        (time.us - (time.us % second_us + second_us) % second_us) / second_us;
    std::tm fields{};
    if (utc) {
        ::gmtime_r(&seconds, &fields);
    } else {
        ::localtime_r(&seconds, &fields);
    }
    return fields;
}

std::string absolute_text(UtcTime time, bool utc) {
    const std::tm fields = calendar(time, utc);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &fields)};
}

/// Digits where `form` has `0`, the very character elsewhere.
bool has_form(std::string_view text, std::string_view form) {
    if (text.size() != form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool digit = is_digit(text[i]);
        if (form[i] == '0' ? !digit : text[i] != form[i]) return false;
    }
    return true;
}

int two_digits(std::string_view text, std::size_t at) {
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

bool read_date(std::string_view text, std::tm& fields) {
    if (!has_form(text, "0000-00-00")) return false;
    fields.tm_year = two_digits(text, 0) * 100 + two_digits(text, 2) - 1900;
    fields.tm_mon = two_digits(text, 5) - 1;
    fields.tm_mday = two_digits(text, 8);
    return fields.tm_mon >= 0 && fields.tm_mon < 12 && fields.tm_mday >= 1 && fields.tm_mday <= 31;
}

bool read_clock(std::string_view text, std::tm& fields) {
    const bool seconds = has_form(text, "00:00:00");
    if (!seconds && !has_form(text, "00:00")) return false;
    fields.tm_hour = two_digits(text, 0);
    fields.tm_min = two_digits(text, 3);
    fields.tm_sec = seconds ? two_digits(text, 6) : 0;
    return fields.tm_hour < 24 && fields.tm_min < 60 && fields.tm_sec < 61;
}

}  // namespace

UtcTime now_utc() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count()};
}

std::string time_text(UtcTime time, const TimeStyle& style) {
    if (!style.relative) return absolute_text(time, style.utc);
    const std::chrono::microseconds ago{style.now.us - time.us};
    return ago.count() < 0 ? tr("in {1}", duration_text(-ago)) : tr("{1} ago", duration_text(ago));
}

std::string exact_time_text(UtcTime time, const TimeStyle& style) {
    const std::int64_t part = (time.us % second_us + second_us) % second_us;
    std::string digits = std::to_string(part);
    digits.insert(0, 6 - digits.size(), '0');
    const std::string absolute = absolute_text(time, style.utc) + "." + digits;
    return style.relative ? absolute + " (" + time_text(time, style) + ")" : absolute;
}

std::optional<UtcTime> parse_moment(std::string_view text, const TimeStyle& style) {
    if (const auto time = parse_rfc3339(text)) return time;
    if (const auto ago = parse_duration(text)) return UtcTime{style.now.us - ago->count()};
    std::tm fields{};
    fields.tm_isdst = -1;
    if (!read_date(text.substr(0, 10), fields)) {
        const std::tm today = calendar(style.now, style.utc);
        fields.tm_year = today.tm_year;
        fields.tm_mon = today.tm_mon;
        fields.tm_mday = today.tm_mday;
        if (!read_clock(text, fields)) return std::nullopt;
    } else if (text.size() > 10 &&
               ((text[10] != ' ' && text[10] != 'T') || !read_clock(text.substr(11), fields))) {
        return std::nullopt;
    }
    const int day = fields.tm_mday;
    const std::time_t seconds = style.utc ? ::timegm(&fields) : std::mktime(&fields);
    // mktime() makes 1 March of 30 February; that was a slip, not a wish.
    if (fields.tm_mday != day) return std::nullopt;
    return UtcTime{static_cast<std::int64_t>(seconds) * second_us};
}

}  // namespace p2pd
