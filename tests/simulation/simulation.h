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
    /// One run in so many has the daemon's own store, with SQLite, beside the simulated one.
    static constexpr std::uint64_t real_store_every = 8;

    explicit Simulation(std::uint64_t seed, PlantedBug bug = PlantedBug::none,
                        bool readable_trace = false);

    void run();

    /// What was wrong first; empty if nothing was.
    const std::string& violation() const { return checker_.violation(); }
    const Trace& trace() const { return trace_; }

    FaultCounts faults() const;
    bool has_real_store() const { return real_store_; }
    std::uint64_t messages() const { return static_cast<std::uint64_t>(texts_); }
    std::uint64_t datagrams() const { return network_.transmitted(); }
    std::size_t nodes() const { return hosts_.size() + bases_.size(); }
    Duration time() const { return events_.now().time_since_epoch(); }
    /// From the end of all faults until everything was through.
    Duration time_to_drain() const { return drained_at_ - peace_; }

private:
    using Happening = void (Simulation::*)();
    struct Weighted {
        std::size_t weight;
        Happening happening;
    };

    void populate();
    HostOptions host_options();
    void set_network();
    void happen();
    void happen_later();
    bool step(Instant end);

    // What users do.
    void send();
    void send_much();
    void send_long();
    void reply();
    void cancel();
    void retry();
    void query();
    void send_from_base();

    // What goes wrong.
    void forge();
    void crash();
    void restart(SimulatedHost& host);
    void step_clock();
    void cut();
    void split();
    void swizzle();
    void fill_disk();
    void spoil_disk();
    void block_socket();
    void slow_down();
    void change_address();

    // How it ends.
    void heal();
    void run_until_drained();
    bool drained() const;
    bool drained(const SimulatedHost& host) const;
    void check_end();
    void check_outgoing(const SimulatedHost& host, const SimulatedStore::Outgoing& outgoing);
    void check_arrived(const SimulatedHost& host, const SimulatedStore::Outgoing& outgoing,
                       const SimulatedHost& receiver);
    void check_accepted(const SimulatedHost& host);
    void check_base(const BasePeer& base);
    void outlive_expiry();

    std::size_t pick(std::size_t count) { return random_() % count; }
    Duration time_up_to(Duration longest) {
        return Duration{static_cast<Duration::rep>(
            random_() % (static_cast<std::uint64_t>(longest.count()) + 1))};
    }
    double share() { return static_cast<double>(pick(101)) / 100; }
    SimulatedHost& any_host() { return *hosts_[pick(hosts_.size())]; }
    Endpoint any_peer(const SimulatedHost& except);
    std::vector<Endpoint> everyone() const;
    MessageId any_outgoing(const SimulatedHost& host);
    bool is_here(const Endpoint& peer) const;
    std::string unique_text(std::size_t size);
    void move(SimulatedHost& host, const Endpoint& to);
    void trace(const SimulatedHost& host, std::string_view what, std::string_view details = {}) {
        trace_.add(events_.now(), host.endpoint(), what, details);
    }

    std::mt19937_64 random_;
    EventQueue events_;
    SimulatedNetwork network_{events_, random_};
    Trace trace_;
    Checker checker_{events_, trace_};
    PlantedBug bug_;
    FaultCounts faults_;
    Instant peace_;
    Instant drained_at_;
    int slowness_ = 1;  ///< how many times more slowly everything happens
    bool real_store_ = false;
    bool clocks_jumped_ = false;
    bool texts_flip_ = false;
    int texts_ = 0;
    std::size_t addresses_ = 0;  ///< that hosts have moved to
    std::vector<std::unique_ptr<SimulatedHost>> hosts_;
    std::vector<std::unique_ptr<BasePeer>> bases_;
};

}  // namespace p2pd
