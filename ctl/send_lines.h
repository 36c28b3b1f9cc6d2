// ctl: each line of standard input as one message. Includes std, POSIX and common.
#pragma once

#include <string>

#include "ctl/context.h"
#include "ctl/delivery.h"

namespace p2pd {

/// Sends the lines of standard input to `peer` over one connection, pipelined, and prints a line
/// for each that is accepted (or confirmed, if `options` says to wait), in bounded memory however
/// many there are. Blank lines are skipped. Ends with the worst exit code of all.
ExitCode send_lines(Context& context, const std::string& peer, const DeliveryOptions& options);

}  // namespace p2pd
