// ctl: what Ctrl-C does. Includes std and POSIX.
#include "ctl/interrupt.h"

#include <unistd.h>

#include "common/control_protocol.h"

namespace p2pd {

namespace {

volatile std::sig_atomic_t was_interrupted = 0;

extern "C" void end_process(int) {
    ::_exit(static_cast<int>(ExitCode::interrupted));
}
extern "C" void note_interrupt(int) {
    was_interrupted = 1;
}

void on_interrupt(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, nullptr);
}

}  // namespace

void end_on_interrupt() {
    on_interrupt(end_process);
}

InterruptGuard::InterruptGuard() {
    was_interrupted = 0;
    sigset_t interrupt{};
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    ::sigprocmask(SIG_BLOCK, &interrupt, &mask_before_);
    on_interrupt(note_interrupt);
}

InterruptGuard::~InterruptGuard() {
    on_interrupt(end_process);
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

bool InterruptGuard::interrupted() const {
    return was_interrupted != 0;
}

}  // namespace p2pd
