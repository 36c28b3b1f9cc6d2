// ctl: the program that `watch --exec` runs for each message. Includes std, POSIX and common.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/control_protocol.h"

namespace p2pd {

/// How a program ended: 0 is success. `what` is for people: "exit code 3", "signal 9".
struct HookEnd {
    bool succeeded = false;
    std::string what;
};

/// Runs `words`, the program (found by $PATH, no shell) and its arguments, with the message as a
/// line of JSON on standard input and its id and peer in $P2P_ID and $P2P_PEER; waits for its end.
/// `after_success` is called by a process that goes on when this one is killed, with the memory and
/// the locks that there were, and here only if that failed. Throws ControlError (exit 64) if there
/// is no such program, (74) if none can be started or nobody knows how it has ended.
HookEnd run_hook(const std::vector<std::string>& words, const MessageRecord& record,
                 const std::function<void()>& after_success);

}  // namespace p2pd
