// common: the levels of the log. Includes std only.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace p2pd {

/// In rising order: a Log writes its own level and everything above it.
enum class LogLevel { debug, info, warning, error };
constexpr auto enum_names(LogLevel) {
    return std::array<std::pair<LogLevel, std::string_view>, 4>{{{LogLevel::debug, "debug"},
                                                                 {LogLevel::info, "info"},
                                                                 {LogLevel::warning, "warning"},
                                                                 {LogLevel::error, "error"}}};
}

}  // namespace p2pd
