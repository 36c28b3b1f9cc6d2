// daemon: a file opened through a file system of SQLite's. Includes std, SQLite.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace p2pd {

/// SQLite's file systems are made for pieces of at most a page; the one for Unix cuts off the bits
/// of a size above 128 KiB.
inline constexpr int vfs_piece_bytes = 64 * 1024;

/// The file system of that name, as in StoreOptions. Throws StoreFailure if there is none.
sqlite3_vfs& find_vfs(const std::string& name);

/// Of SQLite's `code`: throws sqlite::Full, or StoreFailure about the file at `path`.
void check_vfs_result(int code, const std::string& path);

/// Closed when this ends. To close a second one of the database leaves the locks of the first
/// alone, as the file system knows of both.
class VfsFile {
public:
    enum class Kind { database, log };

    /// Must be there. Throws sqlite::Full, or StoreFailure.
    VfsFile(sqlite3_vfs& vfs, const std::string& path, Kind kind);
    ~VfsFile() { close(); }
    VfsFile(const VfsFile&) = delete;
    VfsFile& operator=(const VfsFile&) = delete;

    sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(storage_.data()); }
    const sqlite3_io_methods& methods() { return *file()->pMethods; }
    /// Of SQLite's `code`: throws sqlite::Full, or StoreFailure.
    void check(int code) const { check_vfs_result(code, path_); }

private:
    void close();

    std::string path_;
    std::string name_;  ///< as SQLite's file systems want names: with two zeros at the end
    std::vector<std::max_align_t> storage_;
};

}  // namespace p2pd
