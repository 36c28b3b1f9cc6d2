// tests/store: SQLite's own file system, which fails on demand and knows what a power cut leaves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace p2pd::test {

/// What a disk really has of a file. Writes come to it by a sync; a sync that fails loses them for
/// good while reads still show them, as ext4 and XFS do.
struct Disk {
    struct Write {
        std::size_t begin = 0;
        std::string bytes;
    };
    std::string image;
    std::size_t size = 0;  ///< as reads show it
    std::vector<Write> unsynced;
};

/// A VFS registered under name() as long as this lives. Give that to StoreOptions::vfs.
class FailingVfs {
public:
    FailingVfs();
    ~FailingVfs();
    FailingVfs(const FailingVfs&) = delete;
    FailingVfs& operator=(const FailingVfs&) = delete;

    const char* name() const { return name_.c_str(); }

    /// The k-th write, sync or truncation from now on (from 1) fails.
    enum class Kind { io_error, full, quota };
    void fail_at(std::uint64_t operation, Kind kind);
    void fail_never();
    /// There is no room to write as long as `file` is there.
    void full_while_there_is(std::filesystem::path file) { filler_ = std::move(file); }
    bool has_failed() const { return has_failed_; }

    std::uint64_t writes() const { return writes_; }
    std::uint64_t syncs() const { return syncs_; }

    /// Writes into `folder` what the disk has of the files of `of`; of what was not synced,
    /// sectors by chance.
    void power_cut(const std::filesystem::path& of, const std::filesystem::path& folder,
                   std::mt19937& random) const;

    // Called by the methods of its files; SQLite's result codes.
    int before_write(int code_of_error);
    int synced(const std::string& path, int code_of_error);
    void written(const std::string& path, std::size_t begin, std::string bytes);
    void truncated(const std::string& path, std::size_t size);

private:
    bool fails();

    std::string name_;
    std::unique_ptr<sqlite3_vfs> vfs_;
    std::uint64_t operations_left_ = 0;  ///< 0: none fails
    Kind kind_ = Kind::io_error;
    bool has_failed_ = false;
    std::filesystem::path filler_;
    std::uint64_t writes_ = 0;
    std::uint64_t syncs_ = 0;
    std::map<std::string, Disk> disks_;
};

}  // namespace p2pd::test
