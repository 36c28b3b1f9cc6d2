// daemon: long texts that come in parts, joined when all are there. Includes std, core, the other
// rooms of the store.
#pragma once

#include <optional>
#include <span>

#include "daemon/core/mailbox.h"
#include "daemon/store_identities.h"
#include "daemon/store_messages.h"

namespace p2pd {

/// Writes need a transaction.
class LongTexts {
public:
    LongTexts(StoreState& state, MessageTable& messages, IdentityTable& identities);

    /// Keeps a part, and makes the message if it was the last one missing. False: it does not fit
    /// what is there of its long text, or claims too much; then it is a message of its own.
    bool take(RowId peer_id, const ReceivedMessage& part, std::optional<RowId> reply_to);

    /// All of a long text, in order, the only one with its first timestamp: a message at once.
    /// False, and nothing is changed, if take() has to see the parts.
    bool take_whole(RowId peer_id, std::span<const ReceivedMessage> parts,
                    std::optional<RowId> reply_to);
    /// Is there one whose latest part came before `before`?
    bool has_overdue(WallTime before);
    /// Makes a message of each of those, at most `limit`, with a visible mark for what is missing.
    void join_overdue(WallTime before, int limit);

private:
    /// What is there of a long text.
    struct Gathered {
        RowId id = 0;
        RowId peer_id = 0;
        std::int64_t first_us = 0;
        std::uint32_t count = 0;
        std::uint32_t present = 0;
        std::uint64_t bytes = 0;
        std::optional<std::string> original;
        std::optional<RowId> reply_to;
        std::string claims;
        WallTime last;
    };
    std::optional<Gathered> find(RowId peer_id, std::int64_t first_us);
    Gathered open(RowId peer_id, const ReceivedMessage& part, std::optional<RowId> reply_to);
    static Gathered read(sqlite::Run& row);
    bool fits(const Gathered& gathered, const ReceivedMessage& part);
    void add(Gathered& gathered, const ReceivedMessage& part);
    void join(const Gathered& gathered);

    StoreState& state_;
    MessageTable& messages_;
    IdentityTable& identities_;
    sqlite::Statement find_;
    sqlite::Statement overdue_;
    sqlite::Statement open_;
    sqlite::Statement count_;
    sqlite::Statement close_;
    sqlite::Statement find_part_;
    sqlite::Statement add_part_;
    sqlite::Statement parts_;
    sqlite::Statement erase_parts_;
};

}  // namespace p2pd
