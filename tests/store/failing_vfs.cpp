// tests/store: SQLite's own file system, which fails on demand.
#include "tests/store/failing_vfs.h"

#include <cerrno>

namespace p2pd::test {

namespace {

/// Behind it in memory lies the file of the real VFS.
struct File {
    sqlite3_file base;
    FailingVfs* vfs;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* own(sqlite3_file* file) {
    return reinterpret_cast<File*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
    return own(file)->real();
}
sqlite3_vfs* real_vfs() {
    return sqlite3_vfs_find(nullptr);
}

int close_file(sqlite3_file* file) {
    return real(file)->pMethods->xClose(real(file));
}
int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    return real(file)->pMethods->xRead(real(file), to, size, at);
}
int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    if (const int code = own(file)->vfs->before_write(SQLITE_IOERR_WRITE)) return code;
    own(file)->vfs->count_bytes(size);
    return real(file)->pMethods->xWrite(real(file), from, size, at);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    if (const int code = own(file)->vfs->before_write(SQLITE_IOERR_TRUNCATE)) return code;
    return real(file)->pMethods->xTruncate(real(file), size);
}
int sync_file(sqlite3_file* file, int) {
    return own(file)->vfs->sync(SQLITE_IOERR_FSYNC);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int level) {
    return real(file)->pMethods->xLock(real(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
    return real(file)->pMethods->xUnlock(real(file), level);
}
int check_lock(sqlite3_file* file, int* held) {
    return real(file)->pMethods->xCheckReservedLock(real(file), held);
}
int control_file(sqlite3_file* file, int operation, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
int sector_size(sqlite3_file* file) {
    return real(file)->pMethods->xSectorSize(real(file));
}
int characteristics(sqlite3_file* file) {
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

// Version 1 has no shared memory: a WAL works only with an exclusive lock taken first.
const sqlite3_io_methods methods{
    1,         close_file,  read_file,  write_file,   truncate_file, sync_file,       file_size,
    lock_file, unlock_file, check_lock, control_file, sector_size,   characteristics, nullptr,
    nullptr,   nullptr,     nullptr,    nullptr,      nullptr};

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    own(file)->vfs = static_cast<FailingVfs*>(vfs->pAppData);
    const int code = real_vfs()->xOpen(real_vfs(), path, real(file), flags, out_flags);
    file->pMethods = real(file)->pMethods == nullptr ? nullptr : &methods;
    return code;
}

}  // namespace

FailingVfs::FailingVfs()
    : name_("p2pd-failing-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))),
      vfs_(std::make_unique<sqlite3_vfs>(*real_vfs())) {
    vfs_->zName = name_.c_str();
    vfs_->pNext = nullptr;
    vfs_->pAppData = this;
    vfs_->szOsFile = static_cast<int>(sizeof(File)) + real_vfs()->szOsFile;
    vfs_->xOpen = open_file;
    sqlite3_vfs_register(vfs_.get(), 0);
}

FailingVfs::~FailingVfs() {
    sqlite3_vfs_unregister(vfs_.get());
}

void FailingVfs::fail_at(std::uint64_t operation, Kind kind) {
    operations_left_ = operation;
    kind_ = kind;
    has_failed_ = false;
}

void FailingVfs::fail_never() {
    operations_left_ = 0;
}

bool FailingVfs::fails() {
    if (operations_left_ == 0 || --operations_left_ > 0) return false;
    has_failed_ = true;
    return true;
}

int FailingVfs::before_write(int code_of_error) {
    ++writes_;
    if (++unsynced_writes_ > writes_max_ && writes_max_ > 0) {
        unsynced_writes_ = 0;  // what was written is taken back
        return SQLITE_FULL;
    }
    if (!filler_.empty() && std::filesystem::exists(filler_)) return SQLITE_FULL;
    if (!fails()) return SQLITE_OK;
    errno = kind_ == Kind::quota ? EDQUOT : EIO;
    return kind_ == Kind::full ? SQLITE_FULL : code_of_error;
}

/// Nothing is really synced: what that means is for tests/power.
int FailingVfs::sync(int code_of_error) {
    ++syncs_;
    unsynced_writes_ = 0;
    // A disk that is full fails writes, not syncs.
    return kind_ == Kind::io_error && fails() ? code_of_error : SQLITE_OK;
}

}  // namespace p2pd::test
