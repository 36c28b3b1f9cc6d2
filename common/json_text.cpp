// common: texts and numbers as JSON writes them.
#include "common/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace p2pd::json_text_detail {

namespace {

bool is_plain(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

template <class Integer>
void append_digits(std::string& out, Integer value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

}  // namespace

void append_text(std::string& out, std::string_view text) {
    if (!std::all_of(text.begin(), text.end(), is_plain)) return append_dump(out, text);
    out += '"';
    out += text;
    out += '"';
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
