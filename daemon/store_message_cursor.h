// daemon: goes through the messages in the order of their ids. Includes std, SQLite, the packs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "daemon/store_packs.h"

// Used by what SQLite calls, which knows no exceptions: errors are its codes.

namespace p2pd {

// The columns, in the order of the declaration.
struct MessageColumn {
    enum : std::uint8_t {
        id,
        tray,
        peer_id,
        cursor,
        time_us,
        late_us,
        stamp_us,
        parts,
        reply_to,
        stamp,
        stamp_is_text,
        claims,
        state,
        attempts,
        parts_done,
        expires_us,
        acked_us,
        rtt_us,
        reason,
        request_id,
        handled,
        first_of_body,
        text = first_of_body + 5
    };
};

/// What one cursor uses; kept for the next.
struct MessageStatements {
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;

    Prepared rows;
    Prepared rows_with_body;
    Prepared spans;
};

/// Goes through the rows and the packs at once, and gives what has the lower id.
class MessageCursor {
public:
    MessageCursor(sqlite3* db, MessageStatements statements)
        : db_(db), statements_(std::move(statements)) {}
    ~MessageCursor() { finish(); }
    MessageCursor(const MessageCursor&) = delete;
    MessageCursor& operator=(const MessageCursor&) = delete;

    /// It is at its end then.
    MessageStatements release() {
        finish();
        return std::move(statements_);
    }

    /// To the first id of a range; `with_body` if columns of table body will be asked for.
    int seek(std::int64_t first, std::int64_t last, bool with_body);
    int next() { return in_pack() ? next_packed() : next_row(); }
    bool at_end() const { return !row_ && !packed_; }
    std::int64_t id() const { return in_pack() ? packed_id_ : row_id_; }
    /// A MessageColumn. May throw std::bad_alloc.
    void column(sqlite3_context* context, int column) const;

private:
    bool in_pack() const { return packed_ && (!row_ || packed_id_ < row_id_); }
    void finish();
    int run(MessageStatements::Prepared& statement, const char* sql, std::int64_t first,
            std::int64_t last);
    int next_row();
    int next_packed();
    int next_span();
    void packed_column(sqlite3_context* context, int column) const;
    void received_column(sqlite3_context* context, int column) const;
    void sent_column(sqlite3_context* context, int column) const;
    void span_column(sqlite3_context* context, int column) const;

    sqlite3* db_;
    MessageStatements statements_;
    std::int64_t first_ = 0;
    std::int64_t last_ = 0;

    sqlite3_stmt* rows_ = nullptr;  ///< one of the statements
    bool row_ = false;
    std::int64_t row_id_ = 0;

    std::optional<PackedMessage> packed_;
    std::int64_t packed_id_ = 0;
    PackReader reader_;
    PackSpan span_;  ///< without what span_column() finds in the row
};

}  // namespace p2pd
