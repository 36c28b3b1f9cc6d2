// core: what has come in and is not durable yet, and the ACKs that are owed for it. Includes std,
// core.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "daemon/core/mailbox.h"
#include "daemon/core/rising_map.h"

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
    Taken take(ReceivedMessage&& message, Instant now);

    bool gathered() const { return !gathered_.messages.empty(); }
    /// Messages that are not durable yet.
    std::size_t size() const { return gathered_.messages.size() + being_stored_.messages.size(); }
    /// What the store is to keep; at most one batch is being stored. The messages must stay where
    /// they are in memory until stored() or not_stored().
    [[nodiscard]] std::vector<ReceivedMessage> take_batch();
    /// The batch is durable but for those `turned_away` (rising): the ACKs that are owed for it.
    std::vector<AckDue> stored(std::span<const std::size_t> turned_away = {});
    /// The batch could not be stored: silence, the senders try again.
    void not_stored();

private:
    /// Which message of a peer: `copy` tells those apart that have one timestamp, but not one
    /// content.
    struct Identity {
        std::int64_t us = 0;
        Endpoint peer;
        std::size_t copy = 0;

        auto operator<=>(const Identity&) const = default;  // NOLINT(modernize-use-nullptr)
    };
    struct Generation {
        std::span<const ReceivedMessage> messages;
        std::vector<Instant> arrived;  ///< of the newest copy of each
        RisingMap<Identity, std::size_t> index;

        bool note_copy(const ReceivedMessage& message, Instant now);
        void note_new(Instant now);
    };

    std::vector<ReceivedMessage> messages_;  ///< those of gathered_
    std::size_t bytes_ = 0;                  ///< of them
    Generation gathered_;
    Generation being_stored_;
};

}  // namespace p2pd
