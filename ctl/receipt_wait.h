// ctl: waiting until a sent message is read, or handled. Includes std and common.
#pragma once

#include <optional>

#include "ctl/context.h"

namespace p2pd {

/// Waits until the peer says that the message `sent`, which is delivered, has been read or handled,
/// that this cannot be known, or until `deadline`; prints which. 0: it is so; 75: not yet, or the
/// peer does not answer; 1: it will not be known. A daemon that goes meanwhile is waited for.
ExitCode await_receipt(Context& context, const MessageRecord& sent, ReadMark until,
                       std::optional<SteadyTime> deadline);

/// The value of an option that says what is waited for; throws ControlError (exit 64).
ReadMark parse_read_mark(const std::string& text, std::string_view option);

}  // namespace p2pd
