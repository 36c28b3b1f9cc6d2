// ctl: a line of progress on a terminal. Includes std, POSIX and common.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace p2pd {

/// The last line of the terminal on standard error; does nothing where that is no terminal.
class Progress {
public:
    explicit Progress(bool wanted);
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Draws `text` and, if it is known, a bar of `done` (0 to 1); at most ten times a second.
    void show(std::string_view text, std::optional<double> done);
    /// Takes it away, so that something else can be written; the next show() draws it again.
    void clear();
    bool visible() const { return visible_; }

private:
    bool wanted_;
    bool visible_ = false;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace p2pd
