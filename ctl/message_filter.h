// ctl: which messages are asked for. Includes std and common.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/control_protocol.h"

namespace p2pd {

/// What --from, --types, --all and --grep say. What is empty does not choose.
struct MessageFilter {
    std::optional<std::set<std::string, std::less<>>> peers;  ///< their addresses
    std::optional<std::string> grep;
    std::set<std::string, std::less<>> types;  ///< see message_types

    bool wants(const MessageRecord& record) const;
    /// Whether there may be some that it does not want.
    bool chooses() const { return peers || grep || !types.empty(); }
};

/// What can be asked for by --types: what was received, and the states of what was sent.
inline constexpr std::string_view message_types[] = {"received", "queued",  "sending",  "delivered",
                                                     "refused",  "expired", "cancelled"};

/// `received,delivered`; throws ControlError (exit 64) that names what there is.
std::set<std::string, std::less<>> parse_types(std::string_view text);

/// Whether `part` stands in `text`, ASCII letters in capitals or not.
bool holds(std::string_view text, std::string_view part);

/// The words between commas; an empty one stays.
std::vector<std::string> split_commas(std::string_view text);

/// Without the spaces around it, ASCII letters small.
std::string folded(std::string_view text);

}  // namespace p2pd
