// core: what has come in and is not durable yet, and the ACKs that are owed for it. Includes std,
// core.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "daemon/core/mailbox.h"

namespace p2pd {

/// An ACK that may be sent now; only Inbox::stored() makes one of a message that came in.
struct AckDue {
    Endpoint peer;
    std::optional<Endpoint> local;
    Stamp stamp;
    Instant arrived;  ///< of the newest copy that it answers
};

///   take() -> [ gathered ] --take_batch()--> [ being stored ] --stored()--> ACK
///
/// Copies of what is in either share its ACK. Nothing is acknowledged from [ gathered ].
class Inbox {
public:
    static constexpr std::size_t messages_max = 16384;
    static constexpr std::size_t bytes_max = std::size_t{8} * 1024 * 1024;

    enum class Taken : std::uint8_t { gathered, copy, full };
    Taken take(ReceivedMessage message, Instant now);

    bool gathered() const { return !gathered_.messages.empty(); }
    /// Messages that are not durable yet.
    std::size_t size() const { return gathered_.messages.size() + being_stored_.messages.size(); }
    /// What the store is to keep; at most one batch is being stored.
    std::vector<ReceivedMessage> take_batch();
    /// The batch is durable but for those `turned_away` (rising): the ACKs that are owed for it.
    std::vector<AckDue> stored(std::span<const std::size_t> turned_away = {});
    /// The batch could not be stored: silence, the senders try again.
    void not_stored();

private:
    struct Generation {
        std::vector<ReceivedMessage> messages;
        std::vector<Instant> arrived;  ///< of the newest copy of each
        std::multimap<std::pair<std::int64_t, Endpoint>, std::size_t> index;
        std::size_t bytes = 0;

        bool note_copy(const ReceivedMessage& message, Instant now);
        void add(ReceivedMessage message, Instant now);
    };

    Generation gathered_;
    Generation being_stored_;
};

}  // namespace p2pd
