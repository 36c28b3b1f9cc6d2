// tests/fuzz: the inputs that are kept, as text: one a line, `\xNN` for what is not printable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace p2pd {

/// The bytes that a line stands for. Throws std::runtime_error for an escape that is none.
std::string unescape(std::string_view line);

/// The inputs of a file; empty lines and those that begin with `#` are none. Throws
/// std::runtime_error when it cannot be read.
std::vector<std::string> read_corpus(const std::string& path);

}  // namespace p2pd
