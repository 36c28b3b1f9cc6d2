// tests: a network that loses, doubles, delays, holds back and spoils datagrams, by the seed.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>

#include "daemon/core/endpoint.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/fault_counts.h"

namespace p2pd {

struct NetworkFaults {
    double loss = 0;
    double duplication = 0;  ///< by up to five copies
    double corruption = 0;   ///< spoiled so that it is no datagram of the format any more
    double bit_flips = 0;    ///< one bit of a text changed, as where UDP goes without checksum
    Duration delay_min = std::chrono::milliseconds{10};
    Duration delay_max = std::chrono::milliseconds{10};  ///< more than delay_min reorders
};

class SimulatedNetwork {
public:
    using Receive = std::function<void(const Endpoint& from, const std::string& bytes)>;

    SimulatedNetwork(EventQueue& events, std::mt19937_64& random)
        : events_(events), random_(random) {}

    void listen(const Endpoint& endpoint, Receive receive) {
        receivers_.insert_or_assign(endpoint, std::move(receive));
    }
    /// Nobody has this address any more.
    void leave(const Endpoint& endpoint) { receivers_.erase(endpoint); }

    /// The largest datagram that hosts take, and that arrives.
    void set_sizes(std::size_t link_bytes, std::size_t path_bytes) {
        link_bytes_ = link_bytes;
        path_bytes_ = path_bytes;
    }
    std::size_t link_bytes() const { return link_bytes_; }
    /// What holds between all, unless one end has faults of its own.
    void set_faults(const NetworkFaults& faults) { faults_ = faults; }
    void set_faults_of(const Endpoint& endpoint, const NetworkFaults& faults) {
        own_faults_.insert_or_assign(endpoint, faults);
    }
    void heal() {
        faults_ = {};
        own_faults_.clear();
        cut_.clear();
        clogged_until_.clear();
    }
    void cut_one_way(const Endpoint& from, const Endpoint& to) { cut_.insert({from, to}); }
    void cut(const Endpoint& a, const Endpoint& b) {
        cut_one_way(a, b);
        cut_one_way(b, a);
    }
    void join(const Endpoint& a, const Endpoint& b) {
        cut_.erase({a, b});
        cut_.erase({b, a});
    }
    /// Whatever would arrive at it, or comes from it, arrives then at the earliest. Those with
    /// faults of their own are left alone.
    void clog(const Endpoint& endpoint, Instant until) {
        clogged_until_.insert_or_assign(endpoint, until);
    }

    void transmit(const Endpoint& from, const Endpoint& to, const std::string& bytes);
    /// Whatever is on its way is lost.
    void drop_in_flight() {
        ++epoch_;
        in_flight_ = 0;
    }
    std::size_t in_flight() const { return in_flight_; }
    std::uint64_t transmitted() const { return transmitted_; }
    const FaultCounts& counts() const { return counts_; }

    bool chance(double probability) {
        return std::uniform_real_distribution<double>{0, 1}(random_) < probability;
    }

private:
    struct Path {
        const NetworkFaults* faults;
        bool may_clog;
    };

    Path path_between(const Endpoint& from, const Endpoint& to) const;
    void spoil(std::string& bytes);
    void flip_a_bit(std::string& bytes);
    void deliver_later(const Endpoint& from, const Endpoint& to, std::string bytes,
                       const Path& path);
    Instant arrival(const Endpoint& from, const Endpoint& to, const Path& path);

    EventQueue& events_;
    std::mt19937_64& random_;
    std::size_t link_bytes_ = 65507;
    std::size_t path_bytes_ = 65507;
    NetworkFaults faults_;
    std::map<Endpoint, NetworkFaults> own_faults_;
    std::map<Endpoint, Receive> receivers_;
    std::set<std::pair<Endpoint, Endpoint>> cut_;  ///< from, to
    std::map<Endpoint, Instant> clogged_until_;
    std::map<std::pair<Endpoint, Endpoint>, Instant> last_arrival_;
    FaultCounts counts_;
    std::uint64_t epoch_ = 0;
    std::size_t in_flight_ = 0;
    std::uint64_t transmitted_ = 0;
};

}  // namespace p2pd
