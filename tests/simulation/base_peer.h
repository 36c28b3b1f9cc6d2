// tests: a program of the field, by the letter of wire.md: one flag, five tries, no dedup, and a
// receiver that dies for ever on whatever it does not expect.
#pragma once

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "tests/simulation/simulated_network.h"

namespace p2pd {

class BasePeer {
public:
    BasePeer(const Endpoint& endpoint, EventQueue& events, SimulatedNetwork& network);

    const Endpoint& endpoint() const { return endpoint_; }

    /// One after the other, as its user would.
    void send(const Endpoint& to, std::string text);

    /// Why its receiver died; empty while it lives.
    const std::string& death() const { return death_; }
    /// Texts that it did not send because an ACK came that it had not asked for.
    int skipped() const { return skipped_; }
    bool idle() const { return !sending_; }

    struct Shown {
        Endpoint from;
        double stamp = 0;
        std::string text;
    };
    const std::vector<Shown>& shown() const { return shown_; }
    bool has_shown(const Endpoint& from, std::int64_t us) const;

    struct Confirmed {
        Endpoint to;
        std::string text;
    };
    const std::vector<Confirmed>& confirmed() const { return confirmed_; }

private:
    struct Sending {
        Endpoint to;
        std::string text;
        std::string bytes = {};
        int tries = 0;
    };

    void receive(const Endpoint& from, const std::string& bytes);
    void understand(const Endpoint& from, const std::string& bytes);
    void start_next();
    void try_once();
    void finish(bool confirmed);

    Endpoint endpoint_;
    EventQueue& events_;
    SimulatedNetwork& network_;
    std::string death_;
    bool confirmed_flag_ = false;
    int skipped_ = 0;
    double last_stamp_ = 0;
    std::optional<Sending> sending_;
    std::deque<Sending> waiting_;
    std::vector<Shown> shown_;
    std::vector<Confirmed> confirmed_;
};

}  // namespace p2pd
