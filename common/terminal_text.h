// common: text from the network made safe for terminals. Includes std only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace p2pd {

enum class LineBreaks { keep, show };

/// `text` in a form that cannot move the cursor, colour the screen or reorder what is printed:
/// C0 and C1 controls, DEL, bidirectional controls, zero-width and other invisible format
/// characters, line and paragraph separators, noncharacters and bytes that are not UTF-8 come out
/// as visible escapes (`\x1b`, `\u202e`). Joiners inside emoji and scripts that need them
/// (U+200D, U+200C) stay. With LineBreaks::keep a newline stays a newline and a tab four spaces;
/// with show they are `\n` and `\t`.
std::string terminal_text(std::string_view text, LineBreaks line_breaks);

/// The character at the front of a text.
struct DecodedCharacter {
    char32_t character = 0;
    std::size_t bytes = 0;    ///< 0: it is not UTF-8
    bool incomplete = false;  ///< then: with more bytes it may be
};
DecodedCharacter decode_character(std::string_view text);

/// Columns that `text` (already safe) takes on a terminal: wide characters count 2, combining 0.
std::size_t display_width(std::string_view text);

/// `text` (already safe) cut to at most `columns`, with `…` at the end where it was cut.
std::string fit_width(std::string_view text, std::size_t columns);

}  // namespace p2pd
