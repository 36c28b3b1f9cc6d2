// tests/power: what a store must hold, worked out in memory. Includes std, core.
#include "tests/power/model.h"

#include <algorithm>

namespace p2pd::test {

namespace {

std::string missing(std::uint32_t first, std::uint32_t last, std::uint32_t count) {
    const std::string of = " of " + std::to_string(count);
    if (first == last) return "[part " + std::to_string(first) + of + " is missing]";
    return "[parts " + std::to_string(first) + " to " + std::to_string(last) + of + " are missing]";
}

}  // namespace

MessageId Model::add(Row row, WallTime time) {
    row.cursor = ++last_cursor_;
    last_order_ = std::max(last_order_, time);
    hidden_[++last_id_].order = last_order_;
    rows_.emplace(last_id_, std::move(row));
    return last_id_;
}

void Model::commit(const StoreBatch& batch) {
    last_stamp_us_ = std::max(last_stamp_us_, batch.last_stamp_us);
    for (const OutgoingMessage& message : batch.accepted) accept(message);
    for (const ReceivedMessage& message : batch.received) receive(message);
    for (const OutgoingUpdate& update : batch.updates) apply(update);
}

void Model::accept(const OutgoingMessage& message) {
    const bool repeated = std::any_of(hidden_.begin(), hidden_.end(), [&](const auto& row) {
        return !message.request_id.empty() && row.second.request_id == message.request_id;
    });
    if (repeated) return;
    peers_.insert(message.peer);
    Row row;
    row.peer = message.peer;
    row.text = message.text;
    row.parts = static_cast<std::uint32_t>(message.part_ends.size());
    row.state = message.delivered ? OutState::delivered : OutState::pending;
    row.attempts = message.attempts;
    const MessageId id = add(std::move(row), message.created_at);
    hidden_[id].parts_done = message.parts_done;
    hidden_[id].expires_at = message.expires_at;
    hidden_[id].request_id = message.request_id;
    const auto parts = static_cast<std::int64_t>(message.part_ends.size());
    last_stamp_us_ = std::max(last_stamp_us_, message.first_us + parts - 1);
}

void Model::receive(const ReceivedMessage& message) {
    peers_.insert(message.peer);
    if (!identities_.emplace(message.peer, message.stamp.us, message.text).second) return;
    if (message.part && take_part(message)) return;
    Row row;
    row.incoming = true;
    row.peer = message.peer;
    row.text = message.text;
    add(std::move(row), message.received_at);
}

bool Model::take_part(const ReceivedMessage& message) {
    const Key key{message.peer, message.part->first_us};
    if (closed_.contains(key)) return false;
    LongText& long_text = long_texts_[key];
    long_text.count = message.part->count;
    long_text.parts[message.part->number] = message.text;
    long_text.last = message.received_at;
    if (long_text.parts.size() == long_text.count) join(key);
    return true;
}

void Model::join(const Key& key) {
    const LongText long_text = long_texts_.at(key);
    Row row;
    row.incoming = true;
    row.peer = key.first;
    row.parts = static_cast<std::uint32_t>(long_text.parts.size());
    std::uint32_t expected = 1;
    for (const auto& [number, text] : long_text.parts) {
        if (number > expected) row.text += missing(expected, number - 1, long_text.count);
        expected = number + 1;
        row.text += text;
    }
    if (expected <= long_text.count) {
        row.text += missing(expected, long_text.count, long_text.count);
    }
    add(std::move(row), long_text.last);
    long_texts_.erase(key);
    closed_.insert(key);
}

void Model::apply(const OutgoingUpdate& update) {
    const auto found = rows_.find(update.id);
    if (found == rows_.end() || found->second.incoming) return;
    Row& row = found->second;
    Hidden& hidden = hidden_.at(update.id);
    const std::uint32_t attempts = std::max(row.attempts, update.attempts);
    const std::uint32_t parts_done = std::max(hidden.parts_done, update.parts_done);
    if (update.state == OutState::pending && update.reopen) {
        row.attempts = update.attempts;
        hidden.parts_done = update.parts_done;
        hidden.expires_at = update.expires_at.value();
    } else if (update.state == OutState::pending) {
        if (row.state != OutState::pending) return;
        if (attempts == row.attempts && parts_done == hidden.parts_done) return;
        row.attempts = attempts;
        hidden.parts_done = parts_done;
    } else {
        if (row.state == OutState::delivered) return;
        if (row.state != OutState::pending && update.state != OutState::delivered) return;
        row.attempts = attempts;
        hidden.parts_done = parts_done;
    }
    row.state = update.state;
    row.cursor = ++last_cursor_;
}

void Model::mark(const std::vector<MessageId>& ids, bool read) {
    for (const MessageId id : ids) {
        const auto found = rows_.find(id);
        if (found != rows_.end() && found->second.incoming) found->second.read = read;
    }
}

void Model::remove(const std::vector<MessageId>& ids) {
    for (const MessageId id : ids) {
        const auto found = rows_.find(id);
        if (found == rows_.end()) continue;
        const Row& row = found->second;
        if (row.incoming || row.state != OutState::pending) erase(id);
    }
}

void Model::erase(MessageId id) {
    rows_.erase(id);
    hidden_.erase(id);
}

template <class Which>
void Model::purge(WallTime before, Which&& which) {
    std::vector<MessageId> ids;
    for (const auto& [id, row] : rows_) {
        if (which(row) && hidden_.at(id).order < before) ids.push_back(id);
    }
    for (const MessageId id : ids) erase(id);
}

void Model::purge_received(WallTime before) {
    purge(before, [](const Row& row) { return row.incoming && row.read; });
}

void Model::purge_sent(WallTime before) {
    purge(before, [](const Row& row) { return !row.incoming && row.state != OutState::pending; });
}

void Model::expire(WallTime now) {
    std::vector<std::pair<WallTime, MessageId>> overdue;
    for (const auto& [id, row] : rows_) {
        if (row.incoming || row.state != OutState::pending) continue;
        if (hidden_.at(id).expires_at < now) overdue.emplace_back(hidden_.at(id).expires_at, id);
    }
    std::sort(overdue.begin(), overdue.end());
    for (const auto& [time, id] : overdue) {
        rows_.at(id).state = OutState::expired;
        rows_.at(id).cursor = ++last_cursor_;
    }
}

void Model::join_overdue(WallTime before) {
    std::vector<std::pair<WallTime, Key>> overdue;
    for (const auto& [key, long_text] : long_texts_) {
        if (long_text.last < before) overdue.emplace_back(long_text.last, key);
    }
    std::sort(overdue.begin(), overdue.end());
    for (const auto& [time, key] : overdue) join(key);
}

Model::Totals Model::totals() const {
    Totals totals;
    totals.last_id = static_cast<std::int64_t>(last_id_);
    totals.last_cursor = static_cast<std::int64_t>(last_cursor_);
    totals.last_stamp_us = last_stamp_us_;
    totals.messages = static_cast<std::int64_t>(rows_.size());
    for (const auto& [id, row] : rows_) {
        totals.unread += row.incoming && !row.read ? 1 : 0;
        totals.pending += !row.incoming && row.state == OutState::pending ? 1 : 0;
        totals.parts_done += hidden_.at(id).parts_done;
    }
    totals.peers = static_cast<std::int64_t>(peers_.size());
    totals.identities = static_cast<std::int64_t>(identities_.size() + closed_.size());
    totals.long_texts = static_cast<std::int64_t>(long_texts_.size());
    for (const auto& [key, long_text] : long_texts_) {
        totals.loose_parts += static_cast<std::int64_t>(long_text.parts.size());
    }
    return totals;
}

}  // namespace p2pd::test
