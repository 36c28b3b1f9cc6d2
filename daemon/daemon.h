// daemon: owns the loop, the store thread, the Node and the shells, and joins them. Includes all of
// daemon.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/config.h"
#include "common/logging.h"
#include "daemon/address_book.h"
#include "daemon/bus_server.h"
#include "daemon/control_server.h"
#include "daemon/core/node.h"
#include "daemon/metrics.h"
#include "daemon/peer_socket.h"
#include "daemon/service_notifier.h"
#include "daemon/store_thread.h"

namespace p2pd {

class ControlMethods;

/// Events go into the Node, one flush() carries out what it wants done, and nothing is promised
/// before it is durable.
class Daemon {
public:
    /// Recovers the store, binds, and makes the control socket, in this order. Throws
    /// StoreFailure, ListenError, ControlSocketError.
    Daemon(Config config, ConfigSources sources, Log& log);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// Serves until SIGTERM or SIGINT. Throws StoreFailure when the store can promise nothing any
    /// more.
    void run();

    // For the control methods.
    Node& node() { return node_; }
    AddressBook& book() { return book_; }
    ControlServer& control_server() { return control_server_; }
    PeerSocket& peer_socket() { return peer_socket_; }
    const Config& config() const { return config_; }
    Log& log() { return log_; }
    boost::asio::io_context& loop() { return loop_; }
    WallTime started_at() const { return started_at_; }
    const DaemonCounters& counters() const { return counters_; }
    Now now() const;

    /// Runs `job(Store&)` after everything that the Node knows now is stored, then `done(result)`.
    template <class Job, class Done>
    void query(Job job, Done done) {
        queries_.push_back([this, job = std::move(job), done = std::move(done)]() mutable {
            store_thread_->post(std::move(job),
                                [this, done = std::move(done)](auto result) mutable {
                                    done(std::move(result));
                                    flush();
                                });
        });
        schedule_flush();
    }
    /// flush() soon, once for all that is done until then.
    void schedule_flush();
    /// Numbers that others look at may have changed, although no message has.
    void counts_changed() { bus_server_.counts_changed(); }
    /// Reads the configuration anew; all or nothing. Throws ConfigError.
    ReloadResult reload();

private:
    void flush();
    void handle_events();
    void commit(bool lazily_too);
    void committed(const StoreBatch& batch, const BatchResult& result);
    void run_queries();
    void load();
    void look_up_receipts();
    void transmit();
    void arm_timer();
    void maintained(const Maintenance& done);
    void changed(Cursor cursor);
    BusServer::Hooks bus_hooks();
    void wait_for_signal();
    void stop();
    PassedSockets passed_sockets();
    void keep_sockets();
    void start_watchdog();
    void watch();
    void log_changes();
    std::string status_text() const;

    Config config_;
    ConfigSources sources_;
    Log& log_;
    WallTime started_at_;
    boost::asio::io_context loop_;
    std::unique_ptr<Store> opened_store_;  ///< until the store thread has it
    AddressBook book_;
    Node node_;
    ServiceNotifier notifier_;
    PeerSocket peer_socket_;
    ControlServer control_server_;
    BusServer bus_server_;
    std::shared_ptr<Requester> bus_requester_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer node_timer_;
    boost::asio::steady_timer watchdog_timer_;
    boost::asio::steady_timer housekeeping_timer_;
    std::unique_ptr<ControlMethods> methods_;
    std::vector<std::function<void()>> queries_;
    bool flush_scheduled_ = false;
    bool stopping_ = false;
    bool was_disk_full_ = false;
    std::string last_status_;
    DaemonCounters counters_;
    std::unique_ptr<StoreThread> store_thread_;  ///< last: it is joined first
};

}  // namespace p2pd
