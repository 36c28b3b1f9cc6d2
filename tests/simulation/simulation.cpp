// tests: one run of a small world: who is in it, and how it goes on.
#include "tests/simulation/simulation.h"

#include <algorithm>

#include "tests/simulation/real_store.h"

namespace p2pd {

namespace {

using namespace std::chrono_literals;

constexpr Duration chaos_min = 30s;
constexpr Duration chaos_spread = 3min;

Endpoint numbered(std::string_view network, std::size_t number) {
    return *parse_endpoint(std::string(network) + std::to_string(number), 5000);
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, PlantedBug bug, bool readable_trace)
    : random_(seed),
      trace_(readable_trace),
      bug_(bug),
      real_store_(bug == PlantedBug::none ? seed % real_store_every == 0
                                          : bug == PlantedBug::real_store_drops_a_message) {
    if (real_store_) test::seed_sqlite(seed);
    populate();
    set_network();
    peace_ = events_.now() + slowness_ * (chaos_min + time_up_to(chaos_spread));
}

/// Three to twenty; most worlds are small, for what goes wrong among three goes wrong sooner.
void Simulation::populate() {
    const bool large = pick(16) == 0;
    const std::size_t bases = pick(large ? 5 : 3);
    const std::size_t hosts = large ? 6 + pick(10) : std::max<std::size_t>(2 + pick(4), 3 - bases);
    for (std::size_t i = 0; i < hosts; ++i) {
        hosts_.push_back(std::make_unique<SimulatedHost>(
            numbered("10.0.0.", i + 1), events_, network_, random_, checker_, host_options()));
        checker_.add(*hosts_.back());
    }
    for (std::size_t i = 0; i < bases; ++i) {
        bases_.push_back(std::make_unique<BasePeer>(numbered("10.0.1.", i + 1), events_, network_));
        checker_.add(*bases_.back());
    }
}

HostOptions Simulation::host_options() {
    HostOptions options;
    options.bug = bug_;
    if (real_store_) {
        options.make_twin = [this] { return std::make_unique<RealStore>(random_()); };
    }
    options.commit_max = 1ms + time_up_to(50ms);
    if (pick(4) == 0) {
        options.commit_max = 1ms + time_up_to(6s);
        if (options.commit_max > 1s) faults_.add(Fault::slow_disk);
    }
    if (pick(2) == 0) options.limits.peer_memory_max = 2000 + pick(20'000);
    if (pick(4) == 0) options.limits.memory_max = 4000;
    if (pick(4) == 0) options.limits.peers_max = 4 + pick(16);
    return options;
}

/// A base peer is at the mercy of its network as well as of its peers: what is to be seen is that
/// p2pd does not harm it, so its network only loses.
void Simulation::set_network() {
    NetworkFaults faults;
    faults.loss = (pick(4) == 0 ? 0.6 : 0.2) * share();
    faults.duplication = 0.3 * share();
    faults.corruption = 0.1 * share();
    if (pick(8) == 0) {
        texts_flip_ = true;
        faults.bit_flips = 0.2 * share();
    }
    faults.delay_min = 100us;
    faults.delay_max = 100us + time_up_to(pick(3) == 0 ? 3s : 100ms);
    if (pick(8) == 0) {
        slowness_ = 20;
        faults.delay_max = 1min + time_up_to(9min);
    }
    network_.set_faults(faults);
    constexpr std::array<std::size_t, 4> sizes{1220, 1472, 8972, 65507};
    const std::size_t path = sizes.at(pick(sizes.size()));
    network_.set_sizes(std::max(path, sizes.at(pick(sizes.size()))), path);
    for (const auto& base : bases_) {
        NetworkFaults losing;
        losing.loss = faults.loss;
        losing.delay_max = 400ms;
        network_.set_faults_of(base->endpoint(), losing);
    }
}

void Simulation::run() {
    happen_later();
    while (step(peace_)) {
    }
    heal();
    run_until_drained();
    if (violation().empty()) check_end();
    if (violation().empty()) outlive_expiry();
}

/// One event, and then nothing may be wrong.
bool Simulation::step(Instant end) {
    if (!violation().empty()) return false;
    const bool more = events_.run_next(end);
    for (const auto& base : bases_) {
        if (!base->death().empty()) checker_.violated("a base peer died of " + base->death());
    }
    return more;
}

void Simulation::happen_later() {
    const Duration pause = slowness_ * time_up_to(pick(3) == 0 ? 5s : 500ms);
    if (events_.now() + pause >= peace_) return;
    events_.after(pause, [this] { happen(); });
}

void Simulation::happen() {
    static constexpr Weighted happenings[] = {
        {20, &Simulation::send},      {2, &Simulation::send_much},
        {2, &Simulation::send_long},  {6, &Simulation::reply},
        {3, &Simulation::cancel},     {2, &Simulation::retry},
        {4, &Simulation::query},      {6, &Simulation::send_from_base},
        {4, &Simulation::forge},      {6, &Simulation::crash},
        {3, &Simulation::step_clock}, {3, &Simulation::cut},
        {1, &Simulation::split},      {2, &Simulation::swizzle},
        {2, &Simulation::fill_disk},  {2, &Simulation::block_socket},
        {2, &Simulation::slow_down},  {1, &Simulation::change_address},
        {2, &Simulation::spoil_disk},
    };
    std::size_t weights = 0;
    for (const Weighted& one : happenings) weights += one.weight;
    std::size_t dice = pick(weights);
    for (const Weighted& one : happenings) {
        if (dice < one.weight) {
            (this->*one.happening)();
            break;
        }
        dice -= one.weight;
    }
    happen_later();
}

FaultCounts Simulation::faults() const {
    FaultCounts all = faults_;
    all += network_.counts();
    for (const auto& host : hosts_) {
        all.add(Fault::not_stored, host->batches_not_stored());
        all.add(Fault::crash, host->store_failures());
    }
    return all;
}

}  // namespace p2pd
