// daemon: what is counted, as `status` and `metrics` tell it. Includes core, common, store and
// peer_socket.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/control_protocol.h"
#include "daemon/core/duration_histogram.h"
#include "daemon/core/node.h"
#include "daemon/peer_socket.h"
#include "daemon/store.h"

namespace p2pd {

/// What the Daemon itself counts, on the loop.
struct DaemonCounters {
    static constexpr std::size_t ends = 4;

    std::uint64_t accepted = 0;               ///< messages that became durable here, to be sent
    std::array<std::uint64_t, ends> ended{};  ///< by OutState, from `delivered` on
    DurationHistogram commits;                ///< of batches, syncs included

    void count(const Event& event);
};

/// All that the metrics are made of.
struct MetricsFacts {
    std::string version;
    WallTime started_at;
    NodeCounters node;
    PeerSocketCounters socket;
    DaemonCounters daemon;
    StoreCounts store;
    bool disk_full = false;
    std::size_t clients = 0;
    std::size_t unstored_received = 0;
    std::size_t outgoing_bytes = 0;
    std::vector<LimitUse> limits;
};

std::vector<NamedCount> traffic_counts(const NodeCounters& node, const PeerSocketCounters& socket);
/// Datagrams that were not taken, by cause.
std::vector<NamedCount> drop_counts(const NodeCounters& node);

/// Names begin with `p2pd_`. Labels are of sets that the program fixes, never of peers.
MetricsResult metrics_of(const MetricsFacts& facts);

}  // namespace p2pd
