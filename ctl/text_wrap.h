// ctl: long lines broken for people. Includes std.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace p2pd {

/// `text` (already safe) with lines broken between words, so that none takes more than `columns`.
/// A word that is wider stays whole, on a line of its own: the terminal breaks it, and an address
/// of the web can be copied all the same.
std::string wrapped(std::string_view text, std::size_t columns);

}  // namespace p2pd
