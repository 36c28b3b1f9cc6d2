// tests: one run of a small world: what its users do.
#include <algorithm>

#include "tests/simulation/simulation.h"

namespace p2pd {

Endpoint Simulation::any_peer(const SimulatedHost& except) {
    for (;;) {
        const std::size_t who = pick(hosts_.size() + bases_.size());
        if (who >= hosts_.size()) return bases_[who - hosts_.size()]->endpoint();
        if (hosts_[who].get() != &except) return hosts_[who]->endpoint();
    }
}

std::vector<Endpoint> Simulation::everyone() const {
    std::vector<Endpoint> all;
    for (const auto& host : hosts_) all.push_back(host->endpoint());
    for (const auto& base : bases_) all.push_back(base->endpoint());
    return all;
}

/// A stranger that sent garbage is gone, and so may be a host that has another address now.
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
    return text;
}

void Simulation::send() {
    SimulatedHost& host = any_host();
    if (!host.is_up()) return;
    const Endpoint peer = any_peer(host);
    std::string text = unique_text(pick(40));
    std::string request_id = pick(4) == 0 ? text : std::string();
    host.send(peer, std::move(text), std::move(request_id));
}

void Simulation::send_much() {
    SimulatedHost& host = any_host();
    if (!host.is_up()) return;
    const Endpoint peer = any_peer(host);
    std::vector<std::string> texts;
    for (std::size_t count = pick(60); count > 0; --count) texts.push_back(unique_text(pick(200)));
    if (texts.empty()) return;
    if (pick(2) == 0) {
        std::string request_id = pick(2) == 0 ? texts.front() : std::string();
        host.send_together(peer, std::move(texts), std::move(request_id));
        return;
    }
    for (std::string& text : texts) host.send(peer, std::move(text));
}

void Simulation::send_long() {
    SimulatedHost& host = any_host();
    const std::size_t size = pick(8) == 0 ? pick(64 * 1024 - 8) : pick(6000);
    if (!host.is_up()) return;
    const Endpoint peer = any_peer(host);
    host.send(peer, unique_text(size));
}

void Simulation::reply() {
    SimulatedHost& host = any_host();
    if (!host.is_up() || host.store().inbox().empty()) return;
    const auto& inbox = host.store().inbox();
    const Endpoint& peer = inbox[pick(inbox.size())].peer;
    if (is_here(peer)) host.reply(peer, unique_text(pick(2000)));
}

MessageId Simulation::any_outgoing(const SimulatedHost& host) {
    const auto& outgoing = host.store().outgoing();
    return std::next(outgoing.begin(), static_cast<std::ptrdiff_t>(pick(outgoing.size())))->first;
}

void Simulation::cancel() {
    SimulatedHost& host = any_host();
    if (!host.is_up() || host.store().outgoing().empty()) return;
    const MessageId id = any_outgoing(host);
    const bool ended =
        host.store().outgoing().at(id).state != OutState::pending || checker_.has_ended(host, id);
    if (!ended) host.cancel(id);
}

void Simulation::retry() {
    SimulatedHost& host = any_host();
    if (!host.is_up() || host.store().outgoing().empty()) return;
    const MessageId id = any_outgoing(host);
    if (host.store().outgoing().at(id).state == OutState::delivered) return;
    checker_.retried(host, id);
    host.retry(id);
}

void Simulation::send_from_base() {
    if (bases_.empty()) return;
    BasePeer& base = *bases_[pick(bases_.size())];
    base.send(any_host().endpoint(), unique_text(pick(300)));
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
