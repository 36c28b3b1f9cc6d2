// ctl: what was typed, as checked values. Includes std and common.
#include "ctl/arguments.h"

#include <charconv>

#include "common/time_text.h"
#include "ctl/control_error.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

[[noreturn]] void fail(std::string_view option, const std::string& value,
                       const std::string& allowed) {
    throw ControlError(error_usage, tr("--{1} \"{2}\": must be {3}", option, value, allowed));
}

}  // namespace

std::optional<std::string> Arguments::text(std::string_view option) const {
    const auto found = options.find(option);
    return found == options.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint64_t> Arguments::number(std::string_view option, std::uint64_t min,
                                               std::uint64_t max) const {
    const auto given = text(option);
    if (!given) return std::nullopt;
    const auto value = parse_number(*given);
    if (!value || *value < min || *value > max) {
        fail(option, *given, tr("a whole number from {1} to {2}", min, max));
    }
    return value;
}

std::optional<std::chrono::milliseconds> Arguments::duration(std::string_view option,
                                                             std::chrono::milliseconds max) const {
    const auto given = text(option);
    if (!given) return std::nullopt;
    const auto value = parse_duration(*given);
    if (!value || *value > max) {
        fail(option, *given,
             tr("a duration such as 500ms, 5s, 10m or 1h30m, at most {1}", duration_text(max)));
    }
    return std::chrono::ceil<std::chrono::milliseconds>(*value);
}

std::vector<std::uint64_t> Arguments::ids(std::size_t first) const {
    std::vector<std::uint64_t> ids;
    for (std::size_t i = first; i < words.size(); ++i) ids.push_back(parse_message_id(words[i]));
    return ids;
}

std::uint64_t parse_message_id(std::string_view text) {
    const auto id = parse_number(text.starts_with('#') ? text.substr(1) : text);
    if (!id || *id == 0) {
        throw ControlError(error_usage, tr("\"{1}\" is no id of a message", text),
                           tr("ids are whole numbers: p2pctl inbox shows them"));
    }
    return *id;
}

}  // namespace p2pd
