// tests/power: many universes, and the test of the test.
#include "tests/power/universe.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <gtest/gtest.h>

#include "tests/core/sanitized.h"

namespace p2pd::test {

namespace {

/// A store just made, on a disk that has all of it.
const MemoryDisk& fresh() {
    static const std::unique_ptr<MemoryDisk> disk = [] {
        auto made = std::make_unique<MemoryDisk>(0);
        MemoryVfs vfs(*made);
        Store(vfs.options()).checkpoint();
        return made;
    }();
    return *disk;
}

std::uint64_t number_of_universes() {
    if (const char* number = std::getenv("P2P_UNIVERSES")) return std::stoull(number);
    return sanitized ? 200 : 4000;
}

/// Universes `first`, `first + stride`, ...; with P2P_SEED that one alone.
Ledger run_universes(std::uint64_t first, std::uint64_t stride, bool policy_p) {
    Ledger ledger;
    const char* const seed = std::getenv("P2P_SEED");
    const std::uint64_t begin = seed != nullptr ? std::stoull(seed) : first;
    const std::uint64_t end = seed != nullptr ? begin + 1 : number_of_universes();
    for (std::uint64_t number = begin; number < end; number += stride) {
        Universe universe(number, fresh(), policy_p);
        const std::string problem = universe.run();
        if (policy_p && !problem.empty()) {
            ADD_FAILURE() << "P2P_SEED=" << number << ": " << problem;
        }
        ledger += universe.ledger();
        if (ledger.broken >= 10 && policy_p) break;
    }
    return ledger;
}

}  // namespace

/// Whatever was confirmed is there, once, as it was.
TEST(Power, LosesNothingConfirmed) {
    const Ledger ledger = run_universes(0, 1, true);
    std::printf("Policy P: %s\n", ledger.line().c_str());
    EXPECT_EQ(ledger.lost, 0U);
}

/// The same, with the habits that SQLite's documentation suggests: these universes can tell.
TEST(Power, LosesMessagesWithoutPolicyP) {
    const Ledger ledger = run_universes(0, 1, false);
    std::printf("without Policy P: %s\n", ledger.line().c_str());
    EXPECT_GT(ledger.lost, 0U);
}

}  // namespace p2pd::test
