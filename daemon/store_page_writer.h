// daemon: pages on their way into the database. Includes std, SQLite, daemon/store_joined_writes.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <sqlite3.h>

#include "daemon/store_joined_writes.h"

namespace p2pd {

/// Writes whole pages with their sums and leaves no hole in the file: what was freed before it was
/// ever written would lack its sum. To be given pages in the order of the file.
class PageWriter {
public:
    /// So long the file is by what was written through this.
    sqlite3_int64 file_bytes() const { return file_bytes_; }
    void set_file_bytes(sqlite3_int64 bytes) { file_bytes_ = bytes; }
    JoinedWrites& joined() { return joined_; }

    // SQLite's result codes. Throw std::bad_alloc.
    int write(sqlite3_file* file, std::span<const std::uint8_t> page, sqlite3_int64 at);
    /// Empty pages up to `end`, if the file ends before it.
    int fill(sqlite3_file* file, sqlite3_int64 end, std::size_t page_bytes);

private:
    int write_summed(sqlite3_file* file, std::span<const std::uint8_t> page, sqlite3_int64 at);

    sqlite3_int64 file_bytes_ = 0;
    std::vector<std::uint8_t> copy_;
    JoinedWrites joined_;
};

}  // namespace p2pd
