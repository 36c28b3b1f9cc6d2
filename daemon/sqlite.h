// daemon: a thin hold on SQLite: connection, prepared statement, one run of it. Includes std,
// SQLite, daemon/store.h (for StoreFailure), daemon/store_checked_vfs.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <sqlite3.h>

#include "daemon/store.h"
#include "daemon/store_checked_vfs.h"

namespace p2pd::sqlite {

/// There is no room (SQLITE_FULL). Nothing is broken; the transaction must be rolled back.
class Full : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What was read is not what was written: a page lacks its sum, or makes no sense.
class Damaged : public StoreFailure {
public:
    using StoreFailure::StoreFailure;
};

/// One connection, its pages checked; a new file gets sums, if wanted. After any error but Full
/// every further use fails: going on after a failed sync could report as stored what the disk does
/// not have.
class Connection {
public:
    Connection(const std::string& path, const std::string& vfs, bool sums_if_new = true);

    sqlite3* handle() const { return handle_.get(); }
    bool summed() const { return vfs_.summed(); }
    CheckedVfs& vfs() { return vfs_; }
    /// Runs one or several statements; rows are ignored.
    void execute(const std::string& sql);
    /// The first column of the first row; empty if there is no row.
    std::string ask(const std::string& sql);
    bool in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }
    bool broken() const { return !broken_.empty(); }
    /// What was done for it elsewhere has failed: every further use fails with these words.
    void end(const std::string& why) { broken_ = why; }

    /// Is `code`, of the call just made, that of a lack of room?
    static bool is_full(int code);
    /// Throws Full, Damaged, or StoreFailure with SQLite's own words and marks the connection as
    /// broken.
    void check(int code);
    void require_intact() const;
    /// From now on each Statement is parsed when it is made: for tests that look at all of them.
    void parse_ahead() { parses_ahead_ = true; }
    bool parses_ahead() const { return parses_ahead_; }
    /// For who can do without what is damaged. Nothing was written wrongly; other errors stay.
    void forgive_damage();

private:
    [[noreturn]] void fail(int code);

    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    CheckedVfs vfs_;
    std::unique_ptr<sqlite3, Close> handle_;
    std::string broken_;
    bool damaged_ = false;  ///< and nothing worse
    bool parses_ahead_ = false;
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

using Bytes = std::span<const std::uint8_t>;

/// One execution of a statement, from its binding to its end. Parameters are numbered in the order
/// given, and all are given each time; texts and bytes are not copied (but for temporary strings),
/// so they must outlive the run.
class Run {
public:
    template <class... Values>
    Run(Connection& connection, sqlite3_stmt* statement, Values&&... values)
        : connection_(connection), statement_(statement) {
        connection_.require_intact();
        (bind(std::forward<Values>(values)), ...);
    }
    ~Run() {
        // What reset reports was thrown by step() already.
        sqlite3_reset(statement_);
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    /// True if there is a row, which is then read from its first column on.
    bool step();
    /// To the end; the number of rows changed.
    std::uint64_t finish();

    /// The next column. Views last until the next step.
    template <class T>
    T next();
    void skip(int columns) { column_ += columns; }

private:
    template <class Value>
    void bind(Value&& value);
    void bind_text(std::string_view text, sqlite3_destructor_type life);

    Connection& connection_;
    sqlite3_stmt* statement_;
    int bound_ = 0;
    int column_ = 0;
};

/// Parsed when it is first run, since most openings of a store need few of its statements; then run
/// often. At most one run at a time.
class Statement {
public:
    Statement(Connection& connection, std::string sql)
        : connection_(connection), sql_(std::move(sql)) {
        if (connection.parses_ahead()) parse();
    }
    /// Throws as Connection::check(), as do the runs if it was not parsed yet.
    void parse();

    template <class... Values>
    Run run(Values&&... values) {
        parse();
        return Run(connection_, statement_.get(), std::forward<Values>(values)...);
    }
    /// Runs to the end; the number of rows changed.
    template <class... Values>
    std::uint64_t execute(Values&&... values) {
        return run(std::forward<Values>(values)...).finish();
    }

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    Connection& connection_;
    std::string sql_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

template <class Value>
void Run::bind(Value&& value) {
    using T = std::remove_cvref_t<Value>;
    if constexpr (is_optional<T>) {
        if (value) return bind(*std::forward<Value>(value));
        bind(std::nullopt);
    } else if constexpr (std::is_same_v<T, std::nullopt_t>) {
        connection_.check(sqlite3_bind_null(statement_, ++bound_));
    } else if constexpr (std::is_same_v<T, std::string> && std::is_rvalue_reference_v<Value&&>) {
        bind_text(value, SQLITE_TRANSIENT);  // NOLINT: SQLite's own cast
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        bind_text(value, SQLITE_STATIC);
    } else if constexpr (std::is_convertible_v<const T&, Bytes>) {
        const Bytes bytes(value);
        connection_.check(
            sqlite3_bind_blob64(statement_, ++bound_, bytes.data(), bytes.size(), SQLITE_STATIC));
    } else if constexpr (std::is_enum_v<T>) {
        bind(static_cast<std::int64_t>(value));
    } else if constexpr (std::is_same_v<T, WallTime>) {
        bind(value.time_since_epoch().count());
    } else if constexpr (std::is_same_v<T, Duration>) {
        bind(value.count());
    } else {
        static_assert(std::is_integral_v<T>);
        const auto number = static_cast<std::int64_t>(value);
        connection_.check(sqlite3_bind_int64(statement_, ++bound_, number));
    }
}

template <class T>
T Run::next() {
    if constexpr (is_optional<T>) {
        if (sqlite3_column_type(statement_, column_) != SQLITE_NULL) {
            return next<typename T::value_type>();
        }
        ++column_;
        return std::nullopt;
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
        // The length is asked for after the text, and not found by strlen: texts may hold U+0000.
        const int column = column_++;
        const bool is_null = sqlite3_column_type(statement_, column) == SQLITE_NULL;
        const void* text = sqlite3_column_text(statement_, column);
        if (text == nullptr && !is_null) connection_.check(SQLITE_NOMEM);  // it made no copy
        const int size = sqlite3_column_bytes(statement_, column);
        return size == 0 ? T() : T(static_cast<const char*>(text), static_cast<std::size_t>(size));
    } else if constexpr (std::is_same_v<T, Bytes>) {
        const int column = column_++;
        const void* bytes = sqlite3_column_blob(statement_, column);
        const int size = sqlite3_column_bytes(statement_, column);
        return {static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size)};
    } else if constexpr (std::is_same_v<T, WallTime>) {
        return WallTime(Duration(next<std::int64_t>()));
    } else if constexpr (std::is_same_v<T, UtcTime>) {
        return UtcTime{next<std::int64_t>()};
    } else if constexpr (std::is_same_v<T, bool>) {
        return next<std::int64_t>() != 0;
    } else {
        return static_cast<T>(sqlite3_column_int64(statement_, column_++));
    }
}

}  // namespace p2pd::sqlite
