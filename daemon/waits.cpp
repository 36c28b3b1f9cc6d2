// daemon: clients that wait for messages to become final. Includes std, Asio, core, common.
#include "daemon/waits.h"

#include <algorithm>

namespace p2pd {

namespace {

constexpr std::size_t recent_max = 8192;

UtcTime utc(WallTime time) {
    return {time.time_since_epoch().count()};
}

SendState send_state(OutState state) {
    switch (state) {
        case OutState::delivered:
            return SendState::delivered;
        case OutState::refused:
            return SendState::refused;
        case OutState::expired:
            return SendState::expired;
        case OutState::cancelled:
            return SendState::cancelled;
        case OutState::pending:
            break;
    }
    return SendState::sending;
}

}  // namespace

bool is_final(SendState state) {
    return state != SendState::queued && state != SendState::sending;
}

MessageRecord outgoing_record(const OutgoingMessage& message) {
    MessageRecord record;
    record.id = message.id;
    record.dir = Direction::out;
    record.peer = message.peer.text();
    record.state = message.attempts == 0 ? SendState::queued : SendState::sending;
    record.attempts = message.attempts;
    record.created_at = utc(message.created_at);
    record.expires_at = utc(message.expires_at);
    record.parts = static_cast<std::uint32_t>(message.part_ends.size());
    record.reply_to = message.reply_to;
    return record;
}

void apply(const OutgoingUpdate& update, MessageRecord& record) {
    record.state = send_state(update.state);
    record.attempts = std::max(record.attempts, update.attempts);
    if (update.acked_at) record.acked_at = utc(*update.acked_at);
    if (update.rtt) record.rtt_ms = static_cast<double>(update.rtt->count()) / 1000.0;
    if (!update.reason.empty()) record.reason = update.reason;
}

void Waits::begin(std::vector<MessageRecord> records, std::chrono::milliseconds timeout,
                  Done done) {
    auto wait = std::make_shared<Wait>();
    wait->records = std::move(records);
    wait->done = std::move(done);
    for (const MessageRecord& record : wait->records) {
        if (is_final(record.state)) continue;
        ++wait->open;
        waiting_.emplace(record.id, wait);
    }
    if (wait->open == 0 || timeout.count() == 0) return end(wait);
    wait->timer = std::make_unique<boost::asio::steady_timer>(loop_, timeout);
    wait->timer->async_wait([this, weak = std::weak_ptr(wait)](const boost::system::error_code& e) {
        const auto self = weak.lock();
        if (!e && self) end(self);
    });
}

void Waits::finished(const Finished& event) {
    const MessageId id = event.update.id;
    if (event.message) {
        MessageRecord record = outgoing_record(*event.message);
        apply(event.update, record);
        remember({event.message->peer, std::move(record)});
    }
    std::vector<std::shared_ptr<Wait>> ready;
    const auto [first, last] = waiting_.equal_range(id);
    for (auto entry = first; entry != last; ++entry) {
        Wait& wait = *entry->second;
        for (MessageRecord& record : wait.records) {
            if (record.id == id && !is_final(record.state)) apply(event.update, record);
        }
        if (--wait.open == 0) ready.push_back(entry->second);
    }
    waiting_.erase(first, last);
    for (const auto& wait : ready) end(wait);
}

void Waits::end(const std::shared_ptr<Wait>& wait) {
    if (!wait->done) return;
    if (wait->timer) wait->timer->cancel();
    std::erase_if(waiting_,
                  [&](const auto& entry) { return wait->open > 0 && entry.second == wait; });
    for (MessageRecord& record : wait->records) {
        const auto attempts = attempts_ ? attempts_(record.id) : std::nullopt;
        if (is_final(record.state) || !attempts) continue;
        record.attempts = *attempts;
        if (*attempts > 0) record.state = SendState::sending;
    }
    const Done done = std::exchange(wait->done, nullptr);
    done(std::move(wait->records));
}

void Waits::remember(Recent recent) {
    const MessageId id = recent.record.id;
    if (!recent_.insert_or_assign(id, std::move(recent)).second) return;
    recent_order_.push_back(id);
    if (recent_order_.size() <= recent_max) return;
    recent_.erase(recent_order_.front());
    recent_order_.pop_front();
}

const Waits::Recent* Waits::recent(MessageId id) const {
    const auto found = recent_.find(id);
    return found == recent_.end() ? nullptr : &found->second;
}

}  // namespace p2pd
