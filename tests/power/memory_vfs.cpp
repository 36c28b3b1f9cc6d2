// tests/power: a MemoryDisk as SQLite and the store see it. Includes std, SQLite, daemon/store.
#include "tests/power/memory_vfs.h"

#include <atomic>
#include <cerrno>
#include <cstring>

#include "daemon/store_folder.h"

namespace p2pd::test {

namespace {

constexpr std::size_t ballast_bytes = std::size_t{4} * 1024 * 1024;
constexpr const char* database_name = "/p2pd.db";
constexpr const char* log_name = "/p2pd.db-wal";

struct OpenFile {
    sqlite3_file base;
    MemoryDisk* disk;
    MemoryFile* file;
    std::uint64_t generation;
    bool syncs_folder;  ///< as SQLite's unix VFS does with a journal and a WAL

    bool dead() const { return disk->generation() != generation; }
};

OpenFile& own(sqlite3_file* file) {
    return *reinterpret_cast<OpenFile*>(file);
}

MemoryDisk& disk_of(sqlite3_vfs* vfs) {
    return *static_cast<MemoryDisk*>(vfs->pAppData);
}

int code_of(DiskResult result, int code_of_error) {
    if (result == DiskResult::ok) return SQLITE_OK;
    return result == DiskResult::full ? SQLITE_FULL : code_of_error;
}

int close_file(sqlite3_file*) {
    return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    OpenFile& open = own(file);
    if (open.dead()) return SQLITE_IOERR_READ;
    const auto wanted = static_cast<std::size_t>(size);
    std::size_t done = 0;
    const DiskResult result = open.disk->read(*open.file, static_cast<char*>(to), wanted,
                                              static_cast<std::size_t>(at), done);
    if (result != DiskResult::ok) return SQLITE_IOERR_READ;
    if (done == wanted) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + done, 0, wanted - done);
    return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    OpenFile& open = own(file);
    if (open.dead()) return SQLITE_IOERR_WRITE;
    const std::string_view bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
    return code_of(open.disk->write(*open.file, bytes, static_cast<std::size_t>(at)),
                   SQLITE_IOERR_WRITE);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    OpenFile& open = own(file);
    if (open.dead()) return SQLITE_IOERR_TRUNCATE;
    return code_of(open.disk->truncate(*open.file, static_cast<std::size_t>(size)),
                   SQLITE_IOERR_TRUNCATE);
}

int sync_file(sqlite3_file* file, int) {
    OpenFile& open = own(file);
    if (open.dead()) return SQLITE_IOERR_FSYNC;
    DiskResult result = open.disk->sync(*open.file);
    if (result == DiskResult::ok && open.syncs_folder && !open.file->linked_durably) {
        result = open.disk->sync_folder();
    }
    return code_of(result, SQLITE_IOERR_FSYNC);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    OpenFile& open = own(file);
    if (open.dead()) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(open.file->cache.size());
    return SQLITE_OK;
}

int lock_file(sqlite3_file*, int) {
    return SQLITE_OK;
}

int check_lock(sqlite3_file*, int* held) {
    *held = 0;
    return SQLITE_OK;
}

int control_file(sqlite3_file*, int, void*) {
    return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*) {
    return 4096;
}

/// As SQLite's unix VFS: bytes beside those written do not suffer.
int characteristics(sqlite3_file*) {
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

// Version 1 has no shared memory: a WAL works only with an exclusive lock taken first.
const sqlite3_io_methods methods{
    1,         close_file, read_file,  write_file,   truncate_file, sync_file,       file_size,
    lock_file, lock_file,  check_lock, control_file, sector_size,   characteristics, nullptr,
    nullptr,   nullptr,    nullptr,    nullptr,      nullptr};

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr;
    MemoryDisk& disk = disk_of(vfs);
    // Files without a name are temporary ones, which the store keeps in memory.
    MemoryFile* found =
        path == nullptr ? nullptr : disk.open(path, (flags & SQLITE_OPEN_CREATE) != 0);
    if (found == nullptr) return SQLITE_CANTOPEN;
    own(file).disk = &disk;
    own(file).file = found;
    own(file).generation = disk.generation();
    own(file).syncs_folder = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    file->pMethods = &methods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    MemoryDisk& disk = disk_of(vfs);
    if (disk.find(path) == nullptr) return SQLITE_IOERR_DELETE_NOENT;
    if (disk.remove(path) != DiskResult::ok) return SQLITE_IOERR_DELETE;
    if (sync_folder == 0) return SQLITE_OK;
    return code_of(disk.sync_folder(), SQLITE_IOERR_DIR_FSYNC);
}

int has_access(sqlite3_vfs* vfs, const char* path, int, int* result) {
    const MemoryFile* file = disk_of(vfs).find(path);
    // As SQLite's unix VFS: an empty file does not count as a journal to be rolled back.
    *result = file != nullptr && !file->cache.empty() ? 1 : 0;
    return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* path, int size, char* to) {
    sqlite3_snprintf(size, to, "%s", path);
    return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) {
    return EIO;
}

class MemoryFolder final : public StoreFolder {
public:
    explicit MemoryFolder(MemoryDisk& disk) : disk_(disk), generation_(disk.generation()) {
        if (disk.open(database_name, true) == nullptr) {
            throw StoreFailure("cannot open the store: the disk failed");
        }
    }

    std::filesystem::path database() const override { return database_name; }
    std::uintmax_t database_bytes() const override {
        return bytes_of(database_name) + bytes_of(log_name);
    }
    std::uintmax_t database_file_bytes() const override { return bytes_of(database_name); }

    void sync() override {
        if (dead() || disk_.sync_folder() != DiskResult::ok) {
            throw StoreFailure("cannot sync the folder: the disk failed");
        }
    }

    bool reserve(std::uintmax_t, std::uintmax_t end) override {
        MemoryFile* const file = disk_.find(database_name);
        return dead() || file == nullptr || disk_.reserve(*file, end);
    }

    // Much, so that everything is tried; where the disk is full, it says so.
    std::uintmax_t free_bytes() const override { return std::uintmax_t{1} << 40U; }

    void release_ballast() override {
        if (!dead()) disk_.set_ballast(0);
    }
    bool renew_ballast() override { return !dead() && disk_.set_ballast(ballast_bytes); }

    std::string read_beside(std::string_view name) override {
        const MemoryFile* const file = disk_.find(beside(name));
        return file == nullptr ? std::string() : std::string(file->cache);
    }

    bool write_beside(std::string_view name, std::string_view bytes) override {
        if (dead()) return false;
        MemoryFile* const file = disk_.open(beside(name), true);
        return file != nullptr && disk_.write(*file, bytes, 0) == DiskResult::ok;
    }

private:
    bool dead() const { return disk_.generation() != generation_; }
    static std::string beside(std::string_view name) { return "/" + std::string(name); }
    std::uintmax_t bytes_of(std::string_view name) const {
        const MemoryFile* const file = disk_.find(name);
        return file == nullptr ? 0 : file->cache.size();
    }

    MemoryDisk& disk_;
    std::uint64_t generation_;
};

/// The first VFS with another source of chance, as SQLite asks the default one for it.
struct SeededVfs {
    sqlite3_vfs vfs = *sqlite3_vfs_find(nullptr);
    Random random{0};

    SeededVfs() {
        vfs.zName = "p2pd-seeded";
        vfs.pNext = nullptr;
        vfs.xRandomness = [](sqlite3_vfs*, int size, char* to) {
            for (int i = 0; i < size; ++i) to[i] = static_cast<char>(instance().random.next());
            return size;
        };
        sqlite3_vfs_register(&vfs, 1);
    }
    static SeededVfs& instance() {
        static SeededVfs seeded;
        return seeded;
    }
};

}  // namespace

MemoryVfs::MemoryVfs(MemoryDisk& disk) : disk_(disk) {
    static std::atomic<std::uint64_t> made{0};
    name_ = "p2pd-memory-" + std::to_string(++made);
    sqlite3_initialize();
    vfs_ = std::make_unique<sqlite3_vfs>(*sqlite3_vfs_find(nullptr));
    vfs_->szOsFile = sizeof(OpenFile);
    vfs_->zName = name_.c_str();
    vfs_->pNext = nullptr;
    vfs_->pAppData = &disk;
    vfs_->xOpen = open_file;
    vfs_->xDelete = delete_file;
    vfs_->xAccess = has_access;
    vfs_->xFullPathname = full_path;
    vfs_->xGetLastError = last_error;
    sqlite3_vfs_register(vfs_.get(), 0);
}

MemoryVfs::~MemoryVfs() {
    sqlite3_vfs_unregister(vfs_.get());
}

StoreOptions MemoryVfs::options() {
    StoreOptions options;
    options.state_dir = "/";
    options.vfs = name_;
    options.checkpoint_bytes = 100'000;  // so that the log is short, and quickly made so long
    options.move_ahead = MoveAhead::next;
    options.move_bytes_min = 10'000;
    options.open_folder = [&disk = disk_](const std::filesystem::path&) {
        return std::make_unique<MemoryFolder>(disk);
    };
    return options;
}

void seed_sqlite(std::uint64_t seed) {
    SeededVfs::instance().random = Random(seed);
    sqlite3_randomness(0, nullptr);
}

}  // namespace p2pd::test
