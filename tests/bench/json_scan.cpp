// tests/bench: members of a line of JSON that is known to be valid. Includes std alone.
#include "tests/bench/json_scan.h"

#include <charconv>
#include <cstddef>

namespace bench {

namespace {

/// The position after the string that begins at `at`.
std::size_t after_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return at + 1;
}

/// The position after the value that begins at `at`.
std::size_t after_value(std::string_view text, std::size_t at) {
    int depth = 0;
    while (at < text.size()) {
        const char byte = text[at];
        if (byte == '"') {
            at = after_string(text, at);
            if (depth == 0) return at;
            continue;
        }
        if (depth == 0 && (byte == ',' || byte == '}' || byte == ']')) return at;
        if (byte == '{' || byte == '[') ++depth;
        ++at;
        if ((byte == '}' || byte == ']') && --depth == 0) return at;
    }
    return at;
}

}  // namespace

std::string_view JsonScan::value(std::string_view member) const {
    std::size_t at = 1;
    while (at < object_.size() && object_[at] == '"') {
        const std::size_t name_end = after_string(object_, at);
        const std::string_view name = object_.substr(at + 1, name_end - at - 2);
        const std::size_t end = after_value(object_, name_end + 1);
        if (name == member) return object_.substr(name_end + 1, end - name_end - 1);
        at = end + 1;
    }
    return {};
}

std::uint64_t JsonScan::number(std::string_view member) const {
    const std::string_view digits = value(member);
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::string_view JsonScan::text(std::string_view member) const {
    const std::string_view quoted = value(member);
    return quoted.size() < 2 ? std::string_view{} : quoted.substr(1, quoted.size() - 2);
}

void JsonScan::each(std::string_view member,
                    const std::function<void(const JsonScan&)>& call) const {
    const std::string_view array = value(member);
    for (std::size_t at = 1; at < array.size() && array[at] == '{';) {
        const std::size_t end = after_value(array, at);
        call(JsonScan(array.substr(at, end - at)));
        at = end + 1;
    }
}

}  // namespace bench
