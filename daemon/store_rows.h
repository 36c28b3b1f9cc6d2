// daemon: rows read from the pages of a store without SQLite. Includes std, the page file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/store_page_file.h"

namespace p2pd {

struct Blob {
    std::string bytes;
    bool operator==(const Blob&) const = default;
};
/// NULL, a whole number, a text, or bytes; the store has no others.
using RawValue = std::variant<std::monostate, std::int64_t, std::string, Blob>;

struct RawRow {
    std::int64_t id = 0;  ///< the rowid; 0 of a table without
    std::vector<RawValue> values;
};

/// The rows in one leaf of a b-tree, as far as they are whole: those that reach into damaged pages
/// are left out, and counted.
struct Leaf {
    bool of_table = false;  ///< else of an index, or a table without rowids
    std::vector<RawRow> rows;
    std::vector<std::int64_t> lost_ids;  ///< of a table
    std::uint64_t lost = 0;
};

class RowReader {
public:
    explicit RowReader(const PageFile& file) : file_(file) {}

    /// Empty: it is no leaf, or damaged.
    std::optional<Leaf> leaf(PageNumber number) const;
    /// Pages below an interior one; empty: it is none, or damaged. Interior pages of an index hold
    /// rows as well.
    std::vector<PageNumber> children(PageNumber number) const;
    Leaf interior_rows(PageNumber number) const;

private:
    struct Cell;
    std::optional<Cell> cell(std::span<const std::uint8_t> page, std::size_t at, int kind) const;
    std::optional<std::string> payload(const Cell& cell) const;
    void read_rows(std::span<const std::uint8_t> page, PageNumber number, Leaf& leaf) const;

    const PageFile& file_;
};

/// All rows of a b-tree that can be reached from its root; `pages` becomes all of its pages.
/// False: some of it is damaged.
bool read_tree(const PageFile& file, PageNumber root, std::set<PageNumber>& pages, Leaf& rows);

}  // namespace p2pd
