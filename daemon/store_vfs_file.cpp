// daemon: a file opened through a file system of SQLite's. Includes std, daemon/sqlite.h.
#include "daemon/store_vfs_file.h"

#include "daemon/sqlite.h"

namespace p2pd {

sqlite3_vfs& find_vfs(const std::string& name) {
    sqlite3_vfs* const vfs = sqlite3_vfs_find(name.empty() ? nullptr : name.c_str());
    if (vfs == nullptr) throw StoreFailure("SQLite has no file system \"" + name + "\"");
    return *vfs;
}

void check_vfs_result(int code, const std::string& path) {
    if (code == SQLITE_OK) return;
    if (sqlite::Connection::is_full(code)) throw sqlite::Full("the disk is full");
    throw StoreFailure("the store failed: " + path +
                       " cannot be read and written: " + sqlite3_errstr(code));
}

VfsFile::VfsFile(sqlite3_vfs& vfs, const std::string& path, Kind kind)
    : path_(path),
      name_(path + std::string(2, '\0')),
      storage_(static_cast<std::size_t>(vfs.szOsFile) / sizeof(std::max_align_t) + 1) {
    const int flags =
        SQLITE_OPEN_READWRITE | (kind == Kind::log ? SQLITE_OPEN_WAL : SQLITE_OPEN_MAIN_DB);
    file()->pMethods = nullptr;
    int opened = 0;
    const int code = vfs.xOpen(&vfs, name_.c_str(), file(), flags, &opened);
    if (code != SQLITE_OK) close();
    check(code);
}

void VfsFile::close() {
    if (file()->pMethods != nullptr) methods().xClose(file());
    file()->pMethods = nullptr;
}

}  // namespace p2pd
