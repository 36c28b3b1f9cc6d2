// tests/power: what came of many universes, in figures. Includes std.
#pragma once

#include <cstdint>
#include <string>

#include "tests/power/memory_disk.h"

namespace p2pd::test {

/// What came of one universe, or of many.
struct Ledger {
    std::uint64_t universes = 0;
    std::uint64_t confirmed = 0;  ///< messages received or accepted whose commit returned
    std::uint64_t restarts = 0;
    std::uint64_t store_failures = 0;
    std::uint64_t fulls = 0;   ///< answers that the disk is full
    std::uint64_t lost = 0;    ///< messages that were confirmed and are not there
    std::uint64_t broken = 0;  ///< universes in which anything was not as the model has it
    DiskCounters disk;

    Ledger& operator+=(const Ledger& other);
    std::string line() const;
};

}  // namespace p2pd::test
