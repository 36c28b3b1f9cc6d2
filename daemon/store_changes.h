// daemon: the order in which messages came and changed. Includes std, daemon/sqlite.h.
#pragma once

#include <cstdint>

#include "daemon/sqlite.h"

namespace p2pd {

/// So a span with a cursor after `since` begins after `since - span_cursors_max`.
inline constexpr std::int64_t span_cursors_max = 256;

/// Each arrival and each change of state gets the next cursor, kept in the message's row. What one
/// transaction adds or changes has ids that follow one another as its cursors do, mostly: such a
/// span is one row here, in place of an entry for each. Every cursor of a message is in one span,
/// and no other.
class ChangeTable {
public:
    ChangeTable(sqlite::Connection& connection, std::int64_t& last_cursor);

    /// Gives the messages from `id` on the next `count` cursors; the first of them.
    std::int64_t add(std::int64_t id, std::int64_t count = 1);
    /// The messages that had these cursors get others, or are deleted.
    void remove(std::int64_t first_cursor, std::int64_t last_cursor);

    /// Before the end of a transaction.
    void save();
    void roll_back() { growing_ = {}; }

private:
    struct Span {
        std::int64_t first_cursor = 0;
        std::int64_t first_id = 0;
        std::int64_t count = 0;

        std::int64_t end() const { return first_cursor + count; }
        /// What of it is from `cursor` on.
        Span from(std::int64_t cursor) const {
            return {cursor, first_id + cursor - first_cursor, end() - cursor};
        }
    };

    void insert(const Span& span);

    std::int64_t& last_cursor_;
    sqlite::Statement insert_;
    sqlite::Statement overlapping_;
    sqlite::Statement cut_;
    sqlite::Statement erase_;

    Span growing_;  ///< not in the file yet; of no cursors: there is none
};

}  // namespace p2pd
