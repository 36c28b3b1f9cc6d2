// tests: one run of a small world: who is in it, and how it goes on.
#include "tests/simulation/simulation.h"

#include <algorithm>

namespace p2pd {

namespace {

using namespace std::chrono_literals;

constexpr Duration chaos_min = 30s;
constexpr Duration chaos_spread = 3min;
/// After it everything must be through: longer than the longest back-off, some times over.
constexpr Duration peace_max = 6h;

Endpoint numbered(std::string_view network, std::size_t number) {
    return *parse_endpoint(std::string(network) + std::to_string(number), 5000);
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, PlantedBug bug, bool readable_trace)
    : random_(seed), trace_(readable_trace), bug_(bug) {
    populate();
    set_network();
    peace_ = events_.now() + chaos_min + time_up_to(chaos_spread);
}

void Simulation::populate() {
    HostOptions options;
    options.bug = bug_;
    options.commit_max = 1ms + (pick(4) == 0 ? time_up_to(6s) : time_up_to(50ms));
    if (pick(2) == 0) options.limits.peer_memory_max = 2000 + pick(20'000);
    if (pick(4) == 0) options.limits.memory_max = 4000;
    const std::size_t hosts = 2 + pick(4);
    for (std::size_t i = 0; i < hosts; ++i) {
        hosts_.push_back(std::make_unique<SimulatedHost>(numbered("10.0.0.", i + 1), events_,
                                                         network_, random_, checker_, options));
        checker_.add(*hosts_.back());
    }
    const std::size_t bases = pick(3);
    for (std::size_t i = 0; i < bases; ++i) {
        bases_.push_back(std::make_unique<BasePeer>(numbered("10.0.1.", i + 1), events_, network_));
        checker_.add(*bases_.back());
    }
}

/// A base peer is at the mercy of its network as well as of its peers: what is to be seen is that
/// p2pd does not harm it, so its network only loses.
void Simulation::set_network() {
    NetworkFaults faults;
    const double worst = pick(4) == 0 ? 0.6 : 0.2;
    faults.loss = worst * static_cast<double>(pick(101)) / 100;
    faults.duplication = 0.3 * static_cast<double>(pick(101)) / 100;
    faults.corruption = 0.1 * static_cast<double>(pick(101)) / 100;
    faults.delay_min = 100us;
    faults.delay_max = 100us + (pick(3) == 0 ? time_up_to(3s) : time_up_to(100ms));
    network_.set_faults(faults);
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
    faults_.datagrams = network_.transmitted();
    if (violation().empty()) check_end();
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
    const Duration pause = time_up_to(pick(3) == 0 ? 5s : 500ms);
    if (events_.now() + pause >= peace_) return;
    events_.after(pause, [this] { happen(); });
}

void Simulation::happen() {
    struct Weighted {
        std::size_t weight;
        Happening happening;
    };
    static constexpr Weighted happenings[] = {
        {20, &Simulation::send},
        {2, &Simulation::send_much},
        {2, &Simulation::send_long},
        {6, &Simulation::reply},
        {3, &Simulation::cancel},
        {2, &Simulation::retry},
        {6, &Simulation::send_from_base},
        {4, &Simulation::send_garbage},
        {6, &Simulation::crash},
        {3, &Simulation::step_clock},
        {4, &Simulation::cut},
        {2, &Simulation::fill_disk},
        {2, &Simulation::block_socket},
        {4, &Simulation::query},
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

void Simulation::heal() {
    network_.heal();
    for (const auto& host : hosts_) {
        host->fill_disk(false);
        host->block_socket(false);
        if (!host->is_up()) host->restart();
    }
}

bool Simulation::drained() const {
    return std::all_of(hosts_.begin(), hosts_.end(),
                       [](const auto& host) {
                           return host->store().pending_messages() == 0 &&
                                  !host->node().anything_unstored();
                       }) &&
           std::all_of(bases_.begin(), bases_.end(), [](const auto& base) { return base->idle(); });
}

void Simulation::run_until_drained() {
    const Instant end = events_.now() + peace_max;
    constexpr Duration look_every = 10s;
    while (violation().empty() && !drained() && events_.now() < end) {
        const Instant look = events_.now() + look_every;
        while (step(look)) {
        }
        for (const auto& host : hosts_) host->query();
    }
    if (violation().empty() && !drained()) checker_.violated("the queues do not drain");
}

void Simulation::check_end() {
    for (const auto& host : hosts_) {
        for (const auto& [id, outgoing] : host->store().outgoing()) {
            check_outgoing(*host, outgoing);
        }
        check_accepted(*host);
        if (host->node().pending_messages() != 0) checker_.violated("the count is not 0");
    }
    for (const auto& base : bases_) check_base(*base);
}

/// Every text is the only one of its kind, so it can be told what became of it.
void Simulation::check_outgoing(const SimulatedHost& host,
                                const SimulatedStore::Outgoing& outgoing) {
    const OutgoingMessage& message = outgoing.message;
    if (outgoing.state == OutState::expired && !clocks_jumped_) {
        checker_.violated("expired before its time: " + message.text.substr(0, 40));
    }
    for (const auto& receiver : hosts_) {
        if (receiver->endpoint() != message.peer) continue;
        const auto& rows = receiver->store().inbox();
        const auto copies = std::count_if(rows.begin(), rows.end(), [&](const auto& row) {
            return row.peer == host.endpoint() && row.text == message.text;
        });
        if (copies > 1) checker_.violated("there twice: " + message.text.substr(0, 40));
        if (outgoing.state == OutState::delivered && copies != 1) {
            checker_.violated("not there: " + message.text.substr(0, 40));
        }
    }
}

void Simulation::check_accepted(const SimulatedHost& host) {
    for (const SendOutcome& outcome : host.outcomes()) {
        if (outcome.disk_full) continue;
        if (!host.store().outgoing().contains(outcome.id)) {
            checker_.violated("accepted and forgotten");
        }
    }
}

void Simulation::check_base(const BasePeer& base) {
    if (base.skipped() > 0) checker_.violated("a base peer skipped a message");
    for (const BasePeer::Confirmed& confirmed : base.confirmed()) {
        for (const auto& host : hosts_) {
            if (host->endpoint() != confirmed.to) continue;
            const auto& rows = host->store().inbox();
            const bool there = std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
                return row.peer == base.endpoint() && row.text == confirmed.text;
            });
            if (!there) checker_.violated("confirmed to a base peer, and not there");
        }
    }
}

}  // namespace p2pd
