// ctl: a terminal made ready for an editor, and put back. Includes std and POSIX.
#include "ctl/terminal_guard.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <sys/signalfd.h>
#include <unistd.h>

#include "ctl/control_error.h"
#include "ctl/language.h"

namespace p2pd {

TerminalGuard::TerminalGuard() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) {
        throw ControlError(error_io, tr("the terminal: {1}", std::strerror(errno)));
    }
    apply();
}

void TerminalGuard::apply() const {
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
}

void TerminalGuard::restore() const {
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

SignalGuard::SignalGuard() {
    sigset_t signals{};
    sigemptyset(&signals);
    for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH}) sigaddset(&signals, each);
    fd_ = FileDescriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (fd_.get() < 0) {
        throw ControlError(error_io, tr("signals: {1}", std::strerror(errno)));
    }
    ::sigprocmask(SIG_BLOCK, &signals, &before_);
}

SignalGuard::~SignalGuard() {
    while (take() != 0) {
        // What came too late to be read has nobody left to act upon it.
    }
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int SignalGuard::take() const {
    signalfd_siginfo info{};
    return ::read(fd(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace p2pd
