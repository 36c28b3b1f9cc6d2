// tests: a daemon around a Node, with virtual time, network and disk: it makes the very calls that
// daemon/daemon.cpp makes.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "daemon/core/node.h"
#include "tests/simulation/simulated_network.h"
#include "tests/simulation/simulated_store.h"

namespace p2pd {

class SimulatedHost;

/// Sees everything that a host does, before it takes effect elsewhere.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void received(SimulatedHost&, const Endpoint& /*from*/, const std::string& /*bytes*/) {}
    virtual void transmits(SimulatedHost&, const Transmit&, const std::string& /*bytes*/) {}
    virtual void committed(SimulatedHost&, const StoreBatch&, const BatchResult&) {}
    virtual void told(SimulatedHost&, const Event&) {}
};

/// Planted in the host, to see that the simulation catches it.
enum class PlantedBug : std::uint8_t {
    none,
    acknowledges_before_stored,
    stores_copies,
    forgets_timestamps,
    loses_commits,
    delivers_nothing_after_restart,
};

struct HostOptions {
    NodeLimits limits = {};
    Duration expires_in = std::chrono::hours{24 * 7};
    Duration commit_min = std::chrono::milliseconds{1};
    Duration commit_max = std::chrono::milliseconds{1};
    PlantedBug bug = PlantedBug::none;
};

class SimulatedHost {
public:
    /// `random` and `observer` outlive it, as `events` and `network` do.
    SimulatedHost(const Endpoint& endpoint, EventQueue& events, SimulatedNetwork& network,
                  std::mt19937_64& random, Observer& observer, const HostOptions& options);

    const Endpoint& endpoint() const { return endpoint_; }
    const SimulatedStore& store() const { return store_; }
    Node& node() { return *node_; }
    bool is_up() const { return node_ != nullptr; }
    Now now() const;

    std::variant<std::int64_t, SendError> send(const Endpoint& peer, std::string text,
                                               std::string request_id = {});
    /// To the newest message in the inbox of `peer`.
    std::variant<std::int64_t, SendError> reply(const Endpoint& peer, std::string text);
    void cancel(MessageId id);
    void retry(MessageId id);
    void set_dialect(const Endpoint& peer, Dialect dialect);

    /// Power is cut: of a commit under way either all or nothing stays.
    void crash();
    void restart();
    void step_clock(Duration step) { wall_offset_ += step; }
    /// Client queries want everything on disk that is known.
    void query();
    /// The store lets messages expire whose time has come, in memory or not.
    void maintain();

    // The disk and the socket.
    void hold_disk();
    void release_disk();
    void fill_disk(bool full) { disk_full_ = full; }
    void block_socket(bool blocked);

    // What the host was told.
    const std::vector<SendOutcome>& outcomes() const { return outcomes_; }
    const std::vector<Finished>& finished() const { return finished_; }
    /// Of the message that send() gave this ticket for; empty before it is durable.
    std::optional<MessageId> id_of(std::int64_t ticket) const;

private:
    struct DiskWork {
        std::shared_ptr<const StoreBatch> batch;  ///< a commit, or
        std::optional<LoadRequest> load = {};     ///< a page
        bool maintenance = false;                 ///< or neither
    };

    void receive(const Endpoint& from, const std::string& bytes);
    void flush();
    void handle_events();
    void transmit();
    void wake_at(std::optional<Instant> next);
    void post(DiskWork work);
    void start_disk_work();
    void finish_disk_work();
    BatchResult commit(const StoreBatch& batch);

    Endpoint endpoint_;
    EventQueue& events_;
    SimulatedNetwork& network_;
    std::mt19937_64& random_;
    Observer& observer_;
    HostOptions options_;
    SimulatedStore store_;
    std::unique_ptr<Node> node_;
    std::uint64_t life_ = 0;  ///< events of an earlier one are void
    Duration wall_offset_{0};
    std::optional<Instant> wakes_at_;
    std::deque<DiskWork> disk_work_;
    bool disk_busy_ = false;
    bool disk_held_ = false;
    bool disk_full_ = false;
    bool socket_blocked_ = false;
    bool queried_ = false;
    std::vector<SendOutcome> outcomes_;
    std::vector<Finished> finished_;
};

}  // namespace p2pd
