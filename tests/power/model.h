// tests/power: what a store must hold, worked out in memory. Includes std, core.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/core/mailbox.h"

namespace p2pd::test {

/// The same answers as daemon/store.h gives, to the last cursor, for what a universe asks of it.
/// Values can be copied: one before a transaction and one after it are what a crash may leave.
class Model {
public:
    struct Row {
        bool incoming = false;
        Endpoint peer;
        std::string text;
        std::uint32_t parts = 1;
        Cursor cursor = 0;
        bool read = false;
        OutState state = OutState::pending;
        std::uint32_t attempts = 0;

        bool operator==(const Row&) const = default;
    };
    /// Sums over the tables, and the numbers given.
    struct Totals {
        std::int64_t last_id = 0;
        std::int64_t last_cursor = 0;
        std::int64_t last_stamp_us = 0;
        std::int64_t messages = 0;
        std::int64_t unread = 0;
        std::int64_t pending = 0;
        std::int64_t peers = 0;
        std::int64_t parts_done = 0;
        std::int64_t identities = 0;
        std::int64_t long_texts = 0;
        std::int64_t loose_parts = 0;

        bool operator==(const Totals&) const = default;
    };

    void commit(const StoreBatch& batch);
    void mark(const std::vector<MessageId>& ids, bool read);
    void remove(const std::vector<MessageId>& ids);
    void purge_received(WallTime before);
    void purge_sent(WallTime before);
    void expire(WallTime now);
    void join_overdue(WallTime before);

    const std::map<MessageId, Row>& rows() const { return rows_; }
    Totals totals() const;
    std::int64_t last_stamp_us() const { return last_stamp_us_; }

    bool operator==(const Model&) const = default;

private:
    using Key = std::pair<Endpoint, std::int64_t>;
    /// Of a row, what its reader does not see.
    struct Hidden {
        std::uint32_t parts_done = 0;
        WallTime order;
        WallTime expires_at;
        std::string request_id;

        bool operator==(const Hidden&) const = default;
    };
    struct LongText {
        std::uint32_t count = 0;
        std::map<std::uint32_t, std::string> parts;
        WallTime last;

        bool operator==(const LongText&) const = default;
    };

    MessageId add(Row row, WallTime time);
    void accept(const OutgoingMessage& message);
    void receive(const ReceivedMessage& message);
    bool take_part(const ReceivedMessage& message);
    void join(const Key& key);
    void apply(const OutgoingUpdate& update);
    void erase(MessageId id);
    template <class Which>
    void purge(WallTime before, Which&& which);

    std::map<MessageId, Row> rows_;
    std::map<MessageId, Hidden> hidden_;
    std::set<Endpoint> peers_;
    std::set<std::tuple<Endpoint, std::int64_t, std::string>> identities_;
    std::set<Key> closed_;
    std::map<Key, LongText> long_texts_;
    MessageId last_id_ = 0;
    Cursor last_cursor_ = 0;
    std::int64_t last_stamp_us_ = 0;
    WallTime last_order_;
};

}  // namespace p2pd::test
