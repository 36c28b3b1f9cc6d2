// daemon: clients that wait for messages to become final. Includes std, Asio, core, common.
#include "daemon/waits.h"

#include <algorithm>

namespace p2pd {

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
    for (std::uint32_t i = 0; i < event.count && !waiting_.empty(); ++i) {
        finished(event.update.id + i, event.update);
    }
}

void Waits::finished(MessageId id, const OutgoingUpdate& update) {
    std::vector<std::shared_ptr<Wait>> ready;
    const auto [first, last] = waiting_.equal_range(id);
    for (auto entry = first; entry != last; ++entry) {
        Wait& wait = *entry->second;
        for (MessageRecord& record : wait.records) {
            if (record.id == id && !is_final(record.state)) apply(update, record);
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

}  // namespace p2pd
