// ctl: what Ctrl-C does. Includes std and POSIX.
#pragma once

#include <csignal>

namespace p2pd {

/// From now on SIGINT ends the process with exit code 130, wherever it is.
void end_on_interrupt();

/// While it lives, SIGINT is only noticed, and only while ppoll() waits with wait_mask(): there is
/// no moment in which it is lost.
class InterruptGuard {
public:
    InterruptGuard();
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

    bool interrupted() const;
    const sigset_t* wait_mask() const { return &mask_before_; }

private:
    sigset_t mask_before_{};
};

}  // namespace p2pd
