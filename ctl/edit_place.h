// ctl: where libedit has put what is edited on the screen. Includes std and POSIX.
#pragma once

#include <cstddef>
#include <string_view>

namespace p2pd {

/// Rows and columns from where the prompt begins.
struct EditPlace {
    std::size_t row = 0;
    std::size_t column = 0;
};

/// The place behind `text`, which begins at `from`, on a terminal of so many columns, where `next`
/// follows (0: nothing). libedit does not tell; this counts as it does: a wide character that does
/// not fit begins a row, so does what follows the last column, and control characters are ^X.
/// Widths are those of the locale.
EditPlace place_behind(std::wstring_view text, wchar_t next, EditPlace from, std::size_t columns);

}  // namespace p2pd
