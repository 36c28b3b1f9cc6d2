// core: received messages until they are durable. Includes std, core.
#include "daemon/core/inbox.h"

#include <cassert>

namespace p2pd {

namespace {

/// The same identity: peer, microseconds (compared by the index) and content.
bool same_content(const ReceivedMessage& a, const ReceivedMessage& b) {
    return a.text == b.text && a.reply_to == b.reply_to && a.part == b.part;
}

}  // namespace

bool Inbox::Generation::note_copy(const ReceivedMessage& message, Instant now) {
    const auto [first, last] = index.equal_range({message.stamp.us, message.peer});
    for (auto candidate = first; candidate != last; ++candidate) {
        if (!same_content(messages[candidate->second], message)) continue;
        arrived[candidate->second] = now;
        return true;
    }
    return false;
}

void Inbox::Generation::add(ReceivedMessage message, Instant now) {
    index.emplace(std::pair{message.stamp.us, message.peer}, messages.size());
    bytes += message.text.size() + sizeof message;
    messages.push_back(std::move(message));
    arrived.push_back(now);
}

Inbox::Taken Inbox::take(ReceivedMessage message, Instant now) {
    if (being_stored_.note_copy(message, now) || gathered_.note_copy(message, now)) {
        return Taken::copy;
    }
    if (gathered_.messages.size() >= messages_max || gathered_.bytes >= bytes_max) {
        return Taken::full;
    }
    gathered_.add(std::move(message), now);
    return Taken::gathered;
}

std::vector<ReceivedMessage> Inbox::take_batch() {
    assert(being_stored_.messages.empty());
    being_stored_ = std::exchange(gathered_, {});
    return being_stored_.messages;
}

std::vector<AckDue> Inbox::stored(std::span<const std::size_t> turned_away) {
    std::vector<AckDue> acks;
    acks.reserve(being_stored_.messages.size());
    for (std::size_t i = 0; i < being_stored_.messages.size(); ++i) {
        if (!turned_away.empty() && turned_away.front() == i) {
            turned_away = turned_away.subspan(1);
            continue;
        }
        ReceivedMessage& message = being_stored_.messages[i];
        acks.push_back(
            {message.peer, message.local, std::move(message.stamp), being_stored_.arrived[i]});
    }
    being_stored_ = {};
    return acks;
}

void Inbox::not_stored() {
    being_stored_ = {};
}

}  // namespace p2pd
