// ctl: messages as they arrive and change, waited for. Includes std, POSIX and common.
#include "ctl/subscription.h"

#include <poll.h>
#include <utility>

#include "ctl/language.h"
#include "ctl/results.h"

namespace p2pd {

Subscription::Subscription(Context& context, std::optional<std::uint64_t> since,
                           std::function<void()> before_waiting)
    : context_(context),
      before_waiting_(std::move(before_waiting)),
      stream_(context.socket_path(), since) {
    if (context.verbose()) context.remark(tr("connected to {1}", stream_.client().path()));
}

std::optional<MessageRecord> Subscription::next(std::optional<SteadyTime> deadline) {
    for (;;) {
        try {
            const auto incoming = receive(deadline);
            if (!incoming) return std::nullopt;
            if (auto record = stream_.take_message(*incoming)) return record;
        } catch (const ConnectionLost&) {
            if (!resume(deadline)) return std::nullopt;
        }
    }
}

std::optional<Incoming> Subscription::receive(std::optional<SteadyTime> deadline) {
    if (auto incoming = stream_.client().take()) return incoming;
    before_waiting_();
    return stream_.client().receive(deadline);
}

/// Connects again, as long as it takes; false when the time is up before.
bool Subscription::resume(std::optional<SteadyTime> deadline) {
    context_.remark(tr("the connection to p2pd has ended; trying again"));
    stream_.lost();
    do {
        std::optional<SteadyTime> until = stream_.next_try();
        if (deadline && *deadline < *until) until = deadline;
        ::poll(nullptr, 0, poll_timeout(until));
        if (deadline && std::chrono::steady_clock::now() >= *deadline) return false;
    } while (!stream_.reconnect());
    return true;
}

std::uint64_t current_cursor(Context& context) {
    const Json started = context.call("subscribe", write_fields(SubscribeParams{}));
    context.call("unsubscribe", Json::object());
    return parse_result<SubscribeResult>(started).cursor;
}

}  // namespace p2pd
