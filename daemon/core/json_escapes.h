// core: texts as JSON writes them. Includes std.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace p2pd {

/// Without quotes around it. `wrapped`: inside of a JSON text that is itself in a JSON text, so
/// that what escapes is escaped.
void append_escaped(std::string& out, std::string_view text, bool wrapped);

/// Whether append_escaped() writes `text` as it is: no quote, backslash or control character.
bool needs_no_escape(std::string_view text);

/// How many bytes append_escaped() writes for `text`.
std::size_t escaped_bytes(std::string_view text, bool wrapped);

/// The longest leading part of `text` (UTF-8) that append_escaped() writes in at most `room` bytes;
/// it ends at a code-point edge.
std::size_t fitting_bytes(std::string_view text, std::size_t room, bool wrapped);

}  // namespace p2pd
