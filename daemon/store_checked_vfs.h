// daemon: a file system of SQLite that puts a checksum into every page of the database. Includes
// std, SQLite, daemon/store_log_frames.h, daemon/store_page_writer.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "daemon/store_log_frames.h"
#include "daemon/store_page_writer.h"

namespace p2pd {

/// At the end of each page; byte `reserved_bytes_at` of the header says that they are there.
inline constexpr std::size_t page_sum_bytes = 8;
inline constexpr std::size_t reserved_bytes_at = 20;

/// XXH3-64 of a page but for its last eight bytes. The number, from 1, makes it differ where pages
/// have changed places.
std::uint64_t page_sum(std::span<const std::uint8_t> page, PageNumber number);
/// Does it end in its sum?
bool is_whole_page(std::span<const std::uint8_t> page, PageNumber number);
/// Of the page of `size` bytes that begins at `at` in the database.
PageNumber page_number(std::size_t size, sqlite3_int64 at);

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

    /// What the first frames of the log hold was brought to the database and synced: `pages` of
    /// those behind the ones told before, and the file is `file_bytes` long. A checkpoint reads and
    /// writes them no more, until the log is begun anew.
    void moved(std::span<const PageNumber> pages, sqlite3_int64 file_bytes);
    void log_begins_anew() { moved_.clear(); }
    void set_checkpoint(bool on);
    sqlite3_int64 file_bytes() const { return pages_.file_bytes(); }

    // Called by the methods of its file; SQLite's result codes.
    int opened(sqlite3_file* file);
    int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at);
    int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at);
    int truncate(sqlite3_file* file, sqlite3_int64 size);
    int read_log(sqlite3_file* file, void* to, int size, sqlite3_int64 at);
    JoinedWrites& joined() { return pages_.joined(); }

private:
    PageNumber moved_page(int size, sqlite3_int64 at) const;
    int skip(int size, sqlite3_int64 at);

    std::string name_;
    sqlite3_vfs* base_;
    std::unique_ptr<sqlite3_vfs> vfs_;
    bool summed_;
    bool was_empty_ = true;
    std::uint32_t damaged_ = 0;
    std::size_t page_bytes_ = 0;  ///< as last written
    PageWriter pages_;
    std::vector<PageNumber> moved_;  ///< by the frames of the log, from its first on
    bool is_checkpoint_ = false;     ///< under way
    PageNumber skipped_ = 0;         ///< whose frame a checkpoint has asked for, and need not have
};

}  // namespace p2pd
