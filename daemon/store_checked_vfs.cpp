// daemon: a file system of SQLite that puts a checksum into every page. Includes std, SQLite,
// xxHash, daemon/store.h (for StoreFailure).
#include "daemon/store_checked_vfs.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
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
    methods.xRead = flush_and_forward<&Methods::xRead>;
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

void store_sum(std::span<std::uint8_t> page, std::uint64_t sum) {
    for (std::size_t i = 1; i <= page_sum_bytes; ++i, sum >>= 8U) {
        page[page.size() - i] = static_cast<std::uint8_t>(sum);
    }
}

/// SQLite reads a piece of the header now and then, and else whole pages.
bool is_page(int size, sqlite3_int64 at) {
    return size >= page_bytes_min && at % size == 0;
}
std::uint32_t page_number(std::size_t size, sqlite3_int64 at) {
    return static_cast<std::uint32_t>(at / static_cast<sqlite3_int64>(size)) + 1;
}

}  // namespace

std::uint64_t page_sum(std::span<const std::uint8_t> page, std::uint32_t number) {
    return XXH3_64bits_withSeed(page.data(), page.size() - page_sum_bytes, number);
}

bool is_whole_page(std::span<const std::uint8_t> page, std::uint32_t number) {
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
    const int code = file->pMethods->xFileSize(file, &file_bytes_);
    if (code != SQLITE_OK) return code;
    was_empty_ = file_bytes_ == 0;
    if (was_empty_) return SQLITE_OK;
    summed_ = false;
    std::array<std::uint8_t, reserved_bytes_at + 1> header{};
    if (file_bytes_ < static_cast<sqlite3_int64>(header.size())) return SQLITE_OK;
    summed_ = file->pMethods->xRead(file, header.data(), header.size(), 0) == SQLITE_OK &&
              header[reserved_bytes_at] == page_sum_bytes;
    return SQLITE_OK;
}

int CheckedVfs::read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    if (const int flushed = joined_.flush(file)) return flushed;
    const int code = file->pMethods->xRead(file, to, size, at);
    if (!summed_ || !is_page(size, at)) return code;
    // SQLite would take what a file that was cut lacks for zeros.
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
    const auto bytes = static_cast<std::size_t>(size);
    const std::uint32_t number = page_number(bytes, at);
    const std::span page(static_cast<const std::uint8_t*>(to), bytes);
    if (code == SQLITE_OK && is_whole_page(page, number)) return SQLITE_OK;
    damaged_ = number;
    return SQLITE_IOERR_DATA;
}

int CheckedVfs::write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    const std::span bytes(static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(size));
    const bool whole = is_page(size, at);
    if (whole && at == 0) summed_ = bytes[reserved_bytes_at] == page_sum_bytes;
    int code = SQLITE_OK;
    if (whole && summed_) {
        code = fill(file, at, bytes.size());
        if (code == SQLITE_OK) code = write_page(file, bytes, at);
    } else {
        code = joined_.write(file, from, size, at);
    }
    if (code == SQLITE_OK) file_bytes_ = std::max(file_bytes_, at + size);
    return code;
}

int CheckedVfs::write_page(sqlite3_file* file, std::span<const std::uint8_t> page,
                           sqlite3_int64 at) {
    page_bytes_ = page.size();
    copy_.assign(page.begin(), page.end());
    store_sum(copy_, page_sum(copy_, page_number(copy_.size(), at)));
    return joined_.write(file, copy_.data(), static_cast<int>(copy_.size()), at);
}

/// A page that was freed before it was ever written is a hole, and would lack its sum.
int CheckedVfs::fill(sqlite3_file* file, sqlite3_int64 end, std::size_t page_bytes) {
    const std::vector<std::uint8_t> zeros(file_bytes_ < end ? page_bytes : 0);
    while (file_bytes_ < end) {
        const int code = write_page(file, zeros, file_bytes_);
        if (code != SQLITE_OK) return code;
        file_bytes_ += static_cast<sqlite3_int64>(page_bytes);
    }
    return SQLITE_OK;
}

int CheckedVfs::truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (summed_ && page_bytes_ > 0) {
        if (const int code = fill(file, size, page_bytes_)) return code;
    }
    if (const int code = joined_.flush(file)) return code;
    const int code = file->pMethods->xTruncate(file, size);
    if (code == SQLITE_OK) file_bytes_ = size;
    return code;
}

}  // namespace p2pd
