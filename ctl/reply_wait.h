// ctl: waiting until a sent message is answered. Includes std and common.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "ctl/subscription.h"

namespace p2pd {

/// --timeout of a command that waits for a reply; without it there is no limit.
std::optional<SteadyTime> reply_deadline(const Arguments& arguments);

/// Follows sent messages until one of them is answered; meanwhile says what becomes of them.
class ReplyWait {
public:
    /// `since` is a cursor of before they were sent, so that no reply is missed.
    ReplyWait(Context& context, std::uint64_t since, std::optional<SteadyTime> deadline);

    /// A reply to this message is waited for as well.
    void about(std::uint64_t id) { ids_.insert(id); }

    /// The next reply. Empty when none will come: the time is up, or the message has ended
    /// undelivered; exit() says which.
    std::optional<MessageRecord> next();
    /// 75: a reply may come still; 1: it cannot.
    ExitCode exit() const { return exit_; }

private:
    void say(const MessageRecord& sent);

    Context& context_;
    Subscription subscription_;
    std::optional<SteadyTime> deadline_;
    std::set<std::uint64_t> ids_;
    ExitCode exit_ = ExitCode::not_confirmed;
};

}  // namespace p2pd
