// daemon: UDP sockets that the process was started with; part of peer_socket. Includes std, common,
// core.
#include "daemon/udp_socket_passed.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "daemon/socket_address.h"

namespace p2pd {

namespace {

constexpr std::string_view kept_prefix = "p2pd-udp-";

int socket_option(int descriptor, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

/// A name there may have no colon.
std::string kept_name(const Endpoint& local) {
    std::string name = std::string(kept_prefix) + local.text();
    std::ranges::replace(name, ':', '_');
    return name;
}

std::optional<Endpoint> udp_address(int descriptor) {
    const int family = socket_option(descriptor, SO_DOMAIN);
    if (family != AF_INET && family != AF_INET6) return std::nullopt;
    if (socket_option(descriptor, SO_PROTOCOL) != IPPROTO_UDP) return std::nullopt;
    SocketAddress bound;
    bound.size = sizeof bound.storage;
    if (getsockname(descriptor, bound.get(), &bound.size) != 0) return std::nullopt;
    return to_endpoint(bound.storage);
}

PassedSockets sort_passed(std::vector<PassedDescriptor> passed,
                          const std::vector<Endpoint>& listen) {
    PassedSockets sorted;
    for (PassedDescriptor& one : passed) {
        const auto address = udp_address(one.get());
        auto* place = &sorted.unwanted;
        if (address && !one.name().starts_with(kept_prefix)) {
            place = &sorted.given;
        } else if (address && std::ranges::find(listen, *address) != listen.end()) {
            place = &sorted.kept;
        }
        place->push_back(std::move(one));
    }
    if (!sorted.given.empty()) {
        std::ranges::move(sorted.kept, std::back_inserter(sorted.unwanted));
        sorted.kept.clear();
    }
    return sorted;
}

}  // namespace p2pd
