// daemon: the rows of messages: made, changed, deleted, and read as records. Includes std, core,
// common, the other rooms of the store.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/control_protocol.h"
#include "daemon/core/mailbox.h"
#include "daemon/store_state.h"

namespace p2pd {

/// A whole received message, joined if it came in parts.
struct NewReceived {
    RowId peer_id = 0;
    const Stamp& stamp;
    std::string_view text;
    std::uint32_t parts = 1;
    std::optional<RowId> reply_to;
    std::string_view claims;
    WallTime received_at;
};

/// Where an outgoing message stands.
struct Progress {
    RowId peer_id = 0;
    OutState state = OutState::pending;
    std::uint32_t attempts = 0;
    std::uint32_t parts_done = 0;
    RowId cursor = 0;     ///< read only
    bool packed = false;  ///< the same: it has no row
};

/// Its end; of a reopened message a new beginning.
struct Outcome {
    Progress progress;
    std::optional<WallTime> acked_at;
    std::optional<Duration> rtt;
    std::string_view reason;
    std::optional<WallTime> expires_at;  ///< empty: as it was
};

/// A message as far as deleting and marking must know it.
struct Place {
    RowId peer_id = 0;
    Tray tray = Tray::unread;
    RowId cursor = 0;
};

/// What the first of some ids are about: of one, or of all that are in one span next to each other.
template <class Message>
struct Some {
    std::size_t ids = 1;
    std::vector<Message> messages;  ///< in the order of the ids; those that are there
};

/// A waiting message that expires.
struct Overdue {
    std::int64_t expires_us = 0;
    RowId id = 0;
};

/// Writes need a transaction. All that change what a reader sees give the message a new cursor,
/// but for the marks of reading.
class MessageTable {
public:
    explicit MessageTable(StoreState& state);

    RowId add(const NewReceived& message);
    RowId add(const OutgoingMessage& message, RowId peer_id);
    /// The same for some that come together, and may all be packed; the first id of theirs.
    RowId pack(std::span<const ReceivedMessage* const> messages, RowId peer_id);
    RowId pack(std::span<const OutgoingMessage> messages, RowId peer_id);
    static bool may_be_packed(const ReceivedMessage& message);
    static bool may_be_packed(const OutgoingMessage& message);
    void set_progress(RowId id, const Progress& progress);
    /// `before` is what progress() gives; the counters of what waits are changed as well.
    void set_outcome(RowId id, const Progress& before, const Outcome& outcome);
    /// All from `first` to `last` are delivered, alike. False, and nothing is changed, if not all
    /// of them wait for this peer. `outcome.reason` and `expires_at` do not count.
    bool set_delivered(RowId first, RowId last, const Outcome& outcome);
    void set_read(RowId id, bool read);
    /// False: it was so already.
    bool set_handled(RowId id);
    void erase(RowId id);

    std::optional<Place> place(RowId id);
    std::optional<Progress> progress(RowId id);  ///< of an outgoing one
    std::optional<RowId> find_request(std::string_view request_id);
    /// Our message to the host of `peer` that has `stamp_us` among the timestamps of its parts.
    std::optional<RowId> find_sent(std::int64_t stamp_us, const Endpoint& peer);

    std::optional<MessageRecord> record(RowId id);
    std::optional<OutgoingMessage> outgoing(RowId id);
    Some<MessageRecord> records(std::span<const RowId> ids);
    Some<OutgoingMessage> outgoing(std::span<const RowId> ids);
    std::optional<Store::Answerable> answerable(RowId id);
    std::optional<ReadMarks> read_marks(RowId id, RowId peer_id);  ///< of one received from there

    /// Adds the ids from `first` to `last`, of one tray or all, until there are `limit` of them.
    void find(RowId first, RowId last, const std::optional<Tray>& tray, bool newest_first,
              std::size_t limit, std::vector<RowId>& ids);
    /// Adds those of the ids from `first` to `last` that wait and should have ended before then.
    void find_overdue(RowId first, RowId last, std::int64_t time_us, std::vector<Overdue>& found);
    /// When the first to expire of the waiting ones from `first` to `last` does.
    std::optional<std::int64_t> next_expiry(RowId first, RowId last);

    /// The first id whose message came at `time` or later; after all ids if there is none.
    RowId first_since(std::int64_t time_us);

private:
    struct CursorRange {
        RowId first = 0;
        RowId last = 0;
    };

    std::int64_t order(std::int64_t time_us);
    void count_received(RowId first_id, RowId count, RowId peer_id, std::size_t bytes);
    void count(std::span<const OutgoingMessage> messages, RowId first_id, RowId peer_id);
    template <class Read>
    auto read_some(sqlite::Statement& of_row, sqlite::Statement& of_packed,
                   std::span<const RowId> ids, Read read);
    std::optional<Place> place_in_pack(RowId id);
    std::optional<Progress> progress_in_pack(RowId id);
    /// What is in a pack becomes a row, as do the others of it.
    void take_out(RowId id);
    void insert(const PackSpan& span, RowId id, const PackedMessage& message);
    /// Those from `first` to `last`, cut so that they have no others.
    std::vector<PackSpan> spans_of(RowId first, RowId last);
    /// Of the rows from `first` to `last` that wait for this peer, and of the spans, if all do.
    std::vector<CursorRange> waiting_cursors(RowId first, RowId last, RowId peer_id,
                                             std::span<const PackSpan> spans);

    StoreState& state_;
    sqlite::Statement add_received_;
    sqlite::Statement add_outgoing_;
    sqlite::Statement add_body_;
    sqlite::Statement add_outgoing_body_;
    sqlite::Statement set_progress_;
    sqlite::Statement set_outcome_;
    sqlite::Statement set_delivered_;
    sqlite::Statement waiting_cursors_;
    sqlite::Statement set_read_;
    sqlite::Statement set_handled_;
    sqlite::Statement erase_message_;
    sqlite::Statement erase_body_;
    sqlite::Statement place_;
    sqlite::Statement progress_;
    sqlite::Statement find_request_;
    sqlite::Statement find_sent_;
    sqlite::Statement oldest_ids_;
    sqlite::Statement newest_ids_;
    sqlite::Statement record_;
    sqlite::Statement packed_record_;
    sqlite::Statement outgoing_;
    sqlite::Statement packed_outgoing_;
    sqlite::Statement answerable_;
    sqlite::Statement packed_answerable_;
    sqlite::Statement read_marks_;
    sqlite::Statement time_from_;
    sqlite::Statement overdue_;
    sqlite::Statement next_expiry_;
};

}  // namespace p2pd
