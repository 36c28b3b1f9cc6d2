// daemon: what systemd is told (sd_notify). Includes std, common.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <vector>

#include "common/passed_descriptor.h"

namespace p2pd {

struct NotifyAddress {
    sockaddr_un socket{};
    socklen_t size = 0;
};

/// What the manager that started the process has passed to it; to be asked once. Throws
/// std::system_error.
std::vector<PassedDescriptor> take_passed_descriptors();

/// Speaks to the service manager that started the process; without one every call does nothing.
/// It never waits for the manager: what is not taken at once and matters is said again later, the
/// rest is dropped.
class ServiceNotifier {
public:
    ServiceNotifier();
    ~ServiceNotifier();
    ServiceNotifier(const ServiceNotifier&) = delete;
    ServiceNotifier& operator=(const ServiceNotifier&) = delete;

    /// The peer socket is bound, the store is recovered, the control socket answers.
    void ready(std::string_view status);
    void status(std::string_view status) const;
    void reloading();
    void stopping();
    void alive() const;
    /// Has the manager keep a copy of a socket over restarts; false if it did not take it.
    bool keep(int descriptor, const std::string& name) const;
    /// Has it close what it keeps under these names, and waits until it has, for a few seconds at
    /// most; false if it has not.
    bool forget(const std::vector<std::string>& names) const;
    /// Says what the manager has not taken yet; true if it still does not.
    bool say_again();

    /// How often alive() is expected at least; half of WATCHDOG_USEC. Empty: not at all.
    std::optional<std::chrono::microseconds> watchdog_interval() const;

private:
    bool send(std::string_view state) const;
    bool send_with(int descriptor, std::string state) const;
    bool has_heard_all() const;
    void must_say(std::string state);

    std::optional<NotifyAddress> address_;  ///< empty: there is no manager
    int descriptor_ = -1;
    std::string unsaid_;  ///< the newest state that the manager has not taken
};

}  // namespace p2pd
