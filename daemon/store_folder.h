// daemon: the state folder: made, locked for one p2pd, with a ballast for a full disk. Includes
// std.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

namespace p2pd {

/// A file descriptor that closes itself.
class FileHandle {
public:
    explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
    ~FileHandle();
    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;
    int get() const { return descriptor_; }
    bool valid() const { return descriptor_ >= 0; }
    int release() { return std::exchange(descriptor_, -1); }

private:
    int descriptor_;
};

/// The folder is ours as long as this lives. Throws StoreFailure with what to do.
class StoreFolder {
public:
    explicit StoreFolder(const std::filesystem::path& path);

    std::filesystem::path database() const { return path_ / "p2pd.db"; }
    std::filesystem::path ballast() const { return path_ / "ballast"; }
    std::uintmax_t database_bytes() const;  ///< with its WAL

    /// Makes the entries of the folder durable.
    void sync() const;

    std::uintmax_t database_file_bytes() const;  ///< without it
    /// Sets room of the disk aside for the main file, from `begin` to `end`, beyond its end. False:
    /// there is none. Where the file system cannot do this, true.
    bool reserve(std::uintmax_t begin, std::uintmax_t end);

    /// Gives the ballast's room back to the disk, so that deleting works when it is full.
    void release_ballast();
    /// Makes it again. False: there is no room.
    bool renew_ballast();

private:
    std::filesystem::path path_;
    bool made_;  ///< by us, just now
    FileHandle lock_;
    FileHandle database_;  ///< to the end: closing it would drop the locks that SQLite has on it
    bool ballast_ready_ = false;
};

}  // namespace p2pd
