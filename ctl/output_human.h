// ctl: messages and peers as text for people. Includes std and common.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/control_protocol.h"
#include "ctl/times.h"

namespace p2pd {

/// How text for people looks. Whatever comes from the network is made safe by the functions here.
struct Style {
    bool colour = false;
    std::optional<std::size_t> columns;  ///< width of the terminal; empty: do not cut
    TimeStyle time;
};

enum class Colour { bold, dim, red, green, yellow };

/// `text` in that colour, if the style has colours.
std::string paint(std::string_view text, Colour colour, const Style& style);

/// Of what the daemon gives in milliseconds; in bounds, whatever it gives.
std::chrono::microseconds microseconds_of(double ms);

/// `bob (10.0.0.5:5000)`, or the address alone.
std::string peer_text(const std::optional<std::string>& name, std::string_view address);

/// What became of a sent message: `→ #57 to bob (10.0.0.5:5000): delivered in 0.8 ms`.
std::string sent_line(const MessageRecord& record, const Style& style);

/// The same line as a remark has it.
std::string without_line_break(std::string line);

/// `delivered in 0.8 ms`, of a message that is.
std::string delivered_text(const MessageRecord& record);

Colour state_colour(SendState state);

/// That the daemon has it: `→ #57 to bob (10.0.0.5:5000): queued`.
std::string queued_line(const MessageRecord& record);

/// What a table of messages says beside id, time, peer and text.
enum class Columns { received, sent, both };

/// One line a message, columns aligned, cut to the width of the terminal; where that has no room
/// for the texts, two lines.
std::string message_table(std::span<const MessageRecord> records, Columns columns,
                          const Style& style);

/// All about one message, and its text with its line breaks; on a terminal with more, between
/// words.
std::string message_details(const MessageRecord& record, const Style& style);

std::string peer_table(std::span<const PeerRecord> peers, const Style& style);
std::string peer_details(const PeerRecord& peer, const Style& style);

/// `name      value`, as every list of details has it.
std::string detail_line(std::string_view name, std::string_view value);

/// Text of others in one line.
std::string one_line(std::string_view text);

/// Filled up with spaces to `columns` as a terminal counts them.
std::string padded(std::string_view text, std::size_t columns);

/// The state in the user's language; programs read enum_name().
std::string state_name(SendState state);

}  // namespace p2pd
