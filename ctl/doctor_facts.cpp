// ctl: what the doctor looks at on this host by itself. Includes std, POSIX and common.
#include "ctl/doctor_facts.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <grp.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/endpoint_text.h"
#include "ctl/file_descriptor.h"

namespace p2pd {

namespace {

namespace fs = std::filesystem;

/// The group of the path, or of the nearest folder above it that may be looked at.
gid_t group_of(fs::path path) {
    struct stat found {};
    while (::stat(path.c_str(), &found) != 0 && path.has_relative_path()) path = path.parent_path();
    return found.st_gid;
}

bool is_active(gid_t group) {
    if (::getegid() == group) return true;
    const int count = ::getgroups(0, nullptr);
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(count, 0)));
    if (::getgroups(count, groups.data()) != count) return false;
    return std::ranges::find(groups, group) != groups.end();
}

bool is_member(const passwd& user, gid_t group) {
    int count = 0;
    ::getgrouplist(user.pw_name, user.pw_gid, nullptr, &count);
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(count, 0)));
    if (::getgrouplist(user.pw_name, user.pw_gid, groups.data(), &count) < 0) return false;
    return std::ranges::find(groups, group) != groups.end();
}

/// An errno, or 0.
int bind_error(const HostPort& local) {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_DGRAM;
    wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(local.port);
    if (::getaddrinfo(local.host.c_str(), port.c_str(), &wanted, &found) != 0) return EINVAL;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
    const FileDescriptor socket(::socket(owned->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) return errno;
    const int on = 1;
    if (owned->ai_family == AF_INET6 &&
        ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
        return errno;
    }
    return ::bind(socket.get(), owned->ai_addr, owned->ai_addrlen) == 0 ? 0 : errno;
}

}  // namespace

Access access_to(const std::string& socket) {
    const gid_t group = group_of(fs::absolute(socket));
    Access access;
    access.socket = socket;
    access.active = is_active(group);
    const passwd* const user = ::getpwuid(::geteuid());
    access.user = user != nullptr ? user->pw_name : std::to_string(::geteuid());
    access.member = user != nullptr && is_member(*user, group);
    const struct group* const known = ::getgrgid(group);
    access.group = known != nullptr ? known->gr_name : std::to_string(group);
    return access;
}

std::vector<Binding> try_binding(const std::vector<std::string>& endpoints, bool any_port) {
    std::vector<Binding> bindings;
    for (const std::string& endpoint : endpoints) {
        auto local = split_host_port(endpoint, default_udp_port);
        if (local && any_port) local->port = 0;
        bindings.push_back({endpoint, local ? bind_error(*local) : EINVAL});
    }
    return bindings;
}

std::optional<std::uint64_t> free_bytes(const std::string& folder) {
    fs::path path = folder;
    std::error_code error;
    fs::space_info space = fs::space(path, error);
    while (error && path.has_relative_path()) {
        path = path.parent_path();
        space = fs::space(path, error);
    }
    return error ? std::nullopt : std::optional<std::uint64_t>(space.available);
}

}  // namespace p2pd
