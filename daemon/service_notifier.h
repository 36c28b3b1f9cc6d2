// daemon: what systemd is told (sd_notify). Includes std only.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace p2pd {

/// Speaks to the service manager that started the process; without one every call does nothing.
class ServiceNotifier {
public:
    /// The peer socket is bound, the store is recovered, the control socket answers.
    void ready(std::string_view status) const;
    void status(std::string_view status) const;
    void reloading() const;
    void stopping() const;
    void alive() const;

    /// How often alive() is expected at least; half of WATCHDOG_USEC. Empty: not at all.
    std::optional<std::chrono::microseconds> watchdog_interval() const;
};

}  // namespace p2pd
