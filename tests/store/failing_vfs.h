// tests/store: SQLite's own file system, which fails on demand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <sqlite3.h>

namespace p2pd::test {

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
    /// There is room for so many writes from one sync to the next.
    void full_after(std::uint64_t writes) { writes_max_ = writes; }
    bool has_failed() const { return has_failed_; }

    std::uint64_t writes() const { return writes_; }
    std::uint64_t written_bytes() const { return written_bytes_; }
    std::uint64_t syncs() const { return syncs_; }

    // Called by the methods of its files; SQLite's result codes.
    void count_bytes(int size) { written_bytes_ += static_cast<std::uint64_t>(size); }
    int before_write(int code_of_error);
    int sync(int code_of_error);

private:
    bool fails();

    std::string name_;
    std::unique_ptr<sqlite3_vfs> vfs_;
    std::uint64_t operations_left_ = 0;  ///< 0: none fails
    Kind kind_ = Kind::io_error;
    bool has_failed_ = false;
    std::filesystem::path filler_;
    std::uint64_t writes_max_ = 0;  ///< 0: any number
    std::uint64_t unsynced_writes_ = 0;
    std::uint64_t writes_ = 0;
    std::uint64_t written_bytes_ = 0;
    std::uint64_t syncs_ = 0;
};

}  // namespace p2pd::test
