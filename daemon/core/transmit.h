// core: a datagram on its way to the socket. Includes std, core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/codec.h"
#include "daemon/core/endpoint.h"
#include "daemon/core/wire_object.h"

namespace p2pd {

/// A datagram to be sent. The shell fills in the local address and encodes it.
struct Transmit {
    Endpoint to;
    std::optional<Endpoint> from;     ///< where the peer reached us last
    std::vector<WireObject> objects;  ///< more than one only to p2pd
    Dialect dialect = Dialect::base;
    Extension extension = Extension::none;
    std::size_t padded_bytes = 0;  ///< a probe of the path: filled up with spaces to this size
    // What Node::encoded() needs to know: the numbers of the trace's events for it.
    std::uint64_t first_event = 0;
    std::uint64_t end_event = 0;
    bool full = false;  ///< more waits than fits: spaces may make it as large as its neighbours
};

/// Its bytes: an object, or several, one a line. `local` is the address that it leaves from.
std::string encode(const Transmit& transmit, const Endpoint& local);

/// Takes the first of the objects in `bytes` of a datagram away from them: its lines where each
/// begins and ends as one does. A document of several lines may look so too; then its first line is
/// no object.
std::string_view take_line(std::string_view& bytes);

}  // namespace p2pd
