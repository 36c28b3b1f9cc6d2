// daemon: a file system of SQLite that puts a checksum into every page of the database. Includes
// std, SQLite, daemon/store_joined_writes.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "daemon/store_joined_writes.h"

namespace p2pd {

/// At the end of each page; byte `reserved_bytes_at` of the header says that they are there.
inline constexpr std::size_t page_sum_bytes = 8;
inline constexpr std::size_t reserved_bytes_at = 20;

/// XXH3-64 of a page but for its last eight bytes. The number, from 1, makes it differ where pages
/// have changed places.
std::uint64_t page_sum(std::span<const std::uint8_t> page, std::uint32_t number);
/// Does it end in its sum?
bool is_whole_page(std::span<const std::uint8_t> page, std::uint32_t number);

/// Registered under name() as long as this lives; for one connection. Sums are put into copies of
/// pages on their way into the main file and looked at on their way out; a page that lacks its sum
/// is SQLITE_IOERR_DATA. The log is left as it is: its frames have sums of SQLite's own. A file
/// without room for sums (of an older p2pd) is used as it is. Writes to both are joined.
class CheckedVfs {
public:
    /// Over the file system of that name; empty: the default one. A file that is empty is going to
    /// have sums or not.
    CheckedVfs(const std::string& base, bool sums_if_new);
    ~CheckedVfs();
    CheckedVfs(const CheckedVfs&) = delete;
    CheckedVfs& operator=(const CheckedVfs&) = delete;

    const char* name() const { return name_.c_str(); }
    bool summed() const { return summed_; }
    bool was_empty() const { return was_empty_; }            ///< when it was opened
    std::uint32_t damaged_page() const { return damaged_; }  ///< found last; 0: none
    sqlite3_vfs* base() const { return base_; }

    // Called by the methods of its file; SQLite's result codes.
    int opened(sqlite3_file* file);
    int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at);
    int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at);
    int truncate(sqlite3_file* file, sqlite3_int64 size);
    JoinedWrites& joined() { return joined_; }

private:
    int write_page(sqlite3_file* file, std::span<const std::uint8_t> page, sqlite3_int64 at);
    int fill(sqlite3_file* file, sqlite3_int64 end, std::size_t page_bytes);

    std::string name_;
    sqlite3_vfs* base_;
    std::unique_ptr<sqlite3_vfs> vfs_;
    bool summed_;
    bool was_empty_ = true;
    std::uint32_t damaged_ = 0;
    sqlite3_int64 file_bytes_ = 0;
    std::size_t page_bytes_ = 0;  ///< as last written
    std::vector<std::uint8_t> copy_;
    JoinedWrites joined_;
};

}  // namespace p2pd
