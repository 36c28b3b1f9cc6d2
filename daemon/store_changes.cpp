// daemon: the order in which messages came and changed. Includes std, daemon/sqlite.h.
#include "daemon/store_changes.h"

#include <algorithm>
#include <vector>

namespace p2pd {

ChangeTable::ChangeTable(sqlite::Connection& connection, std::int64_t& last_cursor)
    : last_cursor_(last_cursor),
      insert_(connection, "INSERT INTO change (first_cursor, first_id, count) VALUES (?1, ?2, ?3)"),
      overlapping_(connection,
                   "SELECT first_cursor, first_id, count FROM change "
                   "WHERE first_cursor > ?1 - ?3 AND first_cursor <= ?2 "
                   "AND first_cursor + count > ?1"),
      cut_(connection, "UPDATE change SET count = ?2 WHERE first_cursor = ?1"),
      erase_(connection, "DELETE FROM change WHERE first_cursor = ?1") {}

std::int64_t ChangeTable::add(std::int64_t id, std::int64_t count) {
    const std::int64_t cursor = last_cursor_ + 1;
    while (count > 0) {
        if (growing_.count == span_cursors_max || growing_.first_id + growing_.count != id) save();
        if (growing_.count == 0) growing_ = {last_cursor_ + 1, id, 0};
        const std::int64_t taken = std::min(count, span_cursors_max - growing_.count);
        growing_.count += taken;
        last_cursor_ += taken;
        id += taken;
        count -= taken;
    }
    return cursor;
}

/// A span may lose its end, its beginning, something between, or all.
void ChangeTable::remove(std::int64_t first_cursor, std::int64_t last_cursor) {
    if (growing_.count > 0 && last_cursor >= growing_.first_cursor) save();
    std::vector<Span> spans;
    {
        sqlite::Run row = overlapping_.run(first_cursor, last_cursor, span_cursors_max);
        while (row.step()) {
            Span& span = spans.emplace_back();
            span.first_cursor = row.next<std::int64_t>();
            span.first_id = row.next<std::int64_t>();
            span.count = row.next<std::int64_t>();
        }
    }
    for (const Span& span : spans) {
        if (span.first_cursor < first_cursor) {
            cut_.execute(span.first_cursor, first_cursor - span.first_cursor);
        } else {
            erase_.execute(span.first_cursor);
        }
        if (span.end() > last_cursor + 1) insert(span.from(last_cursor + 1));
    }
}

void ChangeTable::save() {
    if (growing_.count > 0) insert(growing_);
    growing_ = {};
}

void ChangeTable::insert(const Span& span) {
    insert_.execute(span.first_cursor, span.first_id, span.count);
}

}  // namespace p2pd
