// daemon: UDP sockets that the process was started with; part of peer_socket. Includes std, common,
// core.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/passed_descriptor.h"
#include "daemon/core/endpoint.h"

namespace p2pd {

/// What becomes of the descriptors that the service manager has passed.
struct PassedSockets {
    /// By a socket unit: they say what is listened on, whatever the configuration names.
    std::vector<PassedDescriptor> given;
    /// Those of the p2pd before, at addresses of the configuration: they go on being listened on.
    std::vector<PassedDescriptor> kept;
    /// The others: no UDP socket, or one that the configuration no longer names.
    std::vector<PassedDescriptor> unwanted;
};
PassedSockets sort_passed(std::vector<PassedDescriptor> passed,
                          const std::vector<Endpoint>& listen);

/// The name under which the manager keeps the socket at `local` over a restart.
std::string kept_name(const Endpoint& local);

/// The address of a UDP socket; empty if it is something else.
std::optional<Endpoint> udp_address(int descriptor);

}  // namespace p2pd
