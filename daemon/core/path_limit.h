// core: how large datagrams may be on the way to one peer. Includes std, core.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "daemon/core/time.h"

namespace p2pd {

/// Packetization layer path MTU discovery (RFC 8899): a datagram with messages in it, filled up
/// with spaces to the size that is tried, is the probe; the ACK of any of them confirms the size.
/// Its loss costs a retransmission and says nothing of congestion (section 3).
///
///   [ base ] --confirmed--> [ larger ] … --lost three times, too large--> [ rest until raised ]
///      ^------- timeouts one after the other, too large without a probe ------|
class PathLimit {
public:
    static constexpr std::size_t base = 1200;  // BASE_PLPMTU, 5.1.2
    static constexpr int probes_max = 3;       // MAX_PROBES, 5.1.2
    static constexpr int black_hole_timeouts = 2;
    static constexpr Duration raise_interval = std::chrono::minutes{10};  // 5.1.1

    /// Payload bytes that arrived before, or that every path takes.
    std::size_t bytes() const { return confirmed_ == 0 ? base : sizes[confirmed_ - 1]; }

    /// The next size to try; empty while one is under way, or when it is not worth it by now.
    std::optional<std::size_t> probe_bytes(Instant now) const {
        if (probing_ || timeouts_ > 0 || confirmed_ == sizes.size() || now < rest_until_) {
            return std::nullopt;
        }
        return sizes[confirmed_];
    }
    void probe_sent() { probing_ = true; }
    void probe_confirmed() {
        probing_ = false;
        losses_ = 0;
        confirmed_ = std::min(confirmed_ + 1, sizes.size());
    }
    void probe_lost(Instant now) {
        probing_ = false;
        if (++losses_ < probes_max) return;
        too_large(now);
    }
    /// The host's own link does not take it, or nobody ever will.
    void too_large(Instant now) {
        probing_ = false;
        losses_ = 0;
        rest_until_ = now + raise_interval;
    }
    /// The path has become narrower. False if it is at the base already.
    bool fall_back(Instant now) {
        if (confirmed_ == 0) return false;
        confirmed_ = 0;
        too_large(now);
        return true;
    }
    /// A retransmission timeout; the second in a row may mean that the path has become narrower, or
    /// that it loses much: larger ones are tried again once the peer is heard (5.2).
    void timed_out() {
        if (++timeouts_ < black_hole_timeouts) return;
        confirmed_ = 0;
        probing_ = false;
        losses_ = 0;
    }
    void heard() { timeouts_ = 0; }

private:
    // Ethernet, jumbo frames, loopback; less the headers of IPv6 and UDP.
    static constexpr std::array<std::size_t, 3> sizes{1452, 8952, 65487};

    std::size_t confirmed_ = 0;  ///< how many of the sizes
    bool probing_ = false;
    int losses_ = 0;
    int timeouts_ = 0;
    Instant rest_until_{};
};

}  // namespace p2pd
