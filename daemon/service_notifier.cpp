// daemon: sd_notify(3). Includes std, sd-daemon.
#include "daemon/service_notifier.h"

#include <cstdint>
#include <ctime>
#include <string>

#include <systemd/sd-daemon.h>

namespace p2pd {

namespace {

/// A manager that does not listen is no reason to stop; it restarts what it cannot hear.
void notify(const std::string& state) {
    static_cast<void>(sd_notify(0, state.c_str()));
}

}  // namespace

void ServiceNotifier::ready(std::string_view status) const {
    notify("READY=1\nSTATUS=" + std::string(status));
}

void ServiceNotifier::status(std::string_view status) const {
    notify("STATUS=" + std::string(status));
}

void ServiceNotifier::reloading() const {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t us = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
    notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us));
}

void ServiceNotifier::stopping() const {
    notify("STOPPING=1\nSTATUS=Stopping");
}

void ServiceNotifier::alive() const {
    notify("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> ServiceNotifier::watchdog_interval() const {
    std::uint64_t timeout_us = 0;
    if (sd_watchdog_enabled(0, &timeout_us) <= 0) return std::nullopt;
    return std::chrono::microseconds{timeout_us / 2};
}

}  // namespace p2pd
