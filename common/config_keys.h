// common: the table of configuration keys, the only place that knows their names, defaults and
// ranges. Private to config*.cpp. Includes std, common.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/config.h"

namespace p2pd {

/// What a key's value may be, and where it lives. Ranges are inclusive.
struct ListenRule {};
struct AdminsRule {};
struct LogLevelRule {};
struct MessageBusRule {};
struct AcceptRule {};
/// on or off
struct SwitchRule {
    bool Config::*member;
};
struct BlockRule {};
/// A group's name, or nothing.
struct GroupRule {};
struct PathRule {
    std::string Config::*member;
    std::size_t bytes_max;
};
struct DurationRule {
    std::chrono::microseconds Config::*member;
    std::chrono::microseconds min;
    std::chrono::microseconds max;
};
struct CountRule {
    std::size_t Config::*member;
    std::size_t min;
    std::size_t max;
};
/// Like a count; suffixes K, M and G are powers of 1024.
struct BytesRule {
    std::size_t Config::*member;
    std::size_t min;
    std::size_t max;
};
using KeyRule =
    std::variant<ListenRule, AdminsRule, LogLevelRule, MessageBusRule, AcceptRule, SwitchRule,
                 BlockRule, GroupRule, PathRule, DurationRule, CountRule, BytesRule>;

enum class Applies { at_reload, at_restart };

/// One row of the table. Elements of lists are separated by a space.
struct KeyRow {
    std::string_view name;
    std::string_view system_default;
    std::string_view user_default;
    KeyRule rule;
    Applies applies;
    std::string_view description;
};

std::span<const KeyRow> key_rows();

/// Null when there is no such key.
const KeyRow* find_key(std::string_view name);

/// The elements of a list: separated by spaces, tabs or commas.
std::vector<std::string_view> split_list(std::string_view text);

bool is_list(const KeyRow& row);
std::string allowed_text(const KeyRow& row);

/// Sets the key in `config`; an element is appended to a list. False, and `config` is as it was,
/// when the value is not allowed.
bool set_value(const KeyRow& row, Config& config, std::string_view value);
void clear_list(const KeyRow& row, Config& config);

/// The value in the form that set_value reads; elements of a list separated by a space.
std::string value_text(const KeyRow& row, const Config& config);

/// Empty when it is not set, or set to nothing.
std::optional<std::string> environment_value(const EnvironmentLookup& environment,
                                             std::string_view name);

}  // namespace p2pd
