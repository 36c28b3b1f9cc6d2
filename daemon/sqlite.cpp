// daemon: a thin hold on SQLite. Includes std, SQLite.
#include "daemon/sqlite.h"

#include <cerrno>

namespace p2pd::sqlite {

namespace {

bool is_damage(int code) {
    const int primary = code & 0xff;
    return code == SQLITE_IOERR_DATA || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

}  // namespace

Connection::Connection(const std::string& path, const std::string& vfs, bool sums_if_new)
    : vfs_(vfs, sums_if_new) {
    sqlite3* handle = nullptr;
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, vfs_.name());
    handle_.reset(handle);
    if (code != SQLITE_OK) {
        throw StoreFailure("cannot open the store " + path + ": " + sqlite3_errstr(code));
    }
    if (vfs_.was_empty() && sums_if_new) {
        int reserved = page_sum_bytes;
        check(sqlite3_file_control(handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved));
    }
}

void Connection::execute(const std::string& sql) {
    require_intact();
    errno = 0;
    check(sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr));
}

std::string Connection::ask(const std::string& sql) {
    Statement statement(*this, sql);
    Run run = statement.run();
    return run.step() ? run.next<std::string>() : std::string();
}

/// SQLite's unix VFS calls ENOSPC alone a full disk. After any failed write it rolls back in the
/// same way, and errno, which is cleared before each call that may write, says why it failed.
bool Connection::is_full(int code) {
    return code == SQLITE_FULL ||
           (code == SQLITE_IOERR_WRITE && (errno == EDQUOT || errno == EFBIG));
}

void Connection::check(int code) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    if (is_full(code)) throw Full("the disk is full");
    fail(code);
}

void Connection::fail(int code) {
    const char* const file = sqlite3_db_filename(handle(), "main");
    broken_ = "the store " + std::string(file == nullptr ? "" : file);
    if (!is_damage(code)) {
        broken_ += std::string(" failed: ") + sqlite3_errmsg(handle()) + " (SQLite error " +
                   std::to_string(code) + ")";
        throw StoreFailure(broken_);
    }
    broken_ += code == SQLITE_IOERR_DATA
                   ? " is damaged: page " + std::to_string(vfs_.damaged_page()) +
                         " is not as it was written"
                   : std::string(" is damaged: ") + sqlite3_errmsg(handle());
    broken_ += damage_advice;
    damaged_ = true;
    throw Damaged(broken_);
}

void Connection::forgive_damage() {
    if (damaged_) broken_.clear();
    damaged_ = false;
}

void Connection::require_intact() const {
    if (broken()) throw StoreFailure(broken_);
}

bool Run::step() {
    column_ = 0;
    errno = 0;
    const int code = sqlite3_step(statement_);
    connection_.check(code);
    return code == SQLITE_ROW;
}

std::uint64_t Run::finish() {
    while (step()) {
    }
    return static_cast<std::uint64_t>(sqlite3_changes64(connection_.handle()));
}

void Run::bind_text(std::string_view text, sqlite3_destructor_type life) {
    // A null pointer would bind NULL, and an empty text is none.
    const char* data = text.data() == nullptr ? "" : text.data();
    connection_.check(
        sqlite3_bind_text64(statement_, ++bound_, data, text.size(), life, SQLITE_UTF8));
}

void Statement::parse() {
    if (statement_) return;
    connection_.require_intact();
    sqlite3_stmt* statement = nullptr;
    connection_.check(sqlite3_prepare_v3(connection_.handle(), sql_.c_str(),
                                         static_cast<int>(sql_.size()), SQLITE_PREPARE_PERSISTENT,
                                         &statement, nullptr));
    statement_.reset(statement);
}

}  // namespace p2pd::sqlite
