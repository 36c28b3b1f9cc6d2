// daemon: sd_notify(3), without its waiting. Includes std, sd-daemon.
#include "daemon/service_notifier.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <sys/uio.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <systemd/sd-daemon.h>

namespace p2pd {

namespace {

constexpr std::chrono::microseconds forget_timeout = std::chrono::seconds{5};

/// Of what libsystemd has allocated.
struct FreeDeleter {
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
    void operator()(void* memory) const { std::free(memory); }
};

/// The manager's socket by its path, or by its name in the abstract namespace (`@name`).
std::optional<NotifyAddress> manager_address() {
    const char* const name = std::getenv("NOTIFY_SOCKET");
    NotifyAddress address;
    const std::size_t size = name == nullptr ? 0 : std::strlen(name);
    if (size < 2 || size >= sizeof address.socket.sun_path) return std::nullopt;
    if (*name != '/' && *name != '@') return std::nullopt;
    address.socket.sun_family = AF_UNIX;
    std::memcpy(address.socket.sun_path, name, size);
    if (*name == '@') address.socket.sun_path[0] = '\0';
    address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
    return address;
}

}  // namespace

std::vector<PassedDescriptor> take_passed_descriptors() {
    // The environment stays as it is: another thread may be reading it.
    char** names = nullptr;
    const int count = sd_listen_fds_with_names(0, &names);
    if (count < 0) throw std::system_error(-count, std::generic_category(), "passed descriptors");
    const std::unique_ptr<char*, FreeDeleter> list(names);
    std::vector<PassedDescriptor> passed;
    for (int i = 0; i < count; ++i) {
        const std::unique_ptr<char, FreeDeleter> name(names[i]);
        passed.emplace_back(SD_LISTEN_FDS_START + i, name.get());
    }
    return passed;
}

ServiceNotifier::ServiceNotifier() : address_(manager_address()) {
    if (address_) descriptor_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

ServiceNotifier::~ServiceNotifier() {
    if (descriptor_ >= 0) close(descriptor_);
}

/// False while the manager does not read. One that has gone is no reason to stop or to try again:
/// it restarts what it cannot hear.
bool ServiceNotifier::send(std::string_view state) const {
    if (descriptor_ < 0) return true;
    const auto* const address = reinterpret_cast<const sockaddr*>(&address_->socket);
    return sendto(descriptor_, state.data(), state.size(), MSG_NOSIGNAL, address, address_->size) >=
               0 ||
           errno != EAGAIN;
}

/// A newer state takes the place of one that was not taken.
void ServiceNotifier::must_say(std::string state) {
    unsaid_ = std::move(state);
    say_again();
}

bool ServiceNotifier::say_again() {
    if (!unsaid_.empty() && send(unsaid_)) unsaid_.clear();
    return !unsaid_.empty();
}

void ServiceNotifier::ready(std::string_view status) {
    must_say("READY=1\nSTATUS=" + std::string(status));
}

void ServiceNotifier::status(std::string_view status) const {
    send("STATUS=" + std::string(status));
}

void ServiceNotifier::reloading() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t us = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
    must_say("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us));
}

void ServiceNotifier::stopping() {
    must_say("STOPPING=1\nSTATUS=Stopping");
}

bool ServiceNotifier::keep(int descriptor, const std::string& name) const {
    if (descriptor_ < 0) return true;
    // Not polled: an error of a UDP socket is no reason to drop it.
    std::string state = "FDSTORE=1\nFDPOLL=0\nFDNAME=" + name;
    iovec part{state.data(), state.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptor)> control{};
    NotifyAddress address = *address_;
    msghdr message{&address.socket, address.size, &part, 1, control.data(), control.size(), 0};
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(descriptor_, &message, MSG_NOSIGNAL) >= 0;
}

/// What the manager holds is still bound, so it must be gone before its port is used again.
bool ServiceNotifier::forget(const std::vector<std::string>& names) const {
    if (descriptor_ < 0) return true;
    for (const std::string& name : names) {
        if (!send("FDSTOREREMOVE=1\nFDNAME=" + name)) return false;
    }
    return sd_notify_barrier(0, forget_timeout.count()) >= 0;
}

void ServiceNotifier::alive() const {
    send("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> ServiceNotifier::watchdog_interval() const {
    std::uint64_t timeout_us = 0;
    if (sd_watchdog_enabled(0, &timeout_us) <= 0) return std::nullopt;
    return std::chrono::microseconds{timeout_us / 2};
}

}  // namespace p2pd
