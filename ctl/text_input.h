// ctl: the text of a message, from the words, a file or standard input, checked. Includes std,
// POSIX and common.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ctl/arguments.h"
#include "ctl/control_error.h"

namespace p2pd {

/// The text that `send` and `reply` are given: the words from `first` on joined by a space, or
/// the file of --file, or standard input for `-` or when it is no terminal. A single line break at
/// the end of a file or pipe is left out. Throws ControlError: 64 when there is none, 74 when it
/// cannot be read, and what check_text throws.
std::string message_text(const Arguments& arguments, std::size_t first);

/// Throws ControlError (exit 65) for a text that is empty, too long or not UTF-8. `bytes` is the
/// whole length where only its beginning was kept.
void check_text(std::string_view text, std::size_t bytes);

/// Where `text` stops being UTF-8 (no surrogates, nothing overlong); empty if it is all.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);

}  // namespace p2pd
