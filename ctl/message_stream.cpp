// ctl: messages as they come, over restarts of the daemon. Includes std and common.
#include "ctl/message_stream.h"

#include <algorithm>
#include <utility>

#include "ctl/results.h"

namespace p2pd {

namespace {

constexpr std::chrono::milliseconds reconnect_delay_min{100};
constexpr std::chrono::milliseconds reconnect_delay_max{5000};

}  // namespace

MessageStream::MessageStream(std::string path, std::optional<std::uint64_t> since)
    : path_(std::move(path)), cursor_(since), delay_(reconnect_delay_min) {
    connect();
}

void MessageStream::connect() {
    client_.emplace(path_);
    subscribe();
}

void MessageStream::subscribe() {
    subscription_ = client_->post("subscribe", write_fields(SubscribeParams{cursor_}));
}

std::optional<MessageRecord> MessageStream::take_message(const Incoming& incoming) {
    if (incoming.id == subscription_) {
        if (incoming.error) throw *incoming.error;
        delay_ = reconnect_delay_min;
        const auto start = parse_result<SubscribeResult>(incoming.body).cursor;
        if (!cursor_) cursor_ = start;
    } else if (incoming.method == "message") {
        MessageRecord record = parse_message(incoming.body);
        cursor_ = std::max(cursor_.value_or(0), record.cursor);
        return record;
    } else if (incoming.method == "overrun") {
        cursor_ = parse_result<OverrunParams>(incoming.body).cursor;
        subscribe();
    }
    return std::nullopt;
}

void MessageStream::lost() {
    client_.reset();
    try_later();
}

void MessageStream::try_later() {
    next_try_ = std::chrono::steady_clock::now() + delay_;
    delay_ = std::min(delay_ * 2, reconnect_delay_max);
}

bool MessageStream::reconnect() {
    try {
        connect();
        return true;
    } catch (const ControlError& error) {
        client_.reset();
        // A socket that was just made may not be open to everybody yet.
        if (!error.is(error_not_running) && !error.is(error_denied)) throw;
    }
    try_later();
    return false;
}

}  // namespace p2pd
