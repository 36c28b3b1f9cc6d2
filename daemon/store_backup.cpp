// daemon: a consistent copy of the store. Includes std, POSIX files, daemon/sqlite.h.
#include "daemon/store_backup.h"

#include <array>
#include <chrono>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace p2pd {

namespace {

constexpr int pages_at_once = 256;  // 1 MiB, between two commits

std::string name_at(WallTime now) {
    const std::time_t seconds =
        std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 64> name{};
    std::strftime(name.data(), name.size(), "p2pd-%Y%m%dT%H%M%SZ.db", &utc);
    return name.data();
}

bool sync_path(const std::filesystem::path& path, int flags) {
    const FileHandle file(open(path.c_str(), flags | O_CLOEXEC));
    return file.valid() && fsync(file.get()) == 0;
}

}  // namespace

Backup::Backup(StoreState& state, std::filesystem::path folder, WallTime now)
    : state_(state),
      folder_(std::move(folder)),
      path_(folder_ / name_at(now)),
      unfinished_(path_.string() + ".part") {
    if (mkdir(folder_.c_str(), S_IRWXU) != 0 && errno != EEXIST) return;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
        // Of a daemon that ended before it was done.
        if (entry.path().extension() == ".part") std::filesystem::remove(entry.path(), ignored);
    }
    const FileHandle file(
        open(unfinished_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file.valid()) return;
    copy_ =
        std::make_unique<sqlite::Connection>(unfinished_.string(), "", state.connection().summed());
    copy_->execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");  // synced at the end
    backup_.reset(
        sqlite3_backup_init(copy_->handle(), "main", state.connection().handle(), "main"));
}

Backup::~Backup() {
    backup_.reset();
    copy_.reset();
    std::error_code ignored;
    std::filesystem::remove(unfinished_, ignored);
}

BackupStep Backup::step() {
    if (!backup_) return fail("cannot write into " + folder_.string());
    const int code = sqlite3_backup_step(backup_.get(), pages_at_once);
    if (code == SQLITE_OK) return {};
    if (code == SQLITE_DONE) return complete();
    if (code == SQLITE_IOERR_DATA) state_.connection().check(code);
    return fail(sqlite3_errstr(code));
}

BackupStep Backup::complete() {
    const int code = sqlite3_backup_finish(backup_.release());
    copy_.reset();
    if (code != SQLITE_OK) return fail(sqlite3_errstr(code));
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(unfinished_, error);
    if (error || !sync_path(unfinished_, O_RDONLY)) return fail("it cannot be synced");
    std::filesystem::rename(unfinished_, path_, error);
    if (error || !sync_path(folder_, O_RDONLY | O_DIRECTORY)) return fail("it cannot be synced");
    return {.done = true, .path = path_.string(), .bytes = bytes};
}

BackupStep Backup::fail(const std::string& why) const {
    return {.done = true, .error = "no backup was made: " + why};
}

}  // namespace p2pd
