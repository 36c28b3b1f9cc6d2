// daemon: sd_notify(3) and sd_listen_fds(3), without waiting and without libsystemd. Includes std.
#include "daemon/service_notifier.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace p2pd {

namespace {

constexpr std::chrono::milliseconds forget_timeout = std::chrono::seconds{5};
constexpr int first_passed = 3;  // descriptors are passed from there on

std::string_view environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view() : value;
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || at != end) return std::nullopt;
    return value;
}

/// Whether what is said to a process of this number is said to this one, not to a parent.
bool is_own_pid(std::string_view text) {
    return number(text) == static_cast<std::uint64_t>(getpid());
}

/// `a:b`; empty names count.
std::vector<std::string> split_names(std::string_view text) {
    std::vector<std::string> names;
    for (;;) {
        const std::size_t end = text.find(':');
        names.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return names;
        text.remove_prefix(end + 1);
    }
}

[[noreturn]] void fail_to_take(int error) {
    throw std::system_error(error, std::generic_category(), "passed descriptors");
}

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
    if (!is_own_pid(environment("LISTEN_PID")) || environment("LISTEN_FDS").empty()) return {};
    const auto count = number(environment("LISTEN_FDS"));
    const bool named = std::getenv("LISTEN_FDNAMES") != nullptr;
    const std::vector<std::string> names = split_names(environment("LISTEN_FDNAMES"));
    if (!count || (named && *count > 0 && *count != names.size())) fail_to_take(EINVAL);
    std::vector<PassedDescriptor> passed;
    while (passed.size() < *count) {
        const int descriptor = first_passed + static_cast<int>(passed.size());
        if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) fail_to_take(errno);
        passed.emplace_back(descriptor, named ? names[passed.size()] : "unknown");
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

bool ServiceNotifier::send_with(int descriptor, std::string state) const {
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

bool ServiceNotifier::keep(int descriptor, const std::string& name) const {
    if (descriptor_ < 0) return true;
    // Not polled: an error of a UDP socket is no reason to drop it.
    return send_with(descriptor, "FDSTORE=1\nFDPOLL=0\nFDNAME=" + name);
}

/// What the manager holds is still bound, so it must be gone before its port is used again.
bool ServiceNotifier::forget(const std::vector<std::string>& names) const {
    if (descriptor_ < 0) return true;
    for (const std::string& name : names) {
        if (!send("FDSTOREREMOVE=1\nFDNAME=" + name)) return false;
    }
    return has_heard_all();
}

/// sd_notify_barrier(3): the manager closes its end of a pipe once it has read all before it.
bool ServiceNotifier::has_heard_all() const {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    const bool sent = send_with(ends[1], "BARRIER=1");
    close(ends[1]);
    pollfd other_end{ends[0], 0, 0};
    const bool heard = sent && poll(&other_end, 1, static_cast<int>(forget_timeout.count())) > 0;
    close(ends[0]);
    return heard;
}

void ServiceNotifier::alive() const {
    send("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> ServiceNotifier::watchdog_interval() const {
    const std::string_view pid = environment("WATCHDOG_PID");
    if (!pid.empty() && !is_own_pid(pid)) return std::nullopt;
    const auto timeout_us = number(environment("WATCHDOG_USEC"));
    if (timeout_us.value_or(0) == 0) return std::nullopt;
    return std::chrono::microseconds{*timeout_us / 2};
}

}  // namespace p2pd
