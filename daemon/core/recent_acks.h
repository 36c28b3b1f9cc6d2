// core: what a p2pd was told of late, to be told again. Includes std, core.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "daemon/core/endpoint.h"
#include "daemon/core/time.h"
#include "daemon/core/wire_object.h"

namespace p2pd {

/// The next ACK to a p2pd repeats the last ones, so that a lost ACK is not a lost message: nothing
/// is sent again, and the window stays (ACK ranges of RFC 9000, section 13.2.3).
class RecentAcks {
public:
    using Path = std::pair<Endpoint, std::optional<Endpoint>>;  ///< peer, and where it was heard

    static constexpr std::size_t paths_max = 1024;
    static constexpr std::size_t acks_kept_max = 4;     ///< a path
    static constexpr std::size_t ranges_kept_max = 64;  ///< an ACK; a longer one is not repeated
    /// Later the sender has asked.
    static constexpr Duration age_max = std::chrono::seconds{1};

    /// Adds to `ack` what of earlier ones fits into `room` bytes, and keeps it to be repeated.
    void repeat(const Path& path, WireAck& ack, std::size_t room, Instant now);

private:
    struct Told {
        Stamp first;
        std::vector<StampRange> ranges;  ///< with the first one; rising, apart from each other
        Instant at;
    };
    using Acks = std::deque<Told>;  ///< the newest first

    std::map<Path, Acks> paths_;
};

/// About how many bytes write_ranges() takes for `ranges` after `original_us`, at most.
std::size_t range_bytes_max(std::int64_t original_us, std::span<const StampRange> ranges);

}  // namespace p2pd
