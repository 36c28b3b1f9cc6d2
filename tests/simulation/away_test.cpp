// tests: a thousand peers that are away for a week, with a hundred messages waiting for each.
#include <gtest/gtest.h>

#include "tests/core/sanitized.h"
#include "tests/simulation/node_inspector.h"
#include "tests/simulation/simulated_host.h"

namespace p2pd {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t peers_away = sanitized ? 100 : 1000;
constexpr std::size_t messages_each = 100;
constexpr Duration away_for = 24h * 7;

Endpoint peer_number(std::size_t number) {
    return *parse_endpoint(
        "10.3." + std::to_string(number / 250) + "." + std::to_string(1 + number % 250), 5000);
}

/// Watches that nobody who is away has more than one datagram under way, and counts bytes.
class Watcher : public Observer {
public:
    std::uint64_t bytes = 0;
    std::map<Endpoint, std::uint64_t> datagrams;
    std::size_t in_flight_to_one_who_is_away = 0;

    void transmits(SimulatedHost& host, const Transmit& transmit,
                   const std::string& datagram) override {
        bytes += datagram.size();
        ++datagrams[transmit.to];
        const auto view = host.node().view(transmit.to);
        if (!view || !view->away) return;
        in_flight_to_one_who_is_away =
            std::max<std::size_t>(in_flight_to_one_who_is_away, view->in_flight);
    }
};

class AwayForAWeek : public testing::Test {
protected:
    EventQueue events;
    std::mt19937_64 random{1};
    SimulatedNetwork network{events, random};
    Watcher watcher;
    Observer nobody;
    SimulatedHost host{*parse_endpoint("10.0.0.1", 5000),  events, network, random, watcher,
                       HostOptions{.expires_in = 24h * 14}};

    void run_for(Duration time) { events.run_until(events.now() + time); }

    void queue_everything() {
        for (std::size_t i = 0; i < messages_each; ++i) {
            for (std::size_t peer = 0; peer < peers_away; ++peer) {
                host.send(peer_number(peer), "message " + std::to_string(i));
            }
            run_for(1s);
        }
    }
};

/// Each is asked ever more rarely, with one datagram at a time; when all come back everything gets
/// through, and once.
TEST_F(AwayForAWeek, CostsOneProbeAtATimeAndDrainsOnReturn) {
    queue_everything();
    EXPECT_EQ(host.store().pending_messages(), peers_away * messages_each);
    run_for(10min);
    watcher.in_flight_to_one_who_is_away = 0;
    run_for(away_for);

    EXPECT_LE(watcher.in_flight_to_one_who_is_away, 1U);
    // Five misses, an hour with an interval of 5 min, then one of 30 min; each a quarter less at
    // the least.
    constexpr std::uint64_t probes_max = 20 + (60 / 5 + 7 * 24 * 60 / 30) * 4 / 3;
    for (const auto& [peer, datagrams] : watcher.datagrams) EXPECT_LE(datagrams, probes_max);
    EXPECT_EQ(watcher.datagrams.size(), peers_away);
    EXPECT_LE(watcher.bytes, peers_away * probes_max * 200);
    EXPECT_LE(NodeInspector::sizes(host.node()).outgoing_bytes,
              host.limits().memory_max + peers_away * 1024);

    std::vector<std::unique_ptr<SimulatedHost>> back;
    for (std::size_t peer = 0; peer < peers_away; ++peer) {
        back.push_back(std::make_unique<SimulatedHost>(peer_number(peer), events, network, random,
                                                       nobody, HostOptions{}));
    }
    run_for(Session::patient_interval_max * 5 / 4 + 1min);
    EXPECT_EQ(host.store().pending_messages(), 0U);
    for (const auto& peer : back) EXPECT_EQ(peer->store().inbox().size(), messages_each);
}

}  // namespace
}  // namespace p2pd
