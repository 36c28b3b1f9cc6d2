// ctl: messages as they arrive and change, over any number of connections. Includes std, POSIX and
// common.
#include "ctl/subscription.h"

#include <algorithm>
#include <poll.h>

#include "ctl/results.h"

namespace p2pd {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds reconnect_delay_min{100};
constexpr milliseconds reconnect_delay_max{5000};

}  // namespace

Subscription::Subscription(Context& context, std::optional<std::uint64_t> since,
                           std::function<void()> before_waiting)
    : context_(context),
      before_waiting_(std::move(before_waiting)),
      cursor_(since),
      delay_(reconnect_delay_min) {
    subscribe();
}

std::optional<MessageRecord> Subscription::next(std::optional<SteadyTime> deadline) {
    for (;;) {
        try {
            const auto incoming = receive(deadline);
            if (!incoming) return std::nullopt;
            if (auto record = take(*incoming)) return record;
        } catch (const ConnectionLost&) {
            if (!resume(deadline)) return std::nullopt;
        }
    }
}

/// What an earlier subscription still sends comes before the answer to this one.
void Subscription::subscribe() {
    begun_ = false;
    request_ = context_.client().post("subscribe", write_fields(SubscribeParams{cursor_}));
}

std::optional<Incoming> Subscription::receive(std::optional<SteadyTime> deadline) {
    if (auto incoming = context_.client().take()) return incoming;
    before_waiting_();
    return context_.client().receive(deadline);
}

std::optional<MessageRecord> Subscription::take(const Incoming& incoming) {
    if (incoming.id == request_) {
        if (incoming.error) throw *incoming.error;
        begun_ = true;
        delay_ = reconnect_delay_min;
        const auto start = parse_result<SubscribeResult>(incoming.body).cursor;
        if (!cursor_) cursor_ = start;
    } else if (!begun_) {
        return std::nullopt;
    } else if (incoming.method == "message") {
        MessageRecord record = parse_message(incoming.body);
        cursor_ = std::max(cursor(), record.cursor);
        return record;
    } else if (incoming.method == "overrun") {
        cursor_ = parse_result<OverrunParams>(incoming.body).cursor;
        subscribe();
    }
    return std::nullopt;
}

/// Connects again, as long as it takes; false when the time is up before.
bool Subscription::resume(std::optional<SteadyTime> deadline) {
    context_.remark("the connection to p2pd has ended; trying again");
    for (;;) {
        std::optional<SteadyTime> until = steady_clock::now() + delay_;
        if (deadline && *deadline < *until) until = deadline;
        ::poll(nullptr, 0, poll_timeout(until));
        if (deadline && steady_clock::now() >= *deadline) return false;
        delay_ = std::min(delay_ * 2, reconnect_delay_max);
        try {
            context_.reconnect();
            subscribe();
            return true;
        } catch (const ControlError& error) {
            if (!error.is(error_not_running)) throw;
        }
    }
}

std::uint64_t current_cursor(Context& context) {
    const Json started = context.call("subscribe", write_fields(SubscribeParams{}));
    context.call("unsubscribe", Json::object());
    return parse_result<SubscribeResult>(started).cursor;
}

}  // namespace p2pd
