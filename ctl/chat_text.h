// ctl: the lines of chat. Includes std and common.
#pragma once

#include <string>
#include <string_view>

#include "ctl/control_error.h"
#include "ctl/output_human.h"

namespace p2pd {

/// A message that came: `10:31 ← #42 bob: hi`, with its line breaks; of a long text the beginning.
/// It ends with a line break, and everything in it is safe to print.
std::string arrived_text(const MessageRecord& record, const Style& style);

/// What became of a message that was sent: `→ #57 bob: delivered in 0.8 ms`.
std::string outcome_text(const MessageRecord& record, const Style& style);

/// That it is not delivered after some time.
std::string late_text(const MessageRecord& record, const Style& style);

/// The same of one that the daemon does not have (yet): `→ bob: ` and what is to be said.
std::string not_accepted_text(std::string_view shown, std::string_view what, Colour colour,
                              const Style& style);

/// An error and what to do about it.
std::string failure_text(const ControlError& error, const Style& style);

/// A remark of chat itself.
std::string remark_text(std::string_view text, const Style& style);

/// What /help says.
std::string chat_help_text();

}  // namespace p2pd
