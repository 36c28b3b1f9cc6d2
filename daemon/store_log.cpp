// daemon: the write-ahead log as a file. Includes std, daemon/sqlite.h,
// daemon/store_vfs_file.h.
#include "daemon/store_log.h"

#include <algorithm>
#include <array>
#include <vector>

#include "daemon/sqlite.h"
#include "daemon/store_vfs_file.h"

namespace p2pd {

namespace {

constexpr sqlite3_int64 disk_page_bytes = 4096;
constexpr int pieces_at_once = 16;  ///< of zeros: then the store looks at what there is to do

/// Behind it there are zeros alone.
template <class Read>
sqlite3_int64 end_of_frames(VfsFile& log, Read&& read, const std::vector<char>& piece) {
    sqlite3_int64 end = 0;
    log.check(log.methods().xFileSize(log.file(), &end));
    while (end > 0) {
        const sqlite3_int64 at = (end - 1) / vfs_piece_bytes * vfs_piece_bytes;
        const int bytes = read(at, end);
        if (std::any_of(piece.begin(), piece.begin() + bytes, [](char c) { return c != 0; })) break;
        end = at;
    }
    return end;
}

}  // namespace

void renew_log(const std::string& database, const std::string& vfs_name) {
    sqlite3_vfs& vfs = find_vfs(vfs_name);
    const std::string path = database + "-wal";
    int there = 0;
    check_vfs_result(vfs.xAccess(&vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &there), path);
    if (there == 0) return;
    VfsFile log(vfs, path, VfsFile::Kind::log);
    std::vector<char> piece(static_cast<std::size_t>(vfs_piece_bytes));
    const auto read = [&](sqlite3_int64 at, sqlite3_int64 end) {
        const int bytes = static_cast<int>(std::min<sqlite3_int64>(vfs_piece_bytes, end - at));
        log.check(log.methods().xRead(log.file(), piece.data(), bytes, at));
        return bytes;
    };
    const sqlite3_int64 end = end_of_frames(log, read, piece);
    if (end == 0) return;
    for (sqlite3_int64 at = 0; at < end; at += vfs_piece_bytes) {
        const int bytes = read(at, end);
        log.check(log.methods().xWrite(log.file(), piece.data(), bytes, at));
    }
    log.check(log.methods().xSync(log.file(), SQLITE_SYNC_FULL));
}

bool lengthen_log(sqlite3_file& log, std::uint64_t bytes) {
    const auto check = [](int code) { check_vfs_result(code, "its log"); };
    static constexpr std::array<char, vfs_piece_bytes> zeros{};
    const auto end = static_cast<sqlite3_int64>(bytes);
    sqlite3_int64 size = 0;
    check(log.pMethods->xFileSize(&log, &size));
    if (size >= end) return false;
    // Not into a page of the disk that has frames, which could be lost with it.
    sqlite3_int64 at = (size + disk_page_bytes - 1) / disk_page_bytes * disk_page_bytes;
    for (int i = 0; i < pieces_at_once && at < end; ++i, at += vfs_piece_bytes) {
        const int code = log.pMethods->xWrite(&log, zeros.data(), zeros.size(), at);
        if (sqlite::Connection::is_full(code)) return false;
        check(code);
    }
    if (at < end) return true;
    check(log.pMethods->xSync(&log, SQLITE_SYNC_FULL));
    return false;
}

}  // namespace p2pd
