// ctl: the program that `watch --exec` runs for each message. Includes std, POSIX and common.
#pragma once

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
/// Throws ControlError (exit 64) if there is no such program, (74) if none can be started.
HookEnd run_hook(const std::vector<std::string>& words, const MessageRecord& record);

}  // namespace p2pd
