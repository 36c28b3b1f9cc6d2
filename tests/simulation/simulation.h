// tests: one run of a small world, everything in it decided by one seed: first chaos, then peace.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/base_peer.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/simulated_host.h"

namespace p2pd {

class Simulation {
public:
    explicit Simulation(std::uint64_t seed, PlantedBug bug = PlantedBug::none,
                        bool readable_trace = false);

    void run();

    /// What was wrong first; empty if nothing was.
    const std::string& violation() const { return checker_.violation(); }
    const Trace& trace() const { return trace_; }

    struct Faults {
        int crashes = 0;
        int clock_steps = 0;
        int cuts = 0;
        int full_disks = 0;
        int blocked_sockets = 0;
        std::uint64_t datagrams = 0;
        int messages = 0;
    };
    const Faults& faults() const { return faults_; }

private:
    using Happening = void (Simulation::*)();

    void populate();
    void set_network();
    void happen();
    void happen_later();
    void heal();
    void run_until_drained();
    bool drained() const;
    bool step(Instant end);

    // What happens in the chaos.
    void send();
    void send_much();
    void send_long();
    void reply();
    void cancel();
    void retry();
    void send_from_base();
    void send_garbage();
    void crash();
    void restart(SimulatedHost& host);
    void step_clock();
    void cut();
    void fill_disk();
    void block_socket();
    void query();

    void check_end();
    void check_outgoing(const SimulatedHost& host, const SimulatedStore::Outgoing& outgoing);
    void check_accepted(const SimulatedHost& host);
    void check_base(const BasePeer& base);

    std::size_t pick(std::size_t count) { return random_() % count; }
    Duration time_up_to(Duration longest) {
        return Duration{static_cast<Duration::rep>(
            random_() % (static_cast<std::uint64_t>(longest.count()) + 1))};
    }
    SimulatedHost& any_host() { return *hosts_[pick(hosts_.size())]; }
    Endpoint any_peer(const SimulatedHost& except);
    bool is_here(const Endpoint& peer) const;
    std::string unique_text(std::size_t size);

    std::mt19937_64 random_;
    EventQueue events_;
    SimulatedNetwork network_{events_, random_};
    Trace trace_;
    Checker checker_{events_, trace_};
    PlantedBug bug_;
    Faults faults_;
    Instant peace_;
    bool clocks_jumped_ = false;
    int texts_ = 0;
    std::vector<std::unique_ptr<SimulatedHost>> hosts_;
    std::vector<std::unique_ptr<BasePeer>> bases_;
};

}  // namespace p2pd
