// daemon: all rows that can be found in a damaged store. Includes std, core, daemon/sqlite.h.
#include "daemon/store_found_rows.h"

#include <algorithm>

#include "daemon/core/endpoint.h"

namespace p2pd {

namespace {

constexpr const char* tables[] = {"meta",     "peer",      "message",      "body",
                                  "identity", "long_text", "part",         "peer_group",
                                  "pack",     "pack_span", "identity_pack"};

bool fits_type(const RawValue& value, const std::string& type) {
    if (std::holds_alternative<std::int64_t>(value)) return type == "INTEGER";
    if (std::holds_alternative<std::string>(value)) return type == "TEXT";
    return type == "BLOB";
}

}  // namespace

bool TableShape::fits(const RawRow& row) const {
    if (row.values.empty() || row.values.size() > columns.size()) return false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const Column& column = columns[i];
        const bool is_rowid = has_rowid && i == 0;
        if (i >= row.values.size()) {
            if (!column.nullable && !column.has_default) return false;
        } else if (std::holds_alternative<std::monostate>(row.values[i])) {
            if (!column.nullable && !is_rowid) return false;
        } else if (is_rowid || !fits_type(row.values[i], column.type)) {
            return false;
        }
    }
    return true;
}

std::vector<TableShape> table_shapes(sqlite::Connection& connection) {
    std::vector<TableShape> shapes;
    sqlite::Statement columns(
        connection, "SELECT type, \"notnull\", dflt_value IS NOT NULL FROM pragma_table_info(?1)");
    for (const char* const table : tables) {
        TableShape& shape = shapes.emplace_back();
        shape.name = table;
        shape.has_rowid = shape.name != "identity";
        sqlite::Run row = columns.run(shape.name);
        while (row.step()) {
            auto type = row.next<std::string>();
            const bool nullable = !row.next<bool>();
            shape.columns.push_back({std::move(type), nullable, row.next<bool>()});
        }
    }
    return shapes;
}

FoundRows::FoundRows(const PageFile& file, std::vector<TableShape> shapes)
    : file_(file), shapes_(std::move(shapes)) {
    follow(read_schema());
    if (!whole_) search_orphans();
}

std::map<std::string, PageNumber> FoundRows::read_schema() {
    std::map<std::string, PageNumber> roots;
    Leaf schema;
    whole_ = read_tree(file_, 1, seen_, schema);
    for (const RawRow& row : schema.rows) {
        if (row.values.size() < 4) continue;
        const auto* const name = std::get_if<std::string>(&row.values[1]);
        const auto* const root = std::get_if<std::int64_t>(&row.values[3]);
        if (name == nullptr || root == nullptr || *root < 1) continue;
        roots[*name] = static_cast<PageNumber>(*root);
    }
    if (roots.empty()) whole_ = false;
    return roots;
}

/// The other trees are followed as well, so that their pages are known to be theirs.
void FoundRows::follow(const std::map<std::string, PageNumber>& roots) {
    for (const auto& [name, root] : roots) {
        Leaf rows;
        const bool whole = read_tree(file_, root, seen_, rows);
        const auto shape = std::ranges::find(shapes_, name, &TableShape::name);
        if (shape != shapes_.end()) {
            take(*shape, rows);
            whole_ = whole_ && whole;
        } else if (name == "sqlite_autoindex_peer_1") {
            take_addresses(rows);
        }
    }
}

void FoundRows::take(const TableShape& shape, const Leaf& leaf) {
    for (const RawRow& row : leaf.rows) {
        if (!shape.fits(row)) continue;
        if (shape.has_rowid && !ids_[shape.name].insert(row.id).second) continue;
        rows_[shape.name].push_back(row);
    }
    auto& lost = lost_[shape.name];
    lost.insert(lost.end(), leaf.lost_ids.begin(), leaf.lost_ids.end());
}

void FoundRows::search_orphans() {
    const RowReader reader(file_);
    for (PageNumber number = 1; number <= file_.page_count(); ++number) {
        if (seen_.contains(number) || file_.free().contains(number)) continue;
        if (const auto leaf = reader.leaf(number)) take_orphans(*leaf);
        take_orphans(reader.interior_rows(number));
    }
}

void FoundRows::take_orphans(const Leaf& leaf) {
    if (leaf.rows.empty()) return;
    const auto shape = std::ranges::find_if(shapes_, [&](const TableShape& candidate) {
        return candidate.has_rowid == leaf.of_table && candidate.fits(leaf.rows.front());
    });
    if (shape != shapes_.end()) {
        take(*shape, leaf);
    } else if (!leaf.of_table) {
        take_addresses(leaf);
    }
}

void FoundRows::take_addresses(const Leaf& leaf) {
    for (const RawRow& row : leaf.rows) {
        if (row.values.size() != 2) continue;
        const auto* const address = std::get_if<std::string>(&row.values[0]);
        const auto* const id = std::get_if<std::int64_t>(&row.values[1]);
        if (address == nullptr || id == nullptr || !parse_endpoint(*address, 0)) continue;
        addresses_.emplace(*id, *address);
    }
}

}  // namespace p2pd
