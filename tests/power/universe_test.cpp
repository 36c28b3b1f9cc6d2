// tests/power: many universes, and the test of the test. P2P_UNIVERSES=1000000 makes a campaign of
// it, whose last line in each half is for the ledger; P2P_SEED=42 replays one.
#include "tests/power/universe.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <memory>

#include <gtest/gtest.h>

#include "tests/core/sanitized.h"

namespace p2pd::test {

namespace {

constexpr std::uint64_t halves = 2;

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
    return sanitized ? 400 : 10'000;
}

/// Where a campaign goes on.
std::uint64_t first_universe() {
    const char* const first = std::getenv("P2P_FIRST_SEED");
    return first != nullptr ? std::stoull(first) : 0;
}

/// One line, also now and then in a campaign of hours.
void report(const Ledger& ledger) {
    std::printf("%s\n", ledger.line().c_str());
    std::fflush(stdout);
}

/// Every second universe from `first` on, as far as `end`; with P2P_SEED that one alone.
Ledger run_universes(std::uint64_t first, std::uint64_t end, bool policy_p) {
    Ledger ledger;
    if (const char* const seed = std::getenv("P2P_SEED")) {
        first = std::stoull(seed);
        end = first + 1;
    }
    for (std::uint64_t number = first; number < end; number += halves) {
        Universe universe(number, fresh(), policy_p);
        const std::string problem = universe.run();
        if (policy_p && !problem.empty()) {
            ADD_FAILURE() << "P2P_SEED=" << number << ": " << problem;
        }
        ledger += universe.ledger();
        if (ledger.universes % 10000 == 0) report(ledger);
        if (ledger.broken >= 10 && policy_p) break;
    }
    return ledger;
}

/// One thread, nothing counted, memory kept: preparing statements is most of a universe's time.
class QuickSqlite : public ::testing::Environment {
public:
    void SetUp() override {
        ASSERT_EQ(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD), SQLITE_OK);
        ASSERT_EQ(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0), SQLITE_OK);
        ASSERT_EQ(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 256, 2000), SQLITE_OK);
        mallopt(M_TRIM_THRESHOLD, 256 << 20);
        mallopt(M_TOP_PAD, 64 << 20);
        mallopt(M_MMAP_THRESHOLD, 256 << 20);
    }
};
const auto* const quick_sqlite = ::testing::AddGlobalTestEnvironment(new QuickSqlite);

}  // namespace

/// Two halves, for two cores.
class Power : public ::testing::TestWithParam<std::uint64_t> {};

/// Whatever was confirmed is there, once, as it was.
TEST_P(Power, LosesNothingConfirmed) {
    const Ledger ledger = run_universes(first_universe() + GetParam(),
                                        first_universe() + number_of_universes(), true);
    report(ledger);
    EXPECT_EQ(ledger.lost, 0U);
}
INSTANTIATE_TEST_SUITE_P(Halves, Power, ::testing::Range(std::uint64_t{0}, halves));

/// The same with the habits that are common, and so without the rules of the store: these universes
/// can tell.
TEST(PowerWithoutPolicyP, LosesMessages) {
    const Ledger ledger =
        run_universes(0, std::min<std::uint64_t>(number_of_universes(), 2000), false);
    report(ledger);
    EXPECT_GT(ledger.lost, 0U);
}

}  // namespace p2pd::test
