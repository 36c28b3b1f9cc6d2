// tests/power: a MemoryDisk as SQLite and the store see it. Includes std, SQLite, daemon/store.
#pragma once

#include <memory>
#include <string>

#include <sqlite3.h>

#include "daemon/store.h"
#include "tests/power/memory_disk.h"

namespace p2pd::test {

/// A VFS registered under name() as long as this lives, and the folder that goes with it.
class MemoryVfs {
public:
    explicit MemoryVfs(MemoryDisk& disk);
    ~MemoryVfs();
    MemoryVfs(const MemoryVfs&) = delete;
    MemoryVfs& operator=(const MemoryVfs&) = delete;

    const char* name() const { return name_.c_str(); }
    /// Options of a store that lives on this disk.
    StoreOptions options();

private:
    std::string name_;
    MemoryDisk& disk_;
    std::unique_ptr<sqlite3_vfs> vfs_;
};

/// SQLite's own random numbers (such as the salts of a WAL) follow from `seed` from now on.
void seed_sqlite(std::uint64_t seed);

}  // namespace p2pd::test
