// daemon: the write-ahead log of a store that is about to start. Includes std, daemon/sqlite.h.
#include "daemon/store_log.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "daemon/sqlite.h"

namespace p2pd {

namespace {

/// SQLite's file systems are made for pieces of at most a page; the one for Unix cuts off the bits
/// of a size above 128 KiB.
constexpr sqlite3_int64 piece_bytes = sqlite3_int64{64} * 1024;

void check(int code, const std::string& path) {
    if (code == SQLITE_OK) return;
    if (code == SQLITE_FULL) throw sqlite::Full("the disk is full");
    throw StoreFailure("the store failed: its log " + path +
                       " cannot be written anew: " + sqlite3_errstr(code));
}

/// A file as SQLite's file systems have it.
class LogFile {
public:
    LogFile(sqlite3_vfs* vfs, const std::string& path)
        : storage_(static_cast<std::size_t>(vfs->szOsFile) / sizeof(std::max_align_t) + 1) {
        constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL;
        file()->pMethods = nullptr;
        int opened = 0;
        const int code = vfs->xOpen(vfs, path.c_str(), file(), flags, &opened);
        if (code != SQLITE_OK) close();
        check(code, path);
    }
    ~LogFile() { close(); }
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(storage_.data()); }
    const sqlite3_io_methods& methods() { return *file()->pMethods; }

private:
    void close() {
        if (file()->pMethods != nullptr) methods().xClose(file());
        file()->pMethods = nullptr;
    }

    std::vector<std::max_align_t> storage_;
};

}  // namespace

void renew_log(const std::string& database, const std::string& vfs_name) {
    sqlite3_vfs* const vfs = sqlite3_vfs_find(vfs_name.empty() ? nullptr : vfs_name.c_str());
    if (vfs == nullptr) throw StoreFailure("SQLite has no file system \"" + vfs_name + "\"");
    const std::string path = database + "-wal";
    int there = 0;
    check(vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &there), path);
    if (there == 0) return;
    LogFile log(vfs, path);
    sqlite3_int64 size = 0;
    check(log.methods().xFileSize(log.file(), &size), path);
    if (size == 0) return;
    std::vector<char> piece(static_cast<std::size_t>(std::min(size, piece_bytes)));
    for (sqlite3_int64 at = 0; at < size; at += piece_bytes) {
        const int bytes = static_cast<int>(std::min(piece_bytes, size - at));
        check(log.methods().xRead(log.file(), piece.data(), bytes, at), path);
        check(log.methods().xWrite(log.file(), piece.data(), bytes, at), path);
    }
    check(log.methods().xSync(log.file(), SQLITE_SYNC_FULL), path);
}

}  // namespace p2pd
