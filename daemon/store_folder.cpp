// daemon: the state folder. Includes std, POSIX files, daemon/store.h (for StoreFailure).
#include "daemon/store_folder.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "daemon/store.h"

namespace p2pd {

namespace {

constexpr off_t ballast_bytes = off_t{4} * 1024 * 1024;

/// A file descriptor that closes itself.
class FileHandle {
public:
    explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
    ~FileHandle() {
        if (valid()) close(descriptor_);
    }
    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;
    int get() const { return descriptor_; }
    bool valid() const { return descriptor_ >= 0; }
    int release() { return std::exchange(descriptor_, -1); }

private:
    int descriptor_;
};

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path) {
    throw StoreFailure("cannot " + what + " " + path.string() + ": " +
                       std::generic_category().message(errno));
}

/// The folder for us alone; folders above it as the umask says. True if it was not there.
bool make_folder(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (mkdir(path.c_str(), S_IRWXU) == 0) return true;
    if (errno != EEXIST) fail("make the state folder", path);
    if (!std::filesystem::is_directory(path, error)) fail("use the state folder", path);
    return false;
}

int open_own(const std::filesystem::path& path) {
    return open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
}

std::string holder(int descriptor) {
    std::array<char, 32> buffer{};
    const ssize_t size = pread(descriptor, buffer.data(), buffer.size(), 0);
    std::string text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    text.erase(text.find_last_not_of("\n ") + 1);
    return text.empty() ? "unknown" : text;
}

int open_or_fail(const std::filesystem::path& path) {
    const int descriptor = open_own(path);
    if (descriptor < 0) fail("open", path);
    return descriptor;
}

/// The descriptor of the lock, which is ours as long as that is open.
int take_lock(const std::filesystem::path& folder) {
    FileHandle lock(open_or_fail(folder / "lock"));
    if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) fail("lock", folder / "lock");
        throw StoreFailure(folder.string() + " is in use by another p2pd (process " +
                           holder(lock.get()) + "); stop it, or choose another state folder");
    }
    // For the message above only: on a full disk the number may be missing, the lock holds.
    const std::string pid = std::to_string(getpid()) + "\n";
    if (ftruncate(lock.get(), 0) == 0) {
        [[maybe_unused]] const ssize_t written = pwrite(lock.get(), pid.data(), pid.size(), 0);
    }
    return lock.release();
}

void sync_folder(const std::filesystem::path& path) {
    const FileHandle folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid() || fsync(folder.get()) != 0) fail("sync the folder", path);
}

class FolderOnDisk final : public StoreFolder {
public:
    explicit FolderOnDisk(const std::filesystem::path& path);

    std::filesystem::path database() const override { return path_ / "p2pd.db"; }
    std::uintmax_t database_bytes() const override;
    void sync() override;
    std::uintmax_t database_file_bytes() const override;
    bool reserve(std::uintmax_t begin, std::uintmax_t end) override;
    void release_ballast() override;
    bool renew_ballast() override;
    std::string read_beside(std::string_view name) override;
    bool write_beside(std::string_view name, std::string_view bytes) override;

private:
    std::filesystem::path ballast() const { return path_ / "ballast"; }

    std::filesystem::path path_;
    bool made_;  ///< by us, just now
    FileHandle lock_;
    FileHandle database_;  ///< to the end: closing it would drop the locks that SQLite has on it
    bool ballast_ready_ = false;
};

FolderOnDisk::FolderOnDisk(const std::filesystem::path& path)
    : path_(std::filesystem::absolute(path.has_filename() ? path : path.parent_path())),
      made_(make_folder(path_)),
      lock_(take_lock(path_)),
      // SQLite would make it 0644; its WAL takes over the mode of the file.
      database_(open_or_fail(database())) {
    std::error_code error;
    ballast_ready_ = std::filesystem::file_size(ballast(), error) >= ballast_bytes && !error;
}

std::uintmax_t FolderOnDisk::database_bytes() const {
    std::error_code error;
    const std::uintmax_t wal = std::filesystem::file_size(database() += "-wal", error);
    return database_file_bytes() + (error ? 0 : wal);
}

std::uintmax_t FolderOnDisk::database_file_bytes() const {
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(database(), error);
    return error ? 0 : bytes;
}

bool FolderOnDisk::reserve(std::uintmax_t begin, std::uintmax_t end) {
    const int code = fallocate(database_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(begin),
                               static_cast<off_t>(end - begin));
    return code == 0 || (errno != ENOSPC && errno != EDQUOT && errno != EFBIG);
}

void FolderOnDisk::sync() {
    sync_folder(path_);
    if (made_) sync_folder(path_.parent_path());
}

void FolderOnDisk::release_ballast() {
    std::error_code error;
    std::filesystem::remove(ballast(), error);
    ballast_ready_ = false;
}

bool FolderOnDisk::renew_ballast() {
    if (ballast_ready_) return true;
    {
        const FileHandle file(open_own(ballast()));
        ballast_ready_ = file.valid() && posix_fallocate(file.get(), 0, ballast_bytes) == 0;
    }
    if (!ballast_ready_) release_ballast();
    return ballast_ready_;
}

std::string FolderOnDisk::read_beside(std::string_view name) {
    const FileHandle file(open((path_ / name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    std::array<char, 4096> buffer{};
    const ssize_t size = file.valid() ? pread(file.get(), buffer.data(), buffer.size(), 0) : 0;
    return {buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

bool FolderOnDisk::write_beside(std::string_view name, std::string_view bytes) {
    const FileHandle file(open_own(path_ / name));
    return file.valid() &&
           pwrite(file.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

}  // namespace

std::unique_ptr<StoreFolder> open_store_folder(const std::filesystem::path& path) {
    return std::make_unique<FolderOnDisk>(path);
}

}  // namespace p2pd
