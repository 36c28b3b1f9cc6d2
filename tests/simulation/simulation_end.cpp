// tests: one run of a small world: how it ends, and what must have become of every message.
#include <algorithm>

#include "tests/simulation/simulation.h"

namespace p2pd {

namespace {

using namespace std::chrono_literals;

/// After it everything must be through: twice the longest back-off, with its jitter.
constexpr Duration peace_max = 75min;

}  // namespace

void Simulation::heal() {
    network_.heal();
    const bool all_go_home = pick(2) == 0;
    for (const auto& host : hosts_) {
        host->fill_disk(false);
        host->mend_disk();
        host->slow_down(Duration{0});
        if (all_go_home) move(*host, host->home());
        host->block_socket(false);
        if (!host->is_up()) restart(*host);
    }
}

/// What is for an address where nobody is any more cannot get through.
bool Simulation::drained(const SimulatedHost& host) const {
    if (!host.is_up() || host.node().anything_unstored()) return false;
    const auto& pending = host.store().pending_by_peer();
    return std::none_of(pending.begin(), pending.end(),
                        [&](const auto& entry) { return is_here(entry.first); });
}

bool Simulation::drained() const {
    return std::all_of(hosts_.begin(), hosts_.end(),
                       [&](const auto& host) { return drained(*host); }) &&
           std::all_of(bases_.begin(), bases_.end(), [](const auto& base) { return base->idle(); });
}

void Simulation::run_until_drained() {
    const Instant end = events_.now() + peace_max;
    constexpr Duration look_every = 10s;
    while (violation().empty() && !drained() && events_.now() < end) {
        const Instant look = events_.now() + look_every;
        while (step(look)) {
        }
        for (const auto& host : hosts_) {
            if (host->is_up()) host->query();
        }
    }
    drained_at_ = events_.now();
    if (violation().empty() && !drained()) checker_.violated("the queues do not drain");
}

void Simulation::check_end() {
    for (const auto& host : hosts_) {
        host->compare_stores();
        for (const auto& [id, outgoing] : host->store().outgoing()) {
            check_outgoing(*host, outgoing);
        }
        check_accepted(*host);
        if (host->node().pending_messages() != host->store().pending_messages()) {
            checker_.violated("the count of pending messages is wrong");
        }
    }
    for (const auto& base : bases_) check_base(*base);
}

void Simulation::check_outgoing(const SimulatedHost& host,
                                const SimulatedStore::Outgoing& outgoing) {
    const OutgoingMessage& message = outgoing.message;
    if (outgoing.state == OutState::expired && !clocks_jumped_) {
        checker_.violated("expired before its time: " + message.text.substr(0, 40));
    }
    for (const auto& receiver : hosts_) {
        if (checker_.addresses(*receiver).contains(message.peer)) {
            check_arrived(host, outgoing, *receiver);
        }
    }
}

/// Every text is the only one of its kind, so it can be told what became of it. Who has changed
/// his address is another sender: for all that the receiver knows, so is his message another one.
void Simulation::check_arrived(const SimulatedHost& host, const SimulatedStore::Outgoing& outgoing,
                               const SimulatedHost& receiver) {
    const OutgoingMessage& message = outgoing.message;
    // Of a long text some parts may have come from this address, and some from that.
    const bool in_pieces = message.part_ends.size() > 1 && checker_.addresses(host).size() > 1;
    bool there = in_pieces;
    for (const Endpoint& as : checker_.addresses(host)) {
        int copies = 0;
        for (const SimulatedStore::Received& row : receiver.store().inbox()) {
            if (row.peer != as) continue;
            // A bit can make one text of another: "text 27" is "text 25" then.
            const bool another = texts_flip_ && row.us != message.first_us;
            if (row.text == message.text && !another) ++copies;
            if (texts_flip_ && row.us == message.first_us) there = true;
        }
        if (copies > 1) checker_.violated("there twice: " + message.text.substr(0, 40));
        if (copies == 1) there = true;
    }
    if (outgoing.state == OutState::delivered && !there) {
        checker_.violated("not there: " + message.text.substr(0, 40));
    }
}

void Simulation::check_accepted(const SimulatedHost& host) {
    for (const SendOutcome& outcome : host.outcomes()) {
        if (outcome.disk_full) continue;
        for (MessageId id = outcome.id; id < outcome.id + outcome.messages; ++id) {
            if (host.store().outgoing().contains(id)) continue;
            checker_.violated("accepted and forgotten");
        }
    }
}

void Simulation::check_base(const BasePeer& base) {
    if (base.skipped() > 0) checker_.violated("a base peer skipped a message");
    for (const BasePeer::Confirmed& confirmed : base.confirmed()) {
        for (const auto& host : hosts_) {
            if (!checker_.addresses(*host).contains(confirmed.to)) continue;
            const auto& rows = host->store().inbox();
            const bool there = std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
                return row.peer == base.endpoint() && row.text == confirmed.text;
            });
            if (there) continue;
            checker_.violated("confirmed to a base peer, and not there: " +
                              confirmed.text.substr(0, 40) + " to " + confirmed.to.text());
        }
    }
}

/// Some worlds last until what nobody is there for has expired.
void Simulation::outlive_expiry() {
    const bool nothing_left = std::all_of(hosts_.begin(), hosts_.end(), [](const auto& host) {
        return host->store().pending_messages() == 0;
    });
    if (nothing_left || clocks_jumped_ || pick(4) != 0) return;
    const Instant end = events_.now() + HostOptions{}.expires_in + 24h;
    while (events_.now() < end) {
        const Instant look = std::min(end, events_.now() + Duration{6h});
        while (step(look)) {
        }
        for (const auto& host : hosts_) {
            if (host->is_up()) host->maintain();
        }
    }
    while (step(end + 1min)) {
    }
    for (const auto& host : hosts_) {
        if (host->store().pending_messages() > 0) checker_.violated("still there after its expiry");
    }
}

}  // namespace p2pd
