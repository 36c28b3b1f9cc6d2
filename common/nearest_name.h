// common: the name that was probably meant. Includes std only.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace p2pd {

/// The name in `known` nearest to `given`: at most 2 edits away (insert, delete, replace, swap
/// neighbours) and fewer than half of `given`'s bytes; the first of equals. Never guessed at:
/// only for saying `did you mean`.
std::optional<std::string_view> nearest_name(std::string_view given,
                                             std::span<const std::string_view> known);

}  // namespace p2pd
