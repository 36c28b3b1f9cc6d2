// ctl: what is typed in chat, taken apart. Includes std and common.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace p2pd {

/// A command of chat; declared once, read by the parser, /help and completion.
struct ChatCommand {
    std::string_view name;       ///< with the slash
    std::string_view arguments;  ///< as /help shows them
    std::string_view summary;
};

std::span<const ChatCommand> chat_commands();

/// One line that was typed: a text to be sent, or a command and what stands behind it.
struct ChatLine {
    std::string_view command;  ///< of the table; empty for a text
    std::string text;          ///< the text, or the argument without spaces around it
};

/// `/name argument`, or a text; `//` begins a text that begins with one slash. Throws ControlError
/// (exit 64), which names the nearest one, for a command that does not exist.
ChatLine parse_chat_line(std::string_view line);

/// What Tab makes of a line.
struct Completion {
    std::string insert;                   ///< to be put in at the cursor
    std::vector<std::string> candidates;  ///< if there are several and nothing to put in
};

/// Completes what stands before the cursor: commands, names of `peers` behind /to and /thread, and
/// the values of /hold.
Completion complete_chat_line(std::string_view before_cursor,
                              const std::vector<std::string>& peers);

}  // namespace p2pd
