// common: the name that was probably meant.
#include "common/nearest_name.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace p2pd {

namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t edits_max = 2;

using Row = std::array<std::size_t, name_bytes_max + 1>;

/// Edits from `a` to `b`, both at most name_bytes_max bytes; a swap of neighbours is one.
std::size_t edits(std::string_view a, std::string_view b) {
    std::array<Row, 3> rows{};
    for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        Row& row = rows[i % 3];
        const Row& above = rows[(i - 1) % 3];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a.size() % 3][b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view given,
                                             std::span<const std::string_view> known) {
    std::optional<std::string_view> nearest;
    std::size_t fewest = edits_max + 1;
    if (given.size() > name_bytes_max) return nearest;
    for (const std::string_view name : known) {
        if (name.size() > name_bytes_max) continue;
        const std::size_t count = edits(given, name);
        if (count < fewest && count * 2 < given.size()) {
            fewest = count;
            nearest = name;
        }
    }
    return nearest;
}

}  // namespace p2pd
