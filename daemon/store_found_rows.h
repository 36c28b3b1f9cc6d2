// daemon: all rows that can be found in a damaged store, by table. Includes std, the row reader.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/sqlite.h"
#include "daemon/store_rows.h"

namespace p2pd {

/// The columns of a table, as far as a row tells whose it is.
struct TableShape {
    std::string name;
    bool has_rowid = true;
    struct Column {
        std::string type;
        bool nullable = false;
        bool has_default = false;
    };
    std::vector<Column> columns;

    /// Rows of older schemas lack the last columns.
    bool fits(const RawRow& row) const;
};
/// Of the tables whose rows matter, as the present schema has them.
std::vector<TableShape> table_shapes(sqlite::Connection& connection);

/// First what hangs together, then, if some of that is damaged, rows in pages that nothing points
/// at any more, recognized by their shape. What is found first stays.
class FoundRows {
public:
    FoundRows(const PageFile& file, std::vector<TableShape> shapes);

    const std::vector<TableShape>& shapes() const { return shapes_; }
    const std::vector<RawRow>& of(const std::string& table) { return rows_[table]; }
    /// Of peers, by their number, as the index of addresses has them.
    const std::map<std::int64_t, std::string>& addresses() const { return addresses_; }
    const std::vector<std::int64_t>& lost_ids(const std::string& table) { return lost_[table]; }
    bool whole() const { return whole_; }

private:
    std::map<std::string, PageNumber> read_schema();
    void follow(const std::map<std::string, PageNumber>& roots);
    void search_orphans();
    void take(const TableShape& shape, const Leaf& leaf);
    void take_orphans(const Leaf& leaf);
    void take_addresses(const Leaf& leaf);

    const PageFile& file_;
    std::vector<TableShape> shapes_;
    std::map<std::string, std::vector<RawRow>> rows_;
    std::map<std::string, std::set<std::int64_t>> ids_;
    std::map<std::string, std::vector<std::int64_t>> lost_;
    std::map<std::int64_t, std::string> addresses_;
    std::set<PageNumber> seen_;
    bool whole_ = true;
};

}  // namespace p2pd
