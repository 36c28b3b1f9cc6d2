// tests/power: memory that runs out on demand: operator new's and SQLite's. Includes std, SQLite.
#pragma once

#include <cstdint>

namespace p2pd::test {

/// The k-th allocation from now on fails (from 1), alone or with all after it. `ours` are those of
/// operator new, the others are SQLite's.
struct MemoryFault {
    bool ours = false;
    std::uint64_t at = 1;
    bool for_ever = false;
};

void fail_allocation(const MemoryFault& fault);
void heal_memory();
bool memory_has_failed();

/// Makes SQLite ask here for memory. Before any other use of it.
bool watch_sqlite_memory();

}  // namespace p2pd::test
