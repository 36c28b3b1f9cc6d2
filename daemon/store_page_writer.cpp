// daemon: pages on their way into the database. Includes std, SQLite, daemon/store_checked_vfs.h
// (for the sum).
#include "daemon/store_page_writer.h"

#include <algorithm>

#include "daemon/store_checked_vfs.h"

namespace p2pd {

namespace {

void store_sum(std::span<std::uint8_t> page, std::uint64_t sum) {
    for (std::size_t i = 1; i <= page_sum_bytes; ++i, sum >>= 8U) {
        page[page.size() - i] = static_cast<std::uint8_t>(sum);
    }
}

}  // namespace

int PageWriter::write(sqlite3_file* file, std::span<const std::uint8_t> page, sqlite3_int64 at) {
    if (const int code = fill(file, at, page.size())) return code;
    const int code = write_summed(file, page, at);
    if (code != SQLITE_OK) return code;
    file_bytes_ = std::max(file_bytes_, at + static_cast<sqlite3_int64>(page.size()));
    return SQLITE_OK;
}

int PageWriter::fill(sqlite3_file* file, sqlite3_int64 end, std::size_t page_bytes) {
    const std::vector<std::uint8_t> zeros(file_bytes_ < end ? page_bytes : 0);
    while (file_bytes_ < end) {
        const int code = write_summed(file, zeros, file_bytes_);
        if (code != SQLITE_OK) return code;
        file_bytes_ += static_cast<sqlite3_int64>(page_bytes);
    }
    return SQLITE_OK;
}

int PageWriter::write_summed(sqlite3_file* file, std::span<const std::uint8_t> page,
                             sqlite3_int64 at) {
    copy_.assign(page.begin(), page.end());
    store_sum(copy_, page_sum(copy_, page_number(copy_.size(), at)));
    return joined_.write(file, copy_.data(), static_cast<int>(copy_.size()), at);
}

}  // namespace p2pd
