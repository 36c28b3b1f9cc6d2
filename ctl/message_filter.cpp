// ctl: which messages are asked for. Includes std and common.
#include "ctl/message_filter.h"

#include <algorithm>

#include "ctl/control_error.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

char small(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string type_of(const MessageRecord& record) {
    return record.dir == Direction::in ? "received" : std::string(enum_name(record.state));
}

}  // namespace

bool MessageFilter::wants(const MessageRecord& record) const {
    if (peers && !peers->contains(record.peer)) return false;
    if (!types.empty() && !types.contains(type_of(record))) return false;
    return !grep || holds(record.text, *grep);
}

std::set<std::string, std::less<>> parse_types(std::string_view text) {
    std::set<std::string, std::less<>> types;
    for (const std::string& type : split_commas(text)) {
        if (std::ranges::find(message_types, type) == std::end(message_types)) {
            std::string all;
            for (const std::string_view each : message_types) all.append(" ").append(each);
            throw ControlError(error_usage, tr("--types has no '{1}'", type),
                               tr("there are, with commas between them:{1}", all));
        }
        types.insert(type);
    }
    return types;
}

bool holds(std::string_view text, std::string_view part) {
    const auto alike = [](char a, char b) { return small(a) == small(b); };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), alike) != text.end() ||
           part.empty();
}

std::vector<std::string> split_commas(std::string_view text) {
    std::vector<std::string> words;
    for (;;) {
        const std::size_t comma = text.find(',');
        words.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos) return words;
        text.remove_prefix(comma + 1);
    }
}

std::string folded(std::string_view text) {
    constexpr std::string_view spaces = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(spaces);
    if (begin == std::string_view::npos) return {};
    std::string result(text.substr(begin, text.find_last_not_of(spaces) - begin + 1));
    std::ranges::transform(result, result.begin(), small);
    return result;
}

}  // namespace p2pd
