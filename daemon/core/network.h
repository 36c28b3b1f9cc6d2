// core: a range of addresses, for the block list. Includes std, core.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/core/endpoint.h"

namespace p2pd {

/// All addresses that share their leading bits with one.
struct Network {
    Endpoint base;             ///< port 0
    unsigned prefix_bits = 0;  ///< of the 128; 96 more than written for IPv4

    bool contains(const Endpoint& endpoint) const;
    bool operator==(const Network&) const = default;
};

/// Reads `IP` and `IP/BITS`, IPv6 without brackets. Empty when it is not that.
std::optional<Network> parse_network(std::string_view text);

}  // namespace p2pd
