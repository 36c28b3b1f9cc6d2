// tests: whatever the network, the disks, the clocks and the power do, the promises hold.
#include "tests/simulation/simulation.h"

#include <cstdlib>
#include <iostream>

#include <gtest/gtest.h>

#include "tests/core/sanitized.h"

namespace p2pd {
namespace {

std::optional<std::uint64_t> from_environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return std::stoull(value);
}

std::uint64_t seeds() {
    return from_environment("P2P_SEEDS").value_or(sanitized ? 100 : 1500);
}

std::string violation_of(std::uint64_t seed, PlantedBug bug) {
    Simulation simulation(seed, bug);
    simulation.run();
    return simulation.violation();
}

/// Runs the seed once more, to tell how it came to it.
void replay(std::uint64_t seed) {
    Simulation simulation(seed, PlantedBug::none, true);
    simulation.run();
    constexpr std::size_t lines_max = 400;
    const auto& lines = simulation.trace().lines();
    const std::size_t first = lines.size() > lines_max ? lines.size() - lines_max : 0;
    for (std::size_t i = first; i < lines.size(); ++i) std::cout << lines[i] << '\n';
}

/// What all runs come to.
struct Totals {
    FaultCounts faults;
    std::uint64_t runs = 0;
    std::uint64_t with_real_store = 0;
    std::uint64_t nodes = 0;
    std::uint64_t messages = 0;
    std::uint64_t datagrams = 0;
    Duration node_time{0};
    Duration time_to_drain_max{0};

    void add(const Simulation& simulation) {
        faults += simulation.faults();
        ++runs;
        if (simulation.has_real_store()) ++with_real_store;
        nodes += simulation.nodes();
        messages += simulation.messages();
        datagrams += simulation.datagrams();
        node_time += simulation.time() * static_cast<Duration::rep>(simulation.nodes());
        time_to_drain_max = std::max(time_to_drain_max, simulation.time_to_drain());
    }
    void print() const {
        faults.print(std::cout);
        std::cout << runs << " runs (" << with_real_store << " with the real store), " << nodes
                  << " nodes, " << messages << " messages, " << datagrams << " datagrams, "
                  << std::chrono::floor<std::chrono::days>(node_time).count()
                  << " days of nodes, longest time to drain "
                  << std::chrono::floor<std::chrono::minutes>(time_to_drain_max).count()
                  << " min\n";
    }
};

void expect_holds(std::uint64_t seed, Totals& totals) {
    SCOPED_TRACE("P2P_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    try {
        simulation.run();
    } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
    }
    EXPECT_EQ(simulation.violation(), "");
    totals.add(simulation);
    if (!simulation.violation().empty()) replay(seed);
}

/// Nothing is acknowledged that is not durable, nothing stored twice, no timestamp used again, no
/// base peer harmed, no table too large; and in the end whatever was accepted is delivered, whole
/// and once, or reported.
TEST(Simulation, ThePromisesHold) {
    Totals totals;
    if (const auto seed = from_environment("P2P_SEED")) {
        expect_holds(*seed, totals);
        if (!HasFailure()) replay(*seed);
        return;
    }
    const std::uint64_t first = from_environment("P2P_FIRST_SEED").value_or(1);
    const std::uint64_t end = first + seeds();
    for (std::uint64_t seed = first; seed < end && !HasFailure(); ++seed) {
        expect_holds(seed, totals);
    }
    totals.print();
}

TEST(Simulation, TheSameSeedIsTheSameRun) {
    for (std::uint64_t seed = 1; seed <= (sanitized ? 16 : 40); ++seed) {
        Simulation first(seed);
        Simulation second(seed, PlantedBug::none, true);
        first.run();
        second.run();
        EXPECT_EQ(first.trace().hash(), second.trace().hash()) << "P2P_SEED=" << seed;
    }
}

TEST(Simulation, AnotherSeedIsAnotherRun) {
    Simulation first(1);
    Simulation second(2);
    first.run();
    second.run();
    EXPECT_NE(first.trace().hash(), second.trace().hash());
}

struct Planted {
    PlantedBug bug;
    const char* name;
};
class SimulationCatches : public testing::TestWithParam<Planted> {};

TEST_P(SimulationCatches, ThePlantedBug) {
    constexpr std::uint64_t seeds_max = 300;
    for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
        const std::string violation = violation_of(seed, GetParam().bug);
        if (violation.empty()) continue;
        std::cout << "seed " << seed << ": " << violation << '\n';
        return;
    }
    FAIL() << "not caught in " << seeds_max << " seeds";
}

INSTANTIATE_TEST_SUITE_P(
    All, SimulationCatches,
    testing::Values(Planted{PlantedBug::acknowledges_before_stored, "acknowledges_before_stored"},
                    Planted{PlantedBug::stores_copies, "stores_copies"},
                    Planted{PlantedBug::forgets_timestamps, "forgets_timestamps"},
                    Planted{PlantedBug::loses_commits, "loses_commits"},
                    Planted{PlantedBug::real_store_drops_a_message, "real_store_drops_a_message"},
                    Planted{PlantedBug::delivers_nothing_after_restart,
                            "delivers_nothing_after_restart"}),
    [](const auto& planted) { return std::string(planted.param.name); });

}  // namespace
}  // namespace p2pd
