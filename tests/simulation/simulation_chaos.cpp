// tests: one run of a small world: what happens in it.
#include <algorithm>

#include "tests/simulation/simulation.h"

namespace p2pd {

namespace {

using namespace std::chrono_literals;

}  // namespace

Endpoint Simulation::any_peer(const SimulatedHost& except) {
    for (;;) {
        const std::size_t who = pick(hosts_.size() + bases_.size());
        if (who >= hosts_.size()) return bases_[who - hosts_.size()]->endpoint();
        if (hosts_[who].get() != &except) return hosts_[who]->endpoint();
    }
}

/// A stranger that sent garbage is gone.
bool Simulation::is_here(const Endpoint& peer) const {
    const auto is_it = [&](const auto& one) { return one->endpoint() == peer; };
    return std::any_of(hosts_.begin(), hosts_.end(), is_it) ||
           std::any_of(bases_.begin(), bases_.end(), is_it);
}

std::string Simulation::unique_text(std::size_t size) {
    constexpr std::string_view letters[] = {"a", "\"", "\n", "\xc3\xa9", "\xf0\x9f\x9a\x80"};
    std::string text = "text " + std::to_string(++texts_) + " ";
    const std::string_view letter = letters[pick(std::size(letters))];
    while (text.size() < size) text += letter;
    ++faults_.messages;
    return text;
}

void Simulation::send() {
    SimulatedHost& host = any_host();
    if (host.is_up()) host.send(any_peer(host), unique_text(pick(40)));
}

void Simulation::send_much() {
    SimulatedHost& host = any_host();
    if (!host.is_up()) return;
    const Endpoint peer = any_peer(host);
    for (std::size_t count = pick(60); count > 0; --count) {
        host.send(peer, unique_text(pick(200)));
    }
}

void Simulation::send_long() {
    SimulatedHost& host = any_host();
    const std::size_t size = pick(8) == 0 ? pick(64 * 1024 - 8) : pick(6000);
    if (host.is_up()) host.send(any_peer(host), unique_text(size));
}

void Simulation::reply() {
    SimulatedHost& host = any_host();
    if (!host.is_up() || host.store().inbox().empty()) return;
    const auto& inbox = host.store().inbox();
    const Endpoint& peer = inbox[pick(inbox.size())].peer;
    if (is_here(peer)) host.reply(peer, unique_text(pick(2000)));
}

void Simulation::cancel() {
    SimulatedHost& host = any_host();
    if (!host.is_up() || host.store().outgoing().empty()) return;
    const MessageId id = 1 + pick(host.store().outgoing().size());
    const bool ended =
        host.store().outgoing().at(id).state != OutState::pending || checker_.has_ended(host, id);
    if (!ended) host.cancel(id);
}

void Simulation::retry() {
    SimulatedHost& host = any_host();
    if (!host.is_up() || host.store().outgoing().empty()) return;
    const MessageId id = 1 + pick(host.store().outgoing().size());
    if (host.store().outgoing().at(id).state == OutState::delivered) return;
    checker_.retried(host, id);
    host.retry(id);
}

void Simulation::send_from_base() {
    if (bases_.empty()) return;
    BasePeer& base = *bases_[pick(bases_.size())];
    base.send(any_host().endpoint(), unique_text(pick(300)));
}

/// A stranger that sends whatever there is, nearly.
void Simulation::send_garbage() {
    const Endpoint stranger = *parse_endpoint("10.9.9.9:" + std::to_string(1 + pick(65'535)), 0);
    const Endpoint victim = any_host().endpoint();
    std::string bytes =
        encode(WireMessage{Stamp::of(static_cast<std::int64_t>(pick(1'000'000))), "garbage"},
               stranger, victim, static_cast<Dialect>(pick(4)), static_cast<Extension>(pick(2)));
    for (std::size_t changes = pick(4); changes > 0; --changes) {
        bytes[pick(bytes.size())] = static_cast<char>(pick(256));
    }
    for (std::size_t copies = 1 + pick(3); copies > 0; --copies) {
        network_.transmit(stranger, victim, bytes);
    }
}

void Simulation::crash() {
    SimulatedHost& host = any_host();
    if (!host.is_up()) return;
    ++faults_.crashes;
    trace_.add(events_.now(), host.endpoint(), "crashes", "");
    host.crash();
    checker_.crashed(host);
    events_.after(time_up_to(pick(4) == 0 ? 60s : 2s), [this, &host] {
        if (!host.is_up()) restart(host);
    });
}

void Simulation::restart(SimulatedHost& host) {
    trace_.add(events_.now(), host.endpoint(), "restarts", "");
    host.restart();
}

void Simulation::step_clock() {
    ++faults_.clock_steps;
    SimulatedHost& host = any_host();
    Duration step = time_up_to(2h) - Duration{1h};
    if (pick(10) == 0) {
        step *= 24 * 365;
        clocks_jumped_ = true;
    }
    trace_.add(events_.now(), host.endpoint(), "steps its clock", std::to_string(step.count()));
    host.step_clock(step);
}

void Simulation::cut() {
    ++faults_.cuts;
    const SimulatedHost& host = any_host();
    const Endpoint peer = any_peer(host);
    trace_.add(events_.now(), host.endpoint(), "is cut from", peer.text());
    network_.cut(host.endpoint(), peer);
    events_.after(time_up_to(60s), [this, a = host.endpoint(), b = peer] { network_.join(a, b); });
}

void Simulation::fill_disk() {
    ++faults_.full_disks;
    SimulatedHost& host = any_host();
    host.fill_disk(true);
    events_.after(time_up_to(20s), [&host] { host.fill_disk(false); });
}

void Simulation::block_socket() {
    ++faults_.blocked_sockets;
    SimulatedHost& host = any_host();
    host.block_socket(true);
    events_.after(time_up_to(8s), [&host] { host.block_socket(false); });
}

void Simulation::query() {
    SimulatedHost& host = any_host();
    if (!host.is_up()) return;
    if (pick(3) == 0) {
        host.maintain();
    } else {
        host.query();
    }
}

}  // namespace p2pd
