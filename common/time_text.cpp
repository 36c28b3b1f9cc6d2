// common: points in time and durations as text.
#include "common/time_text.h"

#include <algorithm>
#include <array>

#include "common/ascii.h"

namespace p2pd {

namespace {

using std::chrono::microseconds;

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t minute_us = 60 * second_us;
constexpr std::int64_t hour_us = 60 * minute_us;
constexpr std::int64_t day_us = 24 * hour_us;
constexpr std::int64_t duration_us_max = 36'525 * day_us;  // 100 years

// RFC 3339 has four digits for the year; times outside of it are shown as its ends.
constexpr std::int64_t year_0000_us = -62'167'219'200 * second_us;
constexpr std::int64_t year_10000_us = 253'402'300'800 * second_us;

/// Reads a text from its front; the first thing that does not fit makes everything fail.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }
    bool next_is_digit() const { return !rest_.empty() && is_digit(rest_.front()); }

    /// Takes the next character if it is one of `allowed`.
    bool accept(std::string_view allowed) {
        if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(std::string_view allowed) { ok_ = accept(allowed) && ok_; }

    /// Exactly `width` digits, of a number from `min` to `max`.
    int number(std::size_t width, int min, int max) {
        int value = 0;
        for (std::size_t i = 0; i < width; ++i) value = value * 10 + digit();
        ok_ = ok_ && value >= min && value <= max;
        return value;
    }

    /// Any number of digits, at most `max`.
    std::int64_t whole(std::int64_t max) {
        std::int64_t value = 0;
        while (next_is_digit() && ok_) {
            value = value * 10 + digit();
            ok_ = value <= max;
        }
        return value;
    }

    /// At least one digit behind a decimal point, as millionths; those after the sixth are cut.
    std::int64_t millionths() {
        std::int64_t value = 0;
        std::int64_t weight = 100'000;
        ok_ = ok_ && next_is_digit();
        for (; next_is_digit(); weight /= 10) value += weight * digit();
        return value;
    }

    /// Letters up to the next character that is none.
    std::string_view word() {
        const auto end = std::find_if(rest_.begin(), rest_.end(),
                                      [](char c) { return !(c >= 'a' && c <= 'z'); });
        const auto word = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(word.size());
        return word;
    }

private:
    int digit() {
        if (!next_is_digit()) {
            ok_ = false;
            return 0;
        }
        const int value = rest_.front() - '0';
        rest_.remove_prefix(1);
        return value;
    }

    std::string_view rest_;
    bool ok_ = true;
};

std::int64_t scan_offset_us(Scanner& scanner) {
    if (scanner.accept("Zz")) return 0;
    const bool west = scanner.accept("-");
    if (!west) scanner.expect("+");
    const std::int64_t hours = scanner.number(2, 0, 23);
    scanner.expect(":");
    const std::int64_t minutes = scanner.number(2, 0, 59);
    const std::int64_t offset = hours * hour_us + minutes * minute_us;
    return west ? -offset : offset;
}

std::int64_t scan_time_of_day_us(Scanner& scanner) {
    std::int64_t us = scanner.number(2, 0, 23) * hour_us;
    scanner.expect(":");
    us += scanner.number(2, 0, 59) * minute_us;
    scanner.expect(":");
    us += scanner.number(2, 0, 60) * second_us;  // a leap second is the next minute's first
    if (scanner.accept(".")) us += scanner.millionths();
    return us;
}

struct Unit {
    std::string_view name;
    std::int64_t us;
};
constexpr std::array<Unit, 8> units{{{"us", 1},
                                     {"ms", 1000},
                                     {"s", second_us},
                                     {"m", minute_us},
                                     {"min", minute_us},
                                     {"h", hour_us},
                                     {"d", day_us},
                                     {"w", 7 * day_us}}};

/// Microseconds in the unit of this name; 0 when there is none.
std::int64_t unit_us(std::string_view name) {
    for (const Unit& unit : units) {
        if (unit.name == name) return unit.us;
    }
    return 0;
}

/// A unit for people: values below `decimal_below` get a decimal, from `limit` on the next fits.
struct ShownUnit {
    std::string_view name;
    std::int64_t us;
    std::int64_t decimal_below;
    std::int64_t limit;
};
constexpr std::array<ShownUnit, 5> shown_units{{{" ms", 1000, 100, 1000},
                                                {" s", second_us, 100, 60},
                                                {" min", minute_us, 10, 60},
                                                {" h", hour_us, 10, 24},
                                                {" d", day_us, 10, INT64_MAX}}};

/// `us` in this unit, rounded, or empty when it is a whole one of the next.
std::string shown(std::int64_t us, const ShownUnit& unit) {
    const std::int64_t tenths = (us / unit.us) * 10 + ((us % unit.us) * 10 + unit.us / 2) / unit.us;
    const std::int64_t rounded = us / unit.us + (us % unit.us + unit.us / 2) / unit.us;
    const bool decimal = tenths < unit.decimal_below * 10;
    if (decimal ? tenths / 10 >= unit.limit : rounded >= unit.limit) return {};
    std::string text = std::to_string(decimal ? tenths / 10 : rounded);
    if (decimal && tenths % 10 != 0) text.append(".").append(std::to_string(tenths % 10));
    return text.append(unit.name);
}

}  // namespace

std::string to_rfc3339(UtcTime time) {
    std::string text;
    append_rfc3339(text, time);
    return text;
}

/// Digit by digit, as each answer of the daemon has a few.
void append_rfc3339(std::string& out, UtcTime time) {
    const std::int64_t us = std::clamp(time.us, year_0000_us, year_10000_us - 1);
    const std::chrono::sys_time<microseconds> point{microseconds{us}};
    const auto day = std::chrono::floor<std::chrono::days>(point);
    const std::chrono::year_month_day date{day};
    const auto us_of_day = static_cast<std::uint64_t>((point - day).count());
    const auto second_of_day = static_cast<std::uint32_t>(us_of_day / second_us);
    const auto millionths = static_cast<std::uint32_t>(us_of_day % second_us);
    const auto year = static_cast<std::uint32_t>(static_cast<int>(date.year()));
    std::array<char, 27> text{"0000-00-00T00:00:00.000000"};
    const auto put = [&text](std::size_t at, std::uint32_t number) {
        text[at] = static_cast<char>('0' + number / 10);
        text[at + 1] = static_cast<char>('0' + number % 10);
    };
    put(0, year / 100);
    put(2, year % 100);
    put(5, static_cast<unsigned>(date.month()));
    put(8, static_cast<unsigned>(date.day()));
    put(11, second_of_day / 3600);
    put(14, second_of_day / 60 % 60);
    put(17, second_of_day % 60);
    put(20, millionths / 10'000);
    put(22, millionths / 100 % 100);
    put(24, millionths % 100);
    text.back() = 'Z';
    out.append(text.data(), text.size());
}

std::optional<UtcTime> parse_rfc3339(std::string_view text) {
    Scanner scanner{text};
    const int year = scanner.number(4, 0, 9999);
    scanner.expect("-");
    const int month = scanner.number(2, 1, 12);
    scanner.expect("-");
    const int day = scanner.number(2, 1, 31);
    scanner.expect("Tt");
    const std::int64_t time_of_day = scan_time_of_day_us(scanner);
    const std::int64_t offset = scan_offset_us(scanner);
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!scanner.ok() || !scanner.at_end() || !date.ok()) return std::nullopt;
    const microseconds midnight = std::chrono::sys_days{date}.time_since_epoch();
    return UtcTime{midnight.count() + time_of_day - offset};
}

std::optional<microseconds> parse_duration(std::string_view text) {
    Scanner scanner{text};
    std::int64_t sum = 0;
    bool first = true;
    do {
        if (!scanner.next_is_digit()) return std::nullopt;
        const std::int64_t whole = scanner.whole(duration_us_max);
        const std::int64_t millionths = scanner.accept(".") ? scanner.millionths() : 0;
        const std::string_view name = scanner.word();
        const bool bare = name.empty() && first && scanner.at_end();
        const std::int64_t unit = bare ? second_us : unit_us(name);
        if (!scanner.ok() || unit == 0 || whole > duration_us_max / unit) return std::nullopt;
        sum += whole * unit + millionths * unit / 1'000'000;
        first = false;
        if (sum > duration_us_max) return std::nullopt;
    } while (!scanner.at_end());
    return microseconds{sum};
}

std::string duration_text(microseconds duration) {
    // Below a tenth of a millisecond there is nothing that people compare in milliseconds.
    const std::int64_t us = duration.count();
    if (us == INT64_MIN) return duration_text(microseconds{us + 1});
    if (us < 0) return "-" + duration_text(microseconds{-us});
    if (us > 0 && us < 50) return std::to_string(us) + " us";
    for (const ShownUnit& unit : shown_units) {
        if (std::string text = shown(us, unit); !text.empty()) return text;
    }
    return {};  // the last unit has no limit
}

}  // namespace p2pd
