// core: slow start, then CUBIC. Includes std, core.
#include "daemon/core/congestion_window.h"

#include <algorithm>
#include <cmath>

namespace p2pd {

namespace {

constexpr double cubic_c = 0.4;     // RFC 9438, section 5.1
constexpr double cubic_beta = 0.7;  // section 4.6
/// The factor of RFC 8511, which has it for marks: they come from short queues. Beside CUBIC it got
/// 1.2 to 1.5 times as much in queues of 5 and 25 ms, and some 2.3 times in one of 2 ms, as before.
constexpr double without_queue_beta = 0.85;
constexpr double reno_alpha = 3 * (1 - cubic_beta) / (1 + cubic_beta);  // section 4.3

double seconds(Duration time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

void CongestionWindow::confirmed(std::size_t bytes, std::size_t datagram_bytes, Instant now,
                                 Duration round_trip) {
    const auto arrived = static_cast<double>(bytes);
    if (in_slow_start()) {
        window_ += arrived;
    } else {
        grow_as_cubic(arrived, static_cast<double>(datagram_bytes), now, round_trip);
    }
    window_ = std::min<double>(window_, bytes_max);
}

void CongestionWindow::grow_as_cubic(double bytes, double datagram_bytes, Instant now,
                                     Duration round_trip) {
    if (!in_epoch_) {
        in_epoch_ = true;
        epoch_ = now;
        as_reno_ = window_;
        before_loss_ = std::max(before_loss_, window_);
        plateau_after_s_ = std::cbrt((before_loss_ - window_) / datagram_bytes / cubic_c);
    }
    const double share = bytes / window_;  // of a round trip
    // Reno's own step once its window is that of before the loss.
    const double alpha = as_reno_ < reno_until_ ? reno_alpha : 1;
    as_reno_ += alpha * datagram_bytes * share;
    const double from_plateau_s = seconds(now - epoch_ + round_trip) - plateau_after_s_;
    const double cubic =
        cubic_c * from_plateau_s * from_plateau_s * from_plateau_s * datagram_bytes + before_loss_;
    // At most half as much again in a round trip, section 4.4.
    const double target = std::clamp(cubic, window_, 1.5 * window_);
    window_ = std::max(window_ + (target - window_) * share, as_reno_);
}

void CongestionWindow::lost(std::size_t datagram_bytes, bool queue) {
    cut(queue ? cubic_beta : without_queue_beta, datagram_bytes);
}

void CongestionWindow::cut(double factor, std::size_t datagram_bytes) {
    // Below the last peak: somebody else wants a share, section 4.7.
    before_loss_ = window_ < before_loss_ ? window_ * (1 + factor) / 2 : window_;
    reno_until_ = window_;
    window_ =
        std::max(window_ * factor, static_cast<double>(datagrams_of_lossy_min * datagram_bytes));
    threshold_ = window_;
    in_epoch_ = false;
}

void CongestionWindow::timed_out(std::size_t datagram_bytes) {
    cut(cubic_beta, datagram_bytes);
    window_ = static_cast<double>(datagrams_min * datagram_bytes);
}

}  // namespace p2pd
