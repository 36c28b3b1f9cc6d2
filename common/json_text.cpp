// common: texts and numbers as JSON writes them.
#include "common/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace p2pd::json_text_detail {

namespace {

bool is_plain(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/// By eight at a time. A byte becomes 0x80 or more where it was not plain; what a difference
/// carries into the next byte only ever does so behind one that was not plain either.
bool all_plain(std::string_view text) {
    constexpr std::uint64_t each = 0x0101010101010101;
    constexpr std::uint64_t top = each * 0x80;
    for (; text.size() >= sizeof(std::uint64_t); text.remove_prefix(sizeof(std::uint64_t))) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), sizeof(word));
        const auto zero_at = [word](char c) {
            const std::uint64_t difference = word ^ (each * static_cast<unsigned char>(c));
            return (difference - each) & ~difference;
        };
        const std::uint64_t low = (word - each * 0x20) & ~word;
        const std::uint64_t high = word | (word + each);  // 0x80 and more, or 0x7f
        if (((low | high | zero_at('"') | zero_at('\\')) & top) != 0) return false;
    }
    return std::all_of(text.begin(), text.end(), is_plain);
}

template <class Integer>
void append_digits(std::string& out, Integer value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

}  // namespace

void append_text(std::string& out, std::string_view text) {
    if (!all_plain(text)) return append_dump(out, text);
    append_plain(out, text);
}

void append_number(std::string& out, std::int64_t value) {
    append_digits(out, value);
}

void append_number(std::string& out, std::uint64_t value) {
    append_digits(out, value);
}

void append_dump(std::string& out, const Json& value) {
    // Texts are checked where they enter; `replace` keeps a slip from ending the connection.
    out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace p2pd::json_text_detail
