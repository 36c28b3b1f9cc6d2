// tests: a daemon around a Node, with virtual time, network and disk: it makes the very calls that
// daemon/daemon.cpp makes.
#pragma once

#include <deque>
#include <functional>
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

/// The daemon's own store on a disk of the simulation. The SimulatedStore is what it is held to:
/// what the one says and keeps, so does the other. Where a result is empty the store has failed,
/// and the process must end.
class StoreTwin {
public:
    virtual ~StoreTwin() = default;
    virtual std::optional<Recovered> open(std::size_t peers_max) = 0;
    virtual std::optional<BatchResult> commit(const StoreBatch& batch) = 0;
    virtual std::optional<LoadedPage> load(const LoadRequest& request) = 0;
    virtual std::optional<std::vector<MessageId>> maintain(WallTime now) = 0;
    /// The process has ended, or the power.
    virtual void close(bool power) = 0;
    virtual void fill(bool full) = 0;
    /// The disk fails at its k-th operation from now on, once or until it is mended.
    virtual void spoil(std::uint64_t operation, bool for_ever) = 0;
    virtual void mend() = 0;
    virtual std::vector<std::string> contents() = 0;
};

/// Sees everything that a host does, before it takes effect elsewhere.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void received(SimulatedHost&, const Endpoint& /*from*/, const std::string& /*bytes*/) {}
    virtual void transmits(SimulatedHost&, const Transmit&, const std::string& /*bytes*/) {}
    virtual void committed(SimulatedHost&, const StoreBatch&, const BatchResult&) {}
    virtual void told(SimulatedHost&, const Event&) {}
    /// What it was told and had not stored is no more.
    virtual void ended(SimulatedHost&) {}
    /// The daemon's store does not do what it should.
    virtual void differs(SimulatedHost&, const std::string& /*what*/) {}
    /// All that an event brought about is done.
    virtual void flushed(SimulatedHost&) {}
};

/// Planted in the host, to see that the simulation catches it.
enum class PlantedBug : std::uint8_t {
    none,
    acknowledges_before_stored,
    stores_copies,
    forgets_timestamps,
    loses_commits,
    delivers_nothing_after_restart,
    real_store_drops_a_message,
};

struct HostOptions {
    NodeLimits limits = {};
    Duration expires_in = std::chrono::hours{24 * 7};
    Duration commit_min = std::chrono::milliseconds{1};
    Duration commit_max = std::chrono::milliseconds{1};
    PlantedBug bug = PlantedBug::none;
    std::function<std::unique_ptr<StoreTwin>()> make_twin = {};
};

class SimulatedHost {
public:
    /// `random` and `observer` outlive it, as `events` and `network` do.
    SimulatedHost(const Endpoint& endpoint, EventQueue& events, SimulatedNetwork& network,
                  std::mt19937_64& random, Observer& observer, const HostOptions& options);

    /// Where it is now.
    const Endpoint& endpoint() const { return endpoint_; }
    /// Where it was at first; names it, wherever it is.
    const Endpoint& home() const { return home_; }
    const SimulatedStore& store() const { return store_; }
    Node& node() { return *node_; }
    const Node& node() const { return *node_; }
    const NodeLimits& limits() const { return options_.limits; }
    std::size_t link_bytes() const { return network_.link_bytes(); }
    bool is_up() const { return node_ != nullptr; }
    Now now() const;

    std::variant<std::int64_t, SendError> send(const Endpoint& peer, std::string text,
                                               std::string request_id = {});
    /// All of them, or none.
    std::variant<std::int64_t, SendError> send_together(const Endpoint& peer,
                                                        std::vector<std::string> texts,
                                                        std::string request_id = {});
    /// To the newest message in the inbox of `peer`.
    std::variant<std::int64_t, SendError> reply(const Endpoint& peer, std::string text);
    void cancel(MessageId id);
    void retry(MessageId id);
    void set_dialect(const Endpoint& peer, Dialect dialect);

    void ask_receipt(const Endpoint& peer, std::int64_t message_us);
    void stop_asking(const Endpoint& peer, std::int64_t message_us);
    /// Of a message of the inbox. Lives as long as the object: the store of the daemon has its own
    /// tests of that.
    void mark(MessageId id, bool read, bool handled);

    /// Power is cut: of a commit under way either all or nothing stays. True if there was one.
    bool crash();
    void restart();
    void step_clock(Duration step);
    /// From now on it is there, and no longer where it was.
    void move_to(const Endpoint& endpoint);
    /// Every datagram waits so long before it is looked at.
    void slow_down(Duration by) { slowness_ = by; }
    /// Client queries want everything on disk that is known.
    void query();
    /// The store lets messages expire whose time has come, in memory or not.
    void maintain();

    // The disk and the socket.
    void hold_disk();
    void release_disk();
    void fill_disk(bool full);
    /// Of hosts with a real store alone: fails at its k-th operation from now on.
    bool spoil_disk(std::uint64_t operation, bool for_ever);
    void mend_disk();
    bool has_twin() const { return twin_ != nullptr; }
    /// That what is stored is what should be.
    void compare_stores();
    void block_socket(bool blocked);

    std::uint64_t batches_not_stored() const { return batches_not_stored_; }
    std::uint64_t store_failures() const { return store_failures_; }

    // What the host was told.
    const std::vector<SendOutcome>& outcomes() const { return outcomes_; }
    const std::vector<Finished>& finished() const { return finished_; }  ///< each alone
    const std::vector<Finished>& ends() const { return ends_; }          ///< as they were told
    const std::vector<ReceiptHeard>& receipts() const { return receipts_; }
    /// Of the message that send() gave this ticket for; empty before it is durable.
    std::optional<MessageId> id_of(std::int64_t ticket) const;

private:
    struct DiskWork {
        std::shared_ptr<const StoreBatch> batch;  ///< a commit, or
        std::optional<LoadRequest> load = {};     ///< a page
        bool maintenance = false;                 ///< or neither
    };

    void listen();
    void receive(const Endpoint& from, const std::string& bytes);
    void flush();
    void handle_events();
    void each_finished(Finished finished);
    void answer_receipts();
    void transmit();
    void wake_at(std::optional<Instant> next);
    void post(DiskWork work);
    void start_disk_work();
    void finish_disk_work();
    std::optional<BatchResult> commit(const StoreBatch& batch);
    std::optional<BatchResult> commit_to_twin(const StoreBatch& batch);
    std::optional<LoadedPage> load(const LoadRequest& request);
    std::vector<std::string> comparable(std::vector<std::string> contents) const;
    bool maintain_store();
    bool work_on(const DiskWork& work);
    void cut_commit(const StoreBatch& batch);
    void end();
    void fail();
    bool open_twin(Recovered& recovered);
    void settle();

    const Endpoint home_;
    Endpoint endpoint_;
    EventQueue& events_;
    SimulatedNetwork& network_;
    std::mt19937_64& random_;
    Observer& observer_;
    HostOptions options_;
    SimulatedStore store_;
    std::unique_ptr<StoreTwin> twin_;
    // What may be on the disk of the twin, or not, since it failed.
    std::optional<StoreBatch> uncertain_batch_;
    std::optional<WallTime> uncertain_expiry_;
    std::unique_ptr<Node> node_;
    std::uint64_t life_ = 0;  ///< events of an earlier one are void
    Duration wall_offset_{0};
    bool clock_jumped_ = false;
    Duration slowness_{0};
    std::optional<Instant> wakes_at_;
    std::deque<DiskWork> disk_work_;
    bool disk_busy_ = false;
    bool disk_held_ = false;
    bool disk_full_ = false;
    bool socket_blocked_ = false;
    bool queried_ = false;
    std::uint64_t batches_not_stored_ = 0;
    std::uint64_t store_failures_ = 0;
    std::vector<SendOutcome> outcomes_;
    std::vector<ReceiptHeard> receipts_;
    std::map<MessageId, ReadMarks> marks_;
    std::vector<Finished> finished_;
    std::vector<Finished> ends_;
};

}  // namespace p2pd
