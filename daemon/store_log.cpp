// daemon: the write-ahead log as a file. Includes std, daemon/sqlite.h.
#include "daemon/store_log.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "daemon/sqlite.h"

namespace p2pd {

namespace {

/// SQLite's file systems are made for pieces of at most a page; the one for Unix cuts off the bits
/// of a size above 128 KiB.
constexpr sqlite3_int64 piece_bytes = sqlite3_int64{64} * 1024;
constexpr sqlite3_int64 disk_page_bytes = 4096;
constexpr int pieces_at_once = 16;  ///< of zeros: then the store looks at what there is to do

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

/// Behind it there are zeros alone.
template <class Read>
sqlite3_int64 end_of_frames(LogFile& log, const std::string& path, Read&& read,
                            const std::vector<char>& piece) {
    sqlite3_int64 end = 0;
    check(log.methods().xFileSize(log.file(), &end), path);
    while (end > 0) {
        const sqlite3_int64 at = (end - 1) / piece_bytes * piece_bytes;
        const int bytes = read(at, end);
        if (std::any_of(piece.begin(), piece.begin() + bytes, [](char c) { return c != 0; })) break;
        end = at;
    }
    return end;
}

}  // namespace

void renew_log(const std::string& database, const std::string& vfs_name) {
    sqlite3_vfs* const vfs = sqlite3_vfs_find(vfs_name.empty() ? nullptr : vfs_name.c_str());
    if (vfs == nullptr) throw StoreFailure("SQLite has no file system \"" + vfs_name + "\"");
    const std::string path = database + "-wal";
    int there = 0;
    check(vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &there), path);
    if (there == 0) return;
    LogFile log(vfs, path);
    std::vector<char> piece(static_cast<std::size_t>(piece_bytes));
    const auto read = [&](sqlite3_int64 at, sqlite3_int64 end) {
        const int bytes = static_cast<int>(std::min(piece_bytes, end - at));
        check(log.methods().xRead(log.file(), piece.data(), bytes, at), path);
        return bytes;
    };
    const sqlite3_int64 end = end_of_frames(log, path, read, piece);
    if (end == 0) return;
    for (sqlite3_int64 at = 0; at < end; at += piece_bytes) {
        const int bytes = read(at, end);
        check(log.methods().xWrite(log.file(), piece.data(), bytes, at), path);
    }
    check(log.methods().xSync(log.file(), SQLITE_SYNC_FULL), path);
}

bool lengthen_log(sqlite3_file& log, std::uint64_t bytes) {
    static constexpr std::array<char, piece_bytes> zeros{};
    const auto end = static_cast<sqlite3_int64>(bytes);
    sqlite3_int64 size = 0;
    check(log.pMethods->xFileSize(&log, &size), "");
    if (size >= end) return false;
    // Not into a page of the disk that has frames, which could be lost with it.
    sqlite3_int64 at = (size + disk_page_bytes - 1) / disk_page_bytes * disk_page_bytes;
    for (int i = 0; i < pieces_at_once && at < end; ++i, at += piece_bytes) {
        const int code = log.pMethods->xWrite(&log, zeros.data(), zeros.size(), at);
        if (sqlite::Connection::is_full(code)) return false;
        check(code, "");
    }
    if (at < end) return true;
    check(log.pMethods->xSync(&log, SQLITE_SYNC_FULL), "");
    return false;
}

}  // namespace p2pd
