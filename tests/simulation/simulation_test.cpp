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
    return from_environment("P2P_SEEDS").value_or(sanitized ? 150 : 2000);
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

void expect_holds(std::uint64_t seed, Simulation::Faults& all) {
    SCOPED_TRACE("P2P_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    simulation.run();
    EXPECT_EQ(simulation.violation(), "");
    all.crashes += simulation.faults().crashes;
    all.clock_steps += simulation.faults().clock_steps;
    all.cuts += simulation.faults().cuts;
    all.full_disks += simulation.faults().full_disks;
    all.blocked_sockets += simulation.faults().blocked_sockets;
    all.datagrams += simulation.faults().datagrams;
    all.messages += simulation.faults().messages;
}

/// Nothing is acknowledged that is not durable, nothing stored twice, no timestamp used again, no
/// base peer harmed; and in the end whatever was accepted is delivered, whole and once, or
/// reported.
TEST(Simulation, ThePromisesHold) {
    Simulation::Faults all;
    if (const auto seed = from_environment("P2P_SEED")) {
        expect_holds(*seed, all);
        return replay(*seed);
    }
    for (std::uint64_t seed = 1; seed <= seeds() && !HasFailure(); ++seed) expect_holds(seed, all);
    std::cout << all.messages << " messages, " << all.datagrams << " datagrams, " << all.crashes
              << " crashes, " << all.clock_steps << " clock steps, " << all.cuts << " cuts, "
              << all.full_disks << " full disks, " << all.blocked_sockets << " blocked sockets\n";
}

TEST(Simulation, TheSameSeedIsTheSameRun) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
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
                    Planted{PlantedBug::delivers_nothing_after_restart,
                            "delivers_nothing_after_restart"}),
    [](const auto& planted) { return std::string(planted.param.name); });

}  // namespace
}  // namespace p2pd
