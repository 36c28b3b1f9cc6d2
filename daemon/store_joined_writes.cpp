// daemon: writes to a file of SQLite's that follow one another become one. Includes std, SQLite.
#include "daemon/store_joined_writes.h"

namespace p2pd {

int JoinedWrites::write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    const auto length = static_cast<std::size_t>(size);
    const bool follows = file == file_ && at == at_ + static_cast<sqlite3_int64>(bytes_.size()) &&
                         bytes_.size() + length <= bytes_max;
    if (!follows) {
        if (const int code = flush()) return code;
        if (length > bytes_max) return file->pMethods->xWrite(file, from, size, at);
        bytes_.reserve(bytes_max);
        file_ = file;
        at_ = at;
    }
    const auto* const begin = static_cast<const char*>(from);
    bytes_.insert(bytes_.end(), begin, begin + length);
    return SQLITE_OK;
}

int JoinedWrites::flush(sqlite3_file* file) {
    return file == file_ ? flush() : SQLITE_OK;
}

int JoinedWrites::flush() {
    if (bytes_.empty()) return SQLITE_OK;
    const int code =
        file_->pMethods->xWrite(file_, bytes_.data(), static_cast<int>(bytes_.size()), at_);
    bytes_.clear();
    return code;
}

}  // namespace p2pd
