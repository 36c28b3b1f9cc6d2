// ctl: peers, groups and ids for the completion of shells, from the daemon. Includes std and
// common.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/completion_words.h"
#include "ctl/control_client.h"

namespace p2pd {

/// Asks the daemon, all in all for a certain time; each call throws ControlError when that is over.
/// No socket unit listens for it, so connecting starts nothing.
class CompletionNames {
public:
    /// Throws ControlError if no daemon takes the connection at once.
    CompletionNames(const std::optional<std::string>& socket, std::chrono::milliseconds timeout);

    /// Names of the address book.
    std::vector<CompletionWord> peers(std::string_view beginning);
    /// Names of groups, each with `before` in front.
    std::vector<CompletionWord> groups(std::string_view before);
    /// Ids of messages that `command` is for, the newest first.
    std::vector<CompletionWord> ids(std::string_view command);

private:
    Json ask(std::string_view method, const Json& params);
    std::vector<MessageRecord> newest_first(Box box, bool unread);

    SteadyTime deadline_;
    ControlClient client_;
};

}  // namespace p2pd
