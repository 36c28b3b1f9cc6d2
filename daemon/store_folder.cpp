// daemon: the state folder. Includes std, POSIX files, xxHash, daemon/store.h
// (for StoreFailure).
#include "daemon/store_folder.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <xxhash.h>

#include "daemon/store.h"

namespace p2pd {

namespace {

constexpr off_t ballast_bytes = off_t{4} * 1024 * 1024;

/// The number and its sum, both little endian.
using Witness = std::array<std::uint8_t, 16>;

Witness pack_witness(std::uint64_t commits) {
    Witness bytes{};
    for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(commits >> (8 * i));
    const std::uint64_t sum = XXH3_64bits(bytes.data(), 8);
    for (unsigned i = 0; i < 8; ++i) bytes[8 + i] = static_cast<std::uint8_t>(sum >> (8 * i));
    return bytes;
}

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

/// Somebody may have removed it.
bool is_in_folder(const FileHandle& file) {
    struct stat status {};
    return file.valid() && fstat(file.get(), &status) == 0 && status.st_nlink > 0;
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
    std::uintmax_t free_bytes() const override;
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
    // What was written beside it last, open as each commit does that.
    std::string beside_name_;
    std::optional<FileHandle> beside_;
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

std::uintmax_t FolderOnDisk::free_bytes() const {
    std::error_code error;
    const std::filesystem::space_info space = std::filesystem::space(path_, error);
    return error ? 0 : space.available;
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
    if (!beside_ || beside_name_ != name || !is_in_folder(*beside_)) {
        beside_.emplace(open_own(path_ / name));
        beside_name_ = name;
    }
    return beside_->valid() && pwrite(beside_->get(), bytes.data(), bytes.size(), 0) ==
                                   static_cast<ssize_t>(bytes.size());
}

}  // namespace

FileHandle::~FileHandle() {
    if (valid()) close(descriptor_);
}

std::optional<std::uint64_t> StoreFolder::witnessed_commits() {
    const std::string read = read_beside(witness_name);
    Witness bytes{};
    if (read.size() != bytes.size()) return {};
    std::copy(read.begin(), read.end(), bytes.begin());
    std::uint64_t commits = 0;
    for (unsigned i = 8; i-- > 0;) commits = commits << 8U | bytes[i];
    return bytes == pack_witness(commits) ? std::optional(commits) : std::nullopt;
}

void StoreFolder::witness_commits(std::uint64_t commits) {
    const Witness bytes = pack_witness(commits);
    // Where it cannot be written it stays older, as after a power cut.
    write_beside(witness_name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::unique_ptr<StoreFolder> open_store_folder(const std::filesystem::path& path) {
    return std::make_unique<FolderOnDisk>(path);
}

}  // namespace p2pd
