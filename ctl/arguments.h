// ctl: what was typed, as checked values. Includes std and common.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2pd {

/// One option of a command; declared once, read by the parser, help and completion.
struct OptionSpec {
    std::string_view name;        ///< without the dashes
    char short_name = '\0';       ///< or none
    std::string_view value = {};  ///< how help names its value; empty for a flag
    std::string_view summary = {};
};

/// The options (the last of equals wins) and the words of one command line. The readers throw
/// ControlError (exit 64) that names the option and what is allowed.
class Arguments {
public:
    std::vector<std::string> words;  ///< without the command itself
    std::map<std::string, std::string, std::less<>> options;

    bool has(std::string_view option) const { return options.contains(option); }
    std::optional<std::string> text(std::string_view option) const;
    /// A whole number from `min` to `max`.
    std::optional<std::uint64_t> number(std::string_view option, std::uint64_t min,
                                        std::uint64_t max) const;
    /// A duration such as `500ms` or `1h30m`, at most `max`.
    std::optional<std::chrono::milliseconds> duration(std::string_view option,
                                                      std::chrono::milliseconds max) const;
    /// The words from `first` on as ids of messages, `42` or `#42`.
    std::vector<std::uint64_t> ids(std::size_t first = 0) const;
};

/// `42` or `#42`; throws ControlError (exit 64).
std::uint64_t parse_message_id(std::string_view text);

}  // namespace p2pd
