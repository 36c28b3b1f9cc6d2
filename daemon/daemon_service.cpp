// daemon: the daemon as a service: signals, reloading, the watchdog, and what it says of itself.
// Includes all of daemon.
#include <csignal>

#include "common/log_ids.h"
#include "daemon/config_limits.h"
#include "daemon/control_methods.h"
#include "daemon/daemon.h"

namespace p2pd {

namespace {

constexpr std::chrono::seconds housekeeping_interval{5};
constexpr std::chrono::milliseconds notify_again_interval{100};

}  // namespace

void Daemon::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        if (signal != SIGHUP) return stop();
        try {
            reload();
        } catch (const ConfigError& failed) {
            log_.error(std::string("not reloaded: ") + failed.what(),
                       {.message_id = log_id::not_reloaded});
        }
        wait_for_signal();
    });
}

/// What is accepted is durable already; what has been received is stored, clients or not. What is
/// still in the kernel stays there, as systemd holds the sockets too.
void Daemon::stop() {
    if (std::exchange(stopping_, true)) return;
    log_changes();
    log_.info("stopping", {.message_id = log_id::stopping});
    notifier_.stopping();
    peer_socket_.stop_receiving();
    control_server_.stop();
    bus_server_.stop();
    query([](Store&) { return true; }, [this](bool) { loop_.stop(); });
}

ReloadResult Daemon::reload() {
    notifier_.reloading();
    try {
        const Config loaded = load_config(sources_);
        const ConfigDifference difference = compare(config_, loaded);
        config_ = reloaded_config(config_, loaded);
        log_.set_level(config_.log_level);
        node_.set_limits(node_limits(config_));
        control_server_.set_limits(control_limits(config_));
        store_thread_->post(
            [options = store_options(config_)](Store& store) {
                store.set_limits(options.part_timeout, options.quotas);
                return true;
            },
            [](bool) {});
        methods_->configured();
        log_.info("configuration reloaded, " + std::to_string(difference.changed.size()) +
                      " keys changed",
                  {.message_id = log_id::reloaded});
        notifier_.ready(status_text());
        return {difference.changed, difference.needs_restart};
    } catch (const ConfigError&) {
        notifier_.ready(status_text());
        throw;
    }
}

void Daemon::start_watchdog() {
    const auto interval = notifier_.watchdog_interval();
    if (!interval) return;
    watchdog_timer_.expires_after(*interval);
    watchdog_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        // The answer comes through the store thread: both live, or systemd restarts the service.
        store_thread_->post([](Store&) { return true; }, [this](bool) { notifier_.alive(); });
        start_watchdog();
    });
}

/// Now and then: what changed is said, to the log and to systemd.
void Daemon::watch() {
    log_changes();
    counts_changed();  // addresses that were awaited
    std::string status = status_text();
    if (status != last_status_) {
        last_status_ = std::move(status);
        notifier_.status(last_status_);
    }
    if (notifier_.say_again()) {
        housekeeping_timer_.expires_after(notify_again_interval);
    } else {
        housekeeping_timer_.expires_after(housekeeping_interval);
    }
    housekeeping_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) watch();
    });
}

void Daemon::log_changes() {
    if (const auto error = peer_socket_.take_error()) {
        log_.limited("send_error", LogLevel::warning, *error, {.message_id = log_id::send_trouble});
    }
    if (node_.disk_full() != was_disk_full_) {
        was_disk_full_ = node_.disk_full();
        if (was_disk_full_) {
            log_.error(
                "the disk is full: nothing is accepted until there is room in " + config_.state_dir,
                {.message_id = log_id::disk_full});
        } else {
            log_.info("there is room on the disk again", {.message_id = log_id::disk_room});
        }
    }
    log_.report_suppressed();
}

std::string Daemon::status_text() const {
    std::string text = "listening on";
    for (const Endpoint& endpoint : peer_socket_.listening()) text += " " + endpoint.text();
    return text + ", " + std::to_string(node_.pending_messages()) + " messages on their way";
}

}  // namespace p2pd
