// core: the outgoing messages in memory. Includes std, core.
#include "daemon/core/outbox.h"

#include <cassert>
#include <utility>
#include <vector>

namespace p2pd {

std::size_t Outbox::cost(const OutgoingMessage& message) {
    constexpr std::size_t overhead = 512;  // entry, indexes, and the session's own for each part
    constexpr std::size_t part_overhead = 160;
    return overhead + message.text.size() + part_overhead * message.part_ends.size() +
           (message.answered ? message.answered->text.size() : 0);
}

bool Outbox::add(OutgoingMessage&& message, Instant expires) {
    const std::int64_t first_us = message.first_us;
    if (entries_.find(first_us) != nullptr) return false;
    auto entry = std::make_shared<Entry>();
    entry->message = std::move(message);
    entry->expires = expires;
    const std::size_t parts = entry->parts();
    entry->unconfirmed = static_cast<std::uint32_t>(parts) - entry->message.parts_done;
    if (parts > 1) {
        std::vector<bool> confirmed(parts);
        for (std::uint32_t i = 0; i < entry->message.parts_done; ++i) confirmed[i] = true;
        entry->confirmed = std::move(confirmed);
    }
    bytes_ += cost(entry->message);
    if (entry->message.id != 0) by_id_.insert(entry->message.id, entry.get());
    by_expiry_.insert({expires, first_us}, entry.get());
    for (std::size_t i = 1; i < parts; ++i) {
        further_parts_.insert(first_us + static_cast<std::int64_t>(i), entry.get());
    }
    entries_.insert(first_us, std::move(entry));
    return true;
}

std::shared_ptr<Outbox::Entry> Outbox::remove(std::int64_t first_us) {
    std::shared_ptr<Entry> entry = std::move(entries_.at(first_us));
    bytes_ -= cost(entry->message);
    by_id_.erase(entry->message.id);
    by_expiry_.erase({entry->expires, first_us});
    for (std::size_t i = 1; i < entry->parts(); ++i) {
        further_parts_.erase(first_us + static_cast<std::int64_t>(i));
    }
    entries_.erase(first_us);
    return entry;
}

void Outbox::set_id(Entry& entry, MessageId id) {
    entry.message.id = id;
    by_id_.insert(id, &entry);
}

Outbox::Entry* Outbox::find_part(std::int64_t part_us) {
    if (const auto* const entry = entries_.find(part_us)) return entry->get();
    Entry* const* const entry = further_parts_.find(part_us);
    return entry == nullptr ? nullptr : *entry;
}

Outbox::Entry* Outbox::find(MessageId id) const {
    Entry* const* const entry = by_id_.find(id);
    return entry == nullptr ? nullptr : *entry;
}

bool Outbox::confirm(Entry& entry, std::int64_t part_us) {
    const auto part = static_cast<std::size_t>(part_us - entry.message.first_us);
    --entry.unconfirmed;
    std::uint32_t& done = entry.message.parts_done;
    if (entry.parts() == 1) {
        done = 1;
    } else {
        std::vector<bool>& confirmed = *entry.confirmed;
        assert(!confirmed[part]);
        confirmed[part] = true;
        while (done < confirmed.size() && confirmed[done]) ++done;
    }
    return entry.unconfirmed == entry.given_up;
}

std::optional<Instant> Outbox::next_expiry() const {
    if (by_expiry_.empty()) return std::nullopt;
    return by_expiry_.first().key.first;
}

Outbox::Entry* Outbox::expired(Instant now) {
    if (by_expiry_.empty() || by_expiry_.first().key.first > now) return nullptr;
    return by_expiry_.first().value;
}

}  // namespace p2pd
