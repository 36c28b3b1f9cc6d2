// core: slow start, then CUBIC. Includes std, core.
#include "daemon/core/congestion_window.h"

#include <algorithm>
#include <cmath>

namespace p2pd {

namespace {

constexpr double cubic_c = 0.4;                                         // RFC 9438, section 5.1
constexpr double cubic_beta = 0.7;                                      // section 4.6
constexpr double reno_alpha = 3 * (1 - cubic_beta) / (1 + cubic_beta);  // section 4.3
constexpr double window_min = 2;

double seconds(Duration time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

void CongestionWindow::confirmed(Instant now, Duration round_trip) {
    if (window_ < threshold_) {
        window_ += 1;
    } else {
        grow_as_cubic(now, round_trip);
    }
    window_ = std::min<double>(window_, maximum);
}

void CongestionWindow::grow_as_cubic(Instant now, Duration round_trip) {
    if (!in_epoch_) {
        in_epoch_ = true;
        epoch_ = now;
        as_reno_ = window_;
        before_loss_ = std::max(before_loss_, window_);
        plateau_after_s_ = std::cbrt((before_loss_ - window_) / cubic_c);
    }
    as_reno_ += reno_alpha / window_;
    const double from_plateau_s = seconds(now - epoch_ + round_trip) - plateau_after_s_;
    const double cubic = cubic_c * from_plateau_s * from_plateau_s * from_plateau_s + before_loss_;
    // At most half as much again in a round trip, section 4.4.
    const double target = std::clamp(cubic, window_, 1.5 * window_);
    window_ = std::max(window_ + (target - window_) / window_, as_reno_);
}

void CongestionWindow::lost() {
    // Below the last peak: somebody else wants a share, section 4.7.
    before_loss_ = window_ < before_loss_ ? window_ * (1 + cubic_beta) / 2 : window_;
    window_ = std::max(window_ * cubic_beta, window_min);
    threshold_ = window_;
    in_epoch_ = false;
}

void CongestionWindow::timed_out() {
    lost();
    window_ = 1;
}

}  // namespace p2pd
