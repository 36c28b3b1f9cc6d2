// tests/bench: what the program itself does for a message, without sockets and threads. Includes
// std, core, store. work FOLDER MESSAGES: two nodes with their stores in FOLDER exchange so many
// messages, a hundred at a time. instructions.py counts what the processor does meanwhile.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "daemon/core/node.h"
#include "daemon/store.h"

namespace p2pd {
namespace {

constexpr std::size_t group = 100;
constexpr std::size_t text_bytes = 100;
constexpr std::size_t transmits_max = 256;

/// The same moments in every run: only then the count is the same, too.
class Clock {
public:
    Now now() const { return {Instant{passed_}, WallTime{std::chrono::years{50} + passed_}}; }
    void advance(Duration by) { passed_ += by; }

private:
    Duration passed_ = std::chrono::seconds{1};
};

/// What daemon/daemon.cpp is around a Node, and tests/simulation/simulated_host.cpp.
class Host {
public:
    Host(const std::filesystem::path& folder, const Endpoint& endpoint, const Endpoint& other)
        : endpoint_(endpoint), store_(options(folder)) {
        // A stranger would be slowed down.
        store_.set_name(other, "other", std::nullopt);
        node_.emplace(NodeLimits{}, store_.recover(NodeLimits{}.peers_max), 1);
    }

    const Endpoint& endpoint() const { return endpoint_; }
    std::size_t delivered() const { return delivered_; }

    void send(Now now, const Endpoint& peer, std::string text) {
        node_->send(now,
                    {.peer = peer, .text = std::move(text), .expires_in = std::chrono::hours{24}});
    }

    void store(Now now) {
        if (const auto batch = node_->take_batch(now, true)) {
            node_->stored(now, store_.commit(*batch));
        }
        for (const LoadRequest& load : node_->take_loads()) {
            node_->loaded(now, load.peer, store_.load(load));
        }
        for (const Event& event : node_->take_events()) {
            const auto* const finished = std::get_if<Finished>(&event);
            if (finished == nullptr || finished->update.state != OutState::delivered) continue;
            delivered_ += finished->count;
        }
    }

    void transmit(Now now, Host& other) {
        for (const Transmit& transmit : node_->take_transmits(now, transmits_max)) {
            const std::string bytes = encode(transmit, endpoint_);
            other.node_->receive(now, endpoint_, other.endpoint_, bytes);
        }
    }

    void timeout(Now now) {
        if (const auto at = node_->next_timeout(); at && *at <= now.monotonic) node_->timeout(now);
    }

private:
    static StoreOptions options(const std::filesystem::path& folder) {
        StoreOptions options;
        options.state_dir = folder;
        return options;
    }

    Endpoint endpoint_;
    Store store_;
    std::optional<Node> node_;
    std::size_t delivered_ = 0;
};

void exchange(const std::filesystem::path& folder, std::size_t messages) {
    const Endpoint here = *parse_endpoint("127.0.0.1", 5000);
    const Endpoint there = *parse_endpoint("127.0.0.2", 5000);
    Host alice(folder / "alice", here, there);
    Host bob(folder / "bob", there, here);
    Clock clock;
    for (std::size_t sent = 0; alice.delivered() < messages; clock.advance(Duration{100})) {
        if (sent == alice.delivered()) {
            for (std::size_t i = 0; i < group && sent < messages; ++i, ++sent) {
                std::string text = "message " + std::to_string(sent) + " ";
                alice.send(clock.now(), there, text.append(text_bytes - text.size(), 'x'));
            }
        }
        for (Host* const host : {&alice, &bob}) {
            host->timeout(clock.now());
            host->store(clock.now());
            host->transmit(clock.now(), host == &alice ? bob : alice);
        }
    }
}

}  // namespace
}  // namespace p2pd

int main(int argc, char** argv) {
    if (argc != 3) return 64;
    p2pd::exchange(argv[1], static_cast<std::size_t>(std::atoi(argv[2])));
    return 0;
}
