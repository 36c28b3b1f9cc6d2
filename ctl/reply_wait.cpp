// ctl: waiting until a sent message is answered. Includes std and common.
#include "ctl/reply_wait.h"

#include "ctl/delivery.h"
#include "ctl/language.h"

namespace p2pd {

std::optional<SteadyTime> reply_deadline(const Arguments& arguments) {
    const auto timeout = arguments.duration("timeout", wait_timeout_max);
    if (!timeout) return std::nullopt;
    return std::chrono::steady_clock::now() + *timeout;
}

ReplyWait::ReplyWait(Context& context, std::uint64_t since, std::optional<SteadyTime> deadline)
    : context_(context),
      subscription_(context, since, [&context] { context.out().flush(); }),
      deadline_(deadline) {}

std::optional<MessageRecord> ReplyWait::next() {
    while (auto record = subscription_.next(deadline_)) {
        if (record->dir == Direction::in) {
            if (record->reply_to && ids_.contains(*record->reply_to)) return record;
            continue;
        }
        if (!ids_.contains(record->id) || !is_final(record->state)) continue;
        say(*record);
        if (record->state == SendState::delivered) continue;
        exit_ = exit_of(record->state);
        return std::nullopt;
    }
    if (!ids_.empty()) {
        context_.remark(tr("no reply yet; one that comes later is in p2pctl inbox"));
    }
    return std::nullopt;
}

/// Beside the data, which is the reply.
void ReplyWait::say(const MessageRecord& sent) {
    context_.remark(without_line_break(sent_line(sent, Style{})));
}

}  // namespace p2pd
