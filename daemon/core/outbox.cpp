// core: the outgoing messages in memory. Includes std, core.
#include "daemon/core/outbox.h"

#include <cassert>

namespace p2pd {

std::size_t Outbox::cost(const OutgoingMessage& message) {
    constexpr std::size_t overhead = 512;  // entry, indexes, and the session's own for each part
    constexpr std::size_t part_overhead = 160;
    return overhead + message.text.size() + part_overhead * message.part_ends.size() +
           (message.answered ? message.answered->text.size() : 0);
}

bool Outbox::add(OutgoingMessage message, Instant expires) {
    const std::int64_t first_us = message.first_us;
    if (entries_.contains(first_us)) return false;
    Entry entry{std::move(message), expires, {}, 0};
    entry.confirmed.resize(entry.message.part_ends.size());
    for (std::uint32_t i = 0; i < entry.message.parts_done; ++i) entry.confirmed[i] = true;
    entry.unconfirmed =
        static_cast<std::uint32_t>(entry.confirmed.size()) - entry.message.parts_done;
    bytes_ += cost(entry.message);
    if (entry.message.id != 0) by_id_.emplace(entry.message.id, first_us);
    by_expiry_.emplace(expires, first_us);
    entries_.emplace(first_us, std::move(entry));
    return true;
}

OutgoingMessage Outbox::remove(std::int64_t first_us) {
    const auto entry = entries_.find(first_us);
    assert(entry != entries_.end());
    OutgoingMessage message = std::move(entry->second.message);
    bytes_ -= cost(message);
    by_id_.erase(message.id);
    by_expiry_.erase({entry->second.expires, first_us});
    entries_.erase(entry);
    return message;
}

void Outbox::set_id(Entry& entry, MessageId id) {
    entry.message.id = id;
    by_id_.emplace(id, entry.message.first_us);
}

Outbox::Entry* Outbox::find_part(std::int64_t part_us) {
    auto after = entries_.upper_bound(part_us);
    if (after == entries_.begin()) return nullptr;
    Entry& entry = std::prev(after)->second;
    const auto parts = static_cast<std::int64_t>(entry.confirmed.size());
    return part_us < entry.message.first_us + parts ? &entry : nullptr;
}

Outbox::Entry* Outbox::find(MessageId id) {
    const auto first_us = by_id_.find(id);
    return first_us == by_id_.end() ? nullptr : &entries_.at(first_us->second);
}

const Outbox::Entry* Outbox::find(MessageId id) const {
    const auto first_us = by_id_.find(id);
    return first_us == by_id_.end() ? nullptr : &entries_.at(first_us->second);
}

bool Outbox::confirm(Entry& entry, std::int64_t part_us) {
    const auto part = static_cast<std::size_t>(part_us - entry.message.first_us);
    assert(!entry.confirmed[part]);
    entry.confirmed[part] = true;
    --entry.unconfirmed;
    std::uint32_t& done = entry.message.parts_done;
    while (done < entry.confirmed.size() && entry.confirmed[done]) ++done;
    return entry.unconfirmed == entry.given_up;
}

std::optional<Instant> Outbox::next_expiry() const {
    if (by_expiry_.empty()) return std::nullopt;
    return by_expiry_.begin()->first;
}

Outbox::Entry* Outbox::expired(Instant now) {
    if (by_expiry_.empty() || by_expiry_.begin()->first > now) return nullptr;
    return &entries_.at(by_expiry_.begin()->second);
}

}  // namespace p2pd
