// ctl: a terminal made ready for an editor, and put back. Includes std and POSIX.
#pragma once

#include <csignal>
#include <termios.h>

#include "ctl/file_descriptor.h"

namespace p2pd {

/// While it lives, the terminal at standard input neither echoes nor waits for whole lines, also
/// between two lines that an editor reads.
class TerminalGuard {
public:
    /// Throws ControlError (exit 74).
    TerminalGuard();
    ~TerminalGuard() { restore(); }
    TerminalGuard(const TerminalGuard&) = delete;
    TerminalGuard& operator=(const TerminalGuard&) = delete;

    void apply() const;
    void restore() const;

private:
    termios before_{};
};

/// While it lives, the signals that a program on a terminal gets are read from fd(), none acts.
class SignalGuard {
public:
    /// Throws ControlError (exit 74).
    SignalGuard();
    ~SignalGuard();
    SignalGuard(const SignalGuard&) = delete;
    SignalGuard& operator=(const SignalGuard&) = delete;

    int fd() const { return fd_.get(); }
    /// The next one that has come; 0: none.
    int take() const;

private:
    sigset_t before_{};
    FileDescriptor fd_;
};

}  // namespace p2pd
