// ctl: one text to each member of a group. Includes std and common.
#pragma once

#include <string>

#include "ctl/delivery.h"

namespace p2pd {

/// Sends `text` as a message of its own to each member of `@name`, waits as `options` say and
/// prints what is not delivered, and how many are. A member that cannot be sent to stops none of
/// the others. Done only if all are delivered, or with no-wait accepted; else the worst.
/// Throws ControlError before anything is sent, as for a group that there is not (exit 67).
ExitCode send_to_group(Context& context, const std::string& group, const std::string& text,
                       const DeliveryOptions& options);

}  // namespace p2pd
