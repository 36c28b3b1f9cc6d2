// tests: a small world to tell stories in: hosts that run p2pd, and programs of the field.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/simulated_host.h"

namespace p2pd {

using namespace std::chrono_literals;

inline Endpoint at(std::string_view text) {
    return *parse_endpoint(text, 5000);
}

class World {
public:
    EventQueue events;
    std::mt19937_64 random{1};
    SimulatedNetwork network{events, random};
    Observer nobody;

    void run_for(Duration time) { events.run_until(events.now() + time); }
};

inline std::vector<std::string> inbox(const SimulatedHost& host) {
    std::vector<std::string> texts;
    for (const SimulatedStore::Received& received : host.store().inbox()) {
        texts.push_back(received.text);
    }
    return texts;
}

/// The state that the store has of the newest message sent.
inline OutState newest_state(const SimulatedHost& host) {
    return host.store().outgoing().rbegin()->second.state;
}

/// A program written without p2pd, in the hands of the test: it answers only when told to.
class FieldProgram {
public:
    FieldProgram(World& world, const Endpoint& endpoint, Dialect dialect = Dialect::base)
        : world_(world), endpoint_(endpoint), dialect_(dialect) {
        world.network.listen(endpoint, [this](const Endpoint& from, const std::string& bytes) {
            arrived_.push_back({from, bytes, std::get<Datagram>(decode(bytes))});
            const WireObject& object = arrived_.back().datagram.object;
            if (const auto* message = std::get_if<WireMessage>(&object); message && confirms_) {
                acknowledge(from, message->stamp);
            }
        });
    }

    const Endpoint& endpoint() const { return endpoint_; }

    void send(const Endpoint& to, const WireObject& object, Extension extension = Extension::none) {
        send_bytes(to, encode(object, endpoint_, to, dialect_, extension));
    }
    void send_bytes(const Endpoint& to, const std::string& bytes) {
        world_.network.transmit(endpoint_, to, bytes);
    }
    void say(const Endpoint& to, std::string text, std::int64_t us = 1'732'260'000'000'000) {
        send(to, WireMessage{Stamp::of(us), std::move(text)});
    }
    void acknowledge(const Endpoint& to, const Stamp& stamp, bool accepted = true) {
        send(to, WireAck{stamp, Stamp::of(stamp.us + 1), accepted});
    }
    void confirm_everything() { confirms_ = true; }

    struct Arrived {
        Endpoint from;
        std::string bytes;
        Datagram datagram;
    };
    const std::vector<Arrived>& arrived() const { return arrived_; }

    template <class Object>
    std::vector<Object> all() const {
        std::vector<Object> objects;
        for (const Arrived& arrived : arrived_) {
            const auto* object = std::get_if<Object>(&arrived.datagram.object);
            if (object != nullptr) objects.push_back(*object);
        }
        return objects;
    }
    std::vector<std::string> shown() const {
        std::vector<std::string> texts;
        for (const WireMessage& message : all<WireMessage>()) texts.push_back(message.text);
        return texts;
    }

private:
    World& world_;
    Endpoint endpoint_;
    Dialect dialect_;
    bool confirms_ = false;
    std::vector<Arrived> arrived_;
};

/// Two hosts that run p2pd, 10 ms from each other, each with a disk that syncs in 1 ms.
class Pair : public World {
public:
    explicit Pair(const HostOptions& options = {})
        : alice(at("10.0.0.4"), events, network, random, nobody, options),
          bob(at("10.0.0.5"), events, network, random, nobody, options) {}

    SimulatedHost alice;
    SimulatedHost bob;

    /// Until then neither knows that the other is p2pd.
    void get_acquainted() {
        alice.send(bob.endpoint(), "good morning");
        run_for(1s);
    }
};

/// A host that runs p2pd, and a program of the field that it talks to.
class Field : public World {
public:
    explicit Field(Dialect dialect = Dialect::base, const HostOptions& options = {})
        : host(at("10.0.0.4"), events, network, random, nobody, options),
          program(*this, at("10.0.0.9"), dialect) {}

    SimulatedHost host;
    FieldProgram program;

    const PeerFacts& facts() { return facts_ = host.node().view(program.endpoint())->facts; }

private:
    PeerFacts facts_;
};

}  // namespace p2pd
