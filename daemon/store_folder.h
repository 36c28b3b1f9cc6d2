// daemon: the state folder: made, locked for one p2pd, with a ballast for a full disk. Includes
// std.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

/// The folder is ours as long as this lives. What SQLite does in it goes through its VFS; all else
/// that touches the disk goes through here.
class StoreFolder {
public:
    StoreFolder() = default;
    virtual ~StoreFolder() = default;
    StoreFolder(const StoreFolder&) = delete;
    StoreFolder& operator=(const StoreFolder&) = delete;

    virtual std::filesystem::path database() const = 0;
    /// How many commits there were; see witnessed_commits().
    std::filesystem::path witness() const { return database().replace_filename(witness_name); }
    virtual std::uintmax_t database_bytes() const = 0;  ///< with its WAL

    /// Makes the entries of the folder durable. Throws StoreFailure.
    virtual void sync() = 0;

    virtual std::uintmax_t database_file_bytes() const = 0;  ///< without its WAL
    /// Sets room of the disk aside for the main file, from `begin` to `end`, beyond its end. False:
    /// there is none. Where the file system cannot do this, true.
    virtual bool reserve(std::uintmax_t begin, std::uintmax_t end) = 0;

    /// How many commits the store had, by the witness beside it: a damaged log is silently taken to
    /// end before the damage. Empty: the witness is missing or damaged.
    std::optional<std::uint64_t> witnessed_commits();
    /// After the commit, and not synced: a power cut can only leave an older number.
    void witness_commits(std::uint64_t commits);

    /// What is left for this user on the disk; 0: that is not known.
    virtual std::uintmax_t free_bytes() const = 0;

    /// Gives the ballast's room back to the disk, so that deleting works when it is full.
    virtual void release_ballast() = 0;
    /// Makes it again. False: there is no room.
    virtual bool renew_ballast() = 0;

    /// A small file beside the main one; empty if it is not there.
    virtual std::string read_beside(std::string_view name) = 0;
    /// Written in place from its beginning, and not synced. False: it could not be.
    virtual bool write_beside(std::string_view name, std::string_view bytes) = 0;

private:
    static constexpr const char* witness_name = "p2pd.commits";
};

/// The folder in the file system. Throws StoreFailure with what to do.
std::unique_ptr<StoreFolder> open_store_folder(const std::filesystem::path& path);

}  // namespace p2pd
