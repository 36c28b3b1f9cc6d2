// ctl: p2pctl. Includes std and ctl.
#include <csignal>

#include "ctl/interrupt.h"
#include "ctl/program.h"

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    p2pd::end_on_interrupt();
    return p2pd::run_program({argv + (argc > 0 ? 1 : 0), argv + argc});
}
