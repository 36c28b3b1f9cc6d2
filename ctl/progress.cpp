// ctl: a line of progress on a terminal. Includes std, POSIX and common.
#include "ctl/progress.h"

#include <algorithm>
#include <unistd.h>

#include "common/terminal_text.h"
#include "ctl/output.h"

namespace p2pd {

namespace {

constexpr std::chrono::milliseconds redraw_after{100};
constexpr std::size_t bar_columns_max = 30;

std::string bar_text(double done, std::size_t columns) {
    const double part = std::clamp(done, 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(columns));
    return "[" + std::string(filled, '#') + std::string(columns - filled, ' ') + "] " +
           std::to_string(static_cast<int>(part * 100)) + "%";
}

}  // namespace

Progress::Progress(bool wanted) : wanted_(wanted && ::isatty(STDERR_FILENO)) {}

void Progress::show(std::string_view text, std::optional<double> done) {
    const auto now = std::chrono::steady_clock::now();
    if (!wanted_ || (visible_ && now < next_)) return;
    next_ = now + redraw_after;
    visible_ = true;
    // The last column stays free: a line that fills it moves on to the next one.
    const std::size_t columns = terminal_size(STDERR_FILENO).columns - 1;
    std::string line = fit_width(text, columns);
    const std::size_t left = columns - display_width(line);
    if (done && left > 20) line += "  " + bar_text(*done, std::min(left - 10, bar_columns_max));
    write_all(STDERR_FILENO, "\r" + line + "\x1b[K");
}

void Progress::clear() {
    if (!visible_) return;
    visible_ = false;
    write_all(STDERR_FILENO, "\r\x1b[K");
}

}  // namespace p2pd
