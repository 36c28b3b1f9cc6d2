// core: how many datagrams may be under way to one peer. Includes std only.
#pragma once

#include <algorithm>
#include <cstdint>

namespace p2pd {

/// Slow start and AIMD in datagrams (RFC 5681, section 3). A program of the field gets a window of
/// one: it shows texts in the order in which they come, and its buffers are small.
class CongestionWindow {
public:
    static constexpr std::uint32_t initial = 10;  // RFC 6928
    static constexpr std::uint32_t maximum = 1024;

    std::uint32_t size() const { return fixed_to_one_ ? 1 : window_; }

    void fix_to_one(bool fixed) { fixed_to_one_ = fixed; }

    void confirmed() {
        if (window_ >= maximum) return;
        if (window_ < threshold_) {
            ++window_;
        } else if (++confirmed_in_window_ >= window_) {
            confirmed_in_window_ = 0;
            ++window_;
        }
    }
    /// A loss that later ACKs told of; call at most once a round trip.
    void lost() {
        threshold_ = std::max(window_ / 2, 2U);
        window_ = threshold_;
        confirmed_in_window_ = 0;
    }
    /// Nothing came back for a whole retransmission timeout.
    void timed_out() {
        lost();
        window_ = 1;
    }

private:
    bool fixed_to_one_ = true;
    std::uint32_t window_ = initial;
    std::uint32_t threshold_ = maximum;
    std::uint32_t confirmed_in_window_ = 0;
};

}  // namespace p2pd
