// core: received messages until they are durable. Includes std, core.
#include "daemon/core/inbox.h"

#include <cassert>
#include <utility>

namespace p2pd {

namespace {

/// The same identity: peer, microseconds (compared by the index) and content.
bool same_content(const ReceivedMessage& a, const ReceivedMessage& b) {
    return a.text == b.text && a.reply_to == b.reply_to && a.part == b.part;
}

}  // namespace

bool Inbox::Generation::note_copy(const ReceivedMessage& message, Instant now) {
    Identity identity{message.stamp.us, message.peer};
    while (const std::size_t* const at = index.find(identity)) {
        if (same_content(messages[*at], message)) {
            arrived[*at] = now;
            return true;
        }
        ++identity.copy;
    }
    return false;
}

/// The last of the messages has come.
void Inbox::Generation::note_new(Instant now) {
    const std::size_t at = arrived.size();
    Identity identity{messages[at].stamp.us, messages[at].peer};
    while (!index.insert(identity, at)) ++identity.copy;
    arrived.push_back(now);
}

Inbox::Taken Inbox::take(ReceivedMessage&& message, Instant now) {
    if (being_stored_.note_copy(message, now) || gathered_.note_copy(message, now)) {
        return Taken::copy;
    }
    if (messages_.size() >= messages_max || bytes_ >= bytes_max) return Taken::full;
    bytes_ += message.text.size() + sizeof message;
    messages_.push_back(std::move(message));
    gathered_.messages = messages_;
    gathered_.note_new(now);
    return Taken::gathered;
}

std::vector<ReceivedMessage> Inbox::take_batch() {
    assert(being_stored_.messages.empty());
    being_stored_ = std::exchange(gathered_, {});
    bytes_ = 0;
    std::vector<ReceivedMessage> taken = std::exchange(messages_, {});
    // Mostly the next one is about as large.
    messages_.reserve(taken.size());
    gathered_.arrived.reserve(taken.size());
    return taken;
}

std::vector<AckDue> Inbox::stored(std::span<const std::size_t> turned_away) {
    std::vector<AckDue> acks;
    acks.reserve(being_stored_.messages.size());
    for (std::size_t i = 0; i < being_stored_.messages.size(); ++i) {
        if (!turned_away.empty() && turned_away.front() == i) {
            turned_away = turned_away.subspan(1);
            continue;
        }
        const ReceivedMessage& message = being_stored_.messages[i];
        acks.push_back({message.peer, message.local, message.stamp, being_stored_.arrived[i]});
    }
    being_stored_ = {};
    return acks;
}

void Inbox::not_stored() {
    being_stored_ = {};
}

}  // namespace p2pd
