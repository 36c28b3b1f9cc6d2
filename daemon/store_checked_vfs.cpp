// daemon: a file system of SQLite that puts a checksum into every page. Includes std, SQLite,
// xxHash, daemon/store.h (for StoreFailure).
#include "daemon/store_checked_vfs.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>
#include <xxhash.h>

#include "daemon/store.h"

namespace p2pd {

namespace {

constexpr int page_bytes_min = 512;

/// Behind it in memory lies the file of the base.
struct File {
    sqlite3_file base;
    CheckedVfs* vfs;
};
CheckedVfs& vfs_of(sqlite3_file* file) {
    return *reinterpret_cast<File*>(file)->vfs;
}
sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}

/// What a method does that is of no interest here: the base's.
template <auto method, class... Arguments>
int forward(sqlite3_file* file, Arguments... arguments) {
    return (real(file)->pMethods->*method)(real(file), arguments...);
}
/// The same of one that needs all that was written. Not of a hint such as xFileControl: what that
/// gives is ignored, and so a failure would be.
template <auto method, class... Arguments>
int flush_and_forward(sqlite3_file* file, Arguments... arguments) {
    const int flushed = vfs_of(file).joined().flush(real(file));
    return flushed != SQLITE_OK ? flushed : forward<method>(file, arguments...);
}
void shm_barrier(sqlite3_file* file) {
    real(file)->pMethods->xShmBarrier(real(file));
}

/// A file is closed whatever there is to say.
int close_file(sqlite3_file* file) {
    const int flushed = vfs_of(file).joined().flush(real(file));
    const int closed = forward<&sqlite3_io_methods::xClose>(file);
    return flushed != SQLITE_OK ? flushed : closed;
}
int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    return vfs_of(file).read(real(file), to, size, at);
}
/// Copies are made; but nothing may be thrown through SQLite, which is C.
template <class Write>
int or_no_memory(const Write& write) {
    try {
        return write();
    } catch (const std::bad_alloc&) {
        return SQLITE_IOERR_NOMEM;
    }
}
int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    return or_no_memory([&] { return vfs_of(file).write(real(file), from, size, at); });
}
int read_log(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    return vfs_of(file).read_log(real(file), to, size, at);
}
int write_log(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    return or_no_memory([&] { return vfs_of(file).joined().write(real(file), from, size, at); });
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    return vfs_of(file).truncate(real(file), size);
}
int characteristics(sqlite3_file* file) {
    int bits = real(file)->pMethods->xDeviceCharacteristics(real(file));
#ifdef SQLITE_IOCAP_SUBPAGE_READ
    bits &= ~SQLITE_IOCAP_SUBPAGE_READ;  // a piece of a page cannot be checked
#endif
    return bits;
}

// Version 3 would let pages be mapped into memory, past the check.
constexpr sqlite3_io_methods methods_of_version(int version) {
    using Methods = sqlite3_io_methods;
    return {version,
            close_file,
            read_file,
            write_file,
            truncate_file,
            flush_and_forward<&Methods::xSync>,
            flush_and_forward<&Methods::xFileSize>,
            forward<&Methods::xLock>,
            forward<&Methods::xUnlock>,
            forward<&Methods::xCheckReservedLock>,
            forward<&Methods::xFileControl>,
            forward<&Methods::xSectorSize>,
            characteristics,
            forward<&Methods::xShmMap>,
            forward<&Methods::xShmLock>,
            shm_barrier,
            forward<&Methods::xShmUnmap>,
            nullptr,
            nullptr};
}
constexpr sqlite3_io_methods methods_without_shm = methods_of_version(1);
constexpr sqlite3_io_methods methods_with_shm = methods_of_version(2);

constexpr sqlite3_io_methods methods_of_log() {
    using Methods = sqlite3_io_methods;
    sqlite3_io_methods methods = methods_without_shm;
    methods.xRead = read_log;
    methods.xWrite = write_log;
    methods.xTruncate = flush_and_forward<&Methods::xTruncate>;
    return methods;
}
constexpr sqlite3_io_methods log_methods = methods_of_log();

CheckedVfs& vfs_of(sqlite3_vfs* vfs) {
    return *static_cast<CheckedVfs*>(vfs->pAppData);
}
template <auto method, class Result, class... Arguments>
Result forward_vfs(sqlite3_vfs* vfs, Arguments... arguments) {
    sqlite3_vfs* const base = vfs_of(vfs).base();
    return (base->*method)(base, arguments...);
}

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    sqlite3_vfs* const base = vfs_of(vfs).base();
    if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0) {
        return base->xOpen(base, path, file, flags, out_flags);
    }
    file->pMethods = nullptr;
    reinterpret_cast<File*>(file)->vfs = &vfs_of(vfs);
    int code = base->xOpen(base, path, real(file), flags, out_flags);
    const sqlite3_io_methods* const of_base = real(file)->pMethods;
    if (of_base == nullptr) return code;
    if ((flags & SQLITE_OPEN_WAL) != 0) {
        file->pMethods = &log_methods;
        return code;
    }
    file->pMethods = of_base->iVersion >= 2 ? &methods_with_shm : &methods_without_shm;
    if (code == SQLITE_OK) code = vfs_of(file).opened(real(file));
    return code;
}

std::uint64_t load_sum(std::span<const std::uint8_t> page) {
    std::uint64_t sum = 0;
    for (const std::uint8_t byte : page.last(page_sum_bytes)) sum = sum << 8U | byte;
    return sum;
}

/// SQLite reads a piece of the header now and then, and else whole pages.
bool is_page(int size, sqlite3_int64 at) {
    return size >= page_bytes_min && at % size == 0;
}

}  // namespace

PageNumber page_number(std::size_t size, sqlite3_int64 at) {
    return static_cast<PageNumber>(at / static_cast<sqlite3_int64>(size)) + 1;
}

std::uint64_t page_sum(std::span<const std::uint8_t> page, PageNumber number) {
    return XXH3_64bits_withSeed(page.data(), page.size() - page_sum_bytes, number);
}

bool is_whole_page(std::span<const std::uint8_t> page, PageNumber number) {
    return load_sum(page) == page_sum(page, number);
}

CheckedVfs::CheckedVfs(const std::string& base, bool sums_if_new)
    : name_("p2pd-checked-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))),
      base_(sqlite3_vfs_find(base.empty() ? nullptr : base.c_str())),
      summed_(sums_if_new) {
    if (base_ == nullptr) throw StoreFailure("SQLite has no file system \"" + base + "\"");
    vfs_ = std::make_unique<sqlite3_vfs>(*base_);
    vfs_->zName = name_.c_str();
    vfs_->pNext = nullptr;
    vfs_->pAppData = this;
    vfs_->szOsFile = static_cast<int>(sizeof(File)) + base_->szOsFile;
    vfs_->xOpen = open_file;
    vfs_->xDelete = forward_vfs<&sqlite3_vfs::xDelete>;
    vfs_->xAccess = forward_vfs<&sqlite3_vfs::xAccess>;
    vfs_->xFullPathname = forward_vfs<&sqlite3_vfs::xFullPathname>;
    vfs_->xRandomness = forward_vfs<&sqlite3_vfs::xRandomness>;
    vfs_->xSleep = forward_vfs<&sqlite3_vfs::xSleep>;
    vfs_->xCurrentTime = forward_vfs<&sqlite3_vfs::xCurrentTime>;
    vfs_->xGetLastError = forward_vfs<&sqlite3_vfs::xGetLastError>;
    if (vfs_->iVersion >= 2) vfs_->xCurrentTimeInt64 = forward_vfs<&sqlite3_vfs::xCurrentTimeInt64>;
    sqlite3_vfs_register(vfs_.get(), 0);
}

CheckedVfs::~CheckedVfs() {
    sqlite3_vfs_unregister(vfs_.get());
}

int CheckedVfs::opened(sqlite3_file* file) {
    sqlite3_int64 file_bytes = 0;
    const int code = file->pMethods->xFileSize(file, &file_bytes);
    if (code != SQLITE_OK) return code;
    pages_.set_file_bytes(file_bytes);
    was_empty_ = file_bytes == 0;
    if (was_empty_) return SQLITE_OK;
    summed_ = false;
    std::array<std::uint8_t, reserved_bytes_at + 1> header{};
    if (file_bytes < static_cast<sqlite3_int64>(header.size())) return SQLITE_OK;
    summed_ = file->pMethods->xRead(file, header.data(), header.size(), 0) == SQLITE_OK &&
              header[reserved_bytes_at] == page_sum_bytes;
    return SQLITE_OK;
}

int CheckedVfs::read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    if (const int flushed = joined().flush(file)) return flushed;
    const int code = file->pMethods->xRead(file, to, size, at);
    if (!summed_ || !is_page(size, at)) return code;
    // SQLite would take what a file that was cut lacks for zeros.
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
    const auto bytes = static_cast<std::size_t>(size);
    const PageNumber number = page_number(bytes, at);
    const std::span page(static_cast<const std::uint8_t*>(to), bytes);
    if (code == SQLITE_OK && is_whole_page(page, number)) return SQLITE_OK;
    damaged_ = number;
    return SQLITE_IOERR_DATA;
}

int CheckedVfs::read_log(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    if (is_checkpoint_) skipped_ = moved_page(size, at);
    if (skipped_ != 0) return SQLITE_OK;  // and nothing looks at it on its way to write()
    if (const int flushed = joined().flush(file)) return flushed;
    return file->pMethods->xRead(file, to, size, at);
}

/// A checkpoint reads a page from its frame and then writes it, one after the other.
int CheckedVfs::write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    if (skipped_ != 0) return skip(size, at);
    const std::span bytes(static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(size));
    const bool whole = is_page(size, at);
    if (whole && at == 0) summed_ = bytes[reserved_bytes_at] == page_sum_bytes;
    if (whole && summed_) {
        page_bytes_ = bytes.size();
        return pages_.write(file, bytes, at);
    }
    const int code = joined().write(file, from, size, at);
    if (code == SQLITE_OK) pages_.set_file_bytes(std::max(pages_.file_bytes(), at + size));
    return code;
}

int CheckedVfs::skip(int size, sqlite3_int64 at) {
    page_bytes_ = static_cast<std::size_t>(size);
    const bool is_expected = std::exchange(skipped_, 0) == page_number(page_bytes_, at);
    return is_expected ? SQLITE_OK : SQLITE_INTERNAL;
}

/// 0: it has none that was moved.
PageNumber CheckedVfs::moved_page(int size, sqlite3_int64 at) const {
    const LogFrames frames{static_cast<std::size_t>(size)};
    const FrameNumber frame = frames.of_page_at(static_cast<std::size_t>(at));
    return frame < moved_.size() ? moved_[frame] : 0;
}

void CheckedVfs::moved(std::span<const PageNumber> pages, sqlite3_int64 file_bytes) {
    moved_.insert(moved_.end(), pages.begin(), pages.end());
    pages_.set_file_bytes(std::max(pages_.file_bytes(), file_bytes));
}

void CheckedVfs::set_checkpoint(bool on) {
    is_checkpoint_ = on;
    skipped_ = 0;
}

int CheckedVfs::truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (summed_ && page_bytes_ > 0) {
        if (const int code = pages_.fill(file, size, page_bytes_)) return code;
    }
    if (const int code = joined().flush(file)) return code;
    const int code = file->pMethods->xTruncate(file, size);
    if (code == SQLITE_OK) pages_.set_file_bytes(size);
    return code;
}

}  // namespace p2pd
