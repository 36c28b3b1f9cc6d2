// tests: one run of a small world: what goes wrong in it.
#include <algorithm>

#include "tests/simulation/simulation.h"

namespace p2pd {

namespace {

using namespace std::chrono_literals;

constexpr Duration hour = 1h;
constexpr Duration year = 24h * 365;

}  // namespace

/// A stranger that sends whatever there is, nearly.
void Simulation::forge() {
    const Endpoint stranger = *parse_endpoint("10.9.9.9:" + std::to_string(1 + pick(65'535)), 0);
    const Endpoint victim = any_host().endpoint();
    const Stamp stamp = Stamp::of(static_cast<std::int64_t>(pick(1'000'000)));
    const auto dialect = static_cast<Dialect>(pick(4));
    const auto extension = static_cast<Extension>(pick(2));
    std::string bytes = encode(WireMessage{stamp, "garbage"}, stranger, victim, dialect, extension);
    for (std::size_t changes = pick(4); changes > 0; --changes) {
        const std::size_t at = pick(bytes.size());
        bytes[at] = static_cast<char>(pick(256));
    }
    for (std::size_t copies = 1 + pick(3); copies > 0; --copies) {
        faults_.add(Fault::forged);
        network_.transmit(stranger, victim, bytes);
    }
}

void Simulation::crash() {
    SimulatedHost& host = any_host();
    if (!host.is_up()) return;
    faults_.add(Fault::crash);
    trace(host, "crashes");
    if (host.crash()) faults_.add(Fault::power_cut);
    events_.after(time_up_to(pick(4) == 0 ? 60s : 2s), [this, &host] {
        if (!host.is_up()) restart(host);
    });
}

void Simulation::restart(SimulatedHost& host) {
    trace(host, "restarts");
    host.restart();
}

void Simulation::step_clock() {
    SimulatedHost& host = any_host();
    Duration step = time_up_to(2 * hour) - hour;
    if (pick(10) == 0) {
        const Duration farthest = pick(3) == 0 ? 100 * year : year;
        step = time_up_to(2 * farthest) - farthest;
        clocks_jumped_ = true;
        faults_.add(Fault::clock_jump);
    } else {
        faults_.add(Fault::clock_step);
    }
    trace(host, "steps its clock", std::to_string(step.count()));
    host.step_clock(step);
}

void Simulation::cut() {
    faults_.add(Fault::partition);
    const SimulatedHost& host = any_host();
    const Endpoint a = host.endpoint();
    const Endpoint b = any_peer(host);
    switch (pick(3)) {
        case 0:
            trace(host, "is not heard by", b.text());
            network_.cut_one_way(a, b);
            break;
        case 1:
            trace(host, "does not hear", b.text());
            network_.cut_one_way(b, a);
            break;
        default:
            trace(host, "is cut from", b.text());
            network_.cut(a, b);
            break;
    }
    events_.after(slowness_ * time_up_to(60s), [this, a, b] { network_.join(a, b); });
}

/// Some on this side, the others on that one.
void Simulation::split() {
    std::vector<Endpoint> here;
    std::vector<Endpoint> there;
    for (const Endpoint& one : everyone()) (pick(2) == 0 ? here : there).push_back(one);
    trace_.add(events_.now(), {}, "splits", std::to_string(here.size()) + " from the others");
    for (const Endpoint& a : here) {
        for (const Endpoint& b : there) {
            faults_.add(Fault::partition);
            network_.cut(a, b);
        }
    }
    events_.after(slowness_ * time_up_to(60s), [this, here, there] {
        for (const Endpoint& a : here) {
            for (const Endpoint& b : there) network_.join(a, b);
        }
    });
}

/// One after the other they are held back, and in another order let go.
void Simulation::swizzle() {
    faults_.add(Fault::swizzle);
    for (const auto& host : hosts_) {
        if (pick(2) == 0) continue;
        const Instant until = events_.now() + slowness_ * (10s + time_up_to(20s));
        events_.after(slowness_ * time_up_to(10s), [this, &host = *host, until] {
            if (events_.now() >= peace_) return;
            trace(host, "is clogged");
            network_.clog(host.endpoint(), until);
        });
    }
}

void Simulation::fill_disk() {
    faults_.add(Fault::full_disk);
    SimulatedHost& host = any_host();
    trace(host, "has a full disk");
    host.fill_disk(true);
    events_.after(slowness_ * time_up_to(20s), [&host] { host.fill_disk(false); });
}

/// A write, a sync or whatever comes then; the daemon ends, and tries to start until it can.
void Simulation::spoil_disk() {
    SimulatedHost& host = any_host();
    const bool for_ever = pick(3) == 0;
    if (!host.spoil_disk(1 + pick(30), for_ever)) return;
    trace(host, "has a failing disk");
    faults_.add(Fault::failed_write);
    if (for_ever) events_.after(time_up_to(10s), [&host] { host.mend_disk(); });
}

void Simulation::block_socket() {
    faults_.add(Fault::blocked_socket);
    SimulatedHost& host = any_host();
    trace(host, "has a blocked socket");
    host.block_socket(true);
    events_.after(time_up_to(8s), [&host] { host.block_socket(false); });
}

/// A program of the field that is answered too late is harmed by the slowness itself.
void Simulation::slow_down() {
    faults_.add(Fault::slow_node);
    SimulatedHost& host = any_host();
    const Duration by = time_up_to(bases_.empty() ? 3s : 200ms);
    trace(host, "is slow", std::to_string(by.count()));
    host.slow_down(by);
    events_.after(slowness_ * time_up_to(20s), [&host] { host.slow_down(Duration{0}); });
}

/// Another host of its network, or another port of the same; some come home after a while.
void Simulation::change_address() {
    SimulatedHost& host = any_host();
    ++addresses_;
    const std::string number = std::to_string(addresses_);
    move(host,
         pick(2) == 0
             ? *parse_endpoint("10.0.2." + number, 5000)
             : *parse_endpoint(host.home().ip_text() + ":" + std::to_string(6000 + addresses_), 0));
    if (pick(2) == 0) return;
    events_.after(slowness_ * time_up_to(60s), [this, &host] {
        if (events_.now() < peace_) move(host, host.home());
    });
}

void Simulation::move(SimulatedHost& host, const Endpoint& to) {
    if (host.endpoint() == to) return;
    faults_.add(Fault::new_address);
    trace(host, "moves to", to.text());
    host.move_to(to);
    checker_.add(host);
}

}  // namespace p2pd
