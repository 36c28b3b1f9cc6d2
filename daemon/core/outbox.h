// core: the outgoing messages that are in memory; the store has them all, or will. Includes std,
// core.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/core/mailbox.h"
#include "daemon/core/rare.h"
#include "daemon/core/rising_map.h"

namespace p2pd {

/// Messages without a final state, found by the timestamp of any part and, once durable, by id.
class Outbox {
public:
    struct Entry {
        OutgoingMessage message;
        Instant expires;
        Rare<std::vector<bool>> confirmed = {};  ///< by part, if there are several
        std::uint32_t unconfirmed = 0;
        std::uint32_t given_up = 0;  ///< of the unconfirmed: whether they came nobody will know

        std::size_t parts() const { return message.part_ends.size(); }
    };

    /// False if it is there already.
    bool add(OutgoingMessage&& message, Instant expires);
    std::shared_ptr<Entry> remove(std::int64_t first_us);
    /// Its row is stored, so it has an id now.
    void set_id(Entry& entry, MessageId id);

    Entry* find_part(std::int64_t part_us);
    Entry* find(MessageId id) const;

    /// Marks a part as confirmed; true if no further one is waited for.
    bool confirm(Entry& entry, std::int64_t part_us);
    /// No longer waits for a part; true if no further one is waited for.
    bool give_up_part(Entry& entry) { return ++entry.given_up == entry.unconfirmed; }

    std::optional<Instant> next_expiry() const;
    /// The first that has expired by `now`.
    Entry* expired(Instant now);

    std::size_t bytes() const { return bytes_; }
    std::size_t size() const { return entries_.size(); }

    /// What a message takes of memory, about.
    static std::size_t cost(const OutgoingMessage& message);

private:
    RisingMap<std::int64_t, std::shared_ptr<Entry>> entries_;  ///< by first_us
    RisingMap<std::int64_t, Entry*> further_parts_;            ///< by timestamp
    RisingMap<MessageId, Entry*> by_id_;
    RisingMap<std::pair<Instant, std::int64_t>, Entry*> by_expiry_;  ///< the second is first_us
    std::size_t bytes_ = 0;
};

}  // namespace p2pd
