// daemon: the rows of messages, read. Includes std, core, common, daemon/sqlite.h,
// daemon/store.h.
#include <algorithm>

#include "daemon/store.h"
#include "daemon/store_messages.h"

namespace p2pd {

namespace {

std::vector<std::uint32_t> unpack_part_ends(sqlite::Bytes bytes) {
    std::vector<std::uint32_t> ends(bytes.size() / 4);
    for (std::size_t i = 0; i < ends.size() * 4; ++i) {
        ends[i / 4] |= std::uint32_t{bytes[i]} << (i % 4 * 8);
    }
    return ends;
}

Endpoint read_endpoint(sqlite::Run& row) {
    const auto text = row.next<std::string_view>();
    const auto endpoint = parse_endpoint(text, 0);
    if (!endpoint) throw StoreFailure("the store failed: bad address " + std::string(text));
    return *endpoint;
}

/// The columns of each direction come in the order of the query, whichever it is.
void read_received(sqlite::Run& row, MessageRecord& record, UtcTime time, UtcTime stamp) {
    record.dir = Direction::in;
    record.received_at = time;
    record.sent_at = stamp;
    record.claims = row.next<std::optional<std::string>>();
    row.skip(6);  // what only a sent one has
}

void read_sent(sqlite::Run& row, MessageRecord& record, UtcTime time) {
    record.dir = Direction::out;
    record.created_at = time;
    row.skip(1);  // claims
    const auto state = row.next<OutState>();
    record.attempts = row.next<std::uint32_t>();
    record.state = send_state(state, record.attempts);
    record.expires_at = row.next<std::optional<UtcTime>>();
    record.acked_at = row.next<std::optional<UtcTime>>();
    if (const auto rtt_us = row.next<std::optional<std::int64_t>>()) {
        record.rtt_ms = static_cast<double>(*rtt_us) / 1000.0;
    }
    record.reason = row.next<std::optional<std::string>>();
}

MessageRecord read_message(sqlite::Run& row) {
    MessageRecord record;
    record.id = row.next<std::uint64_t>();
    const auto tray = row.next<Tray>();
    record.read = tray == Tray::read;
    record.peer = row.next<std::string>();
    record.name = row.next<std::optional<std::string>>();
    record.cursor = row.next<std::uint64_t>();
    const auto time = row.next<UtcTime>();
    const auto stamp = row.next<UtcTime>();
    record.parts = row.next<std::uint32_t>();
    record.reply_to = row.next<std::optional<std::uint64_t>>();
    if (tray == Tray::unread || tray == Tray::read) {
        read_received(row, record, time, stamp);
    } else {
        read_sent(row, record, time);
    }
    record.text = row.next<std::string>();
    return record;
}

OutgoingMessage read_outgoing(sqlite::Run& row) {
    OutgoingMessage message;
    message.id = row.next<MessageId>();
    message.peer = read_endpoint(row);
    message.first_us = row.next<std::int64_t>();
    message.parts_done = row.next<std::uint32_t>();
    message.reply_to = row.next<std::optional<MessageId>>();
    message.created_at = row.next<WallTime>();
    message.expires_at = row.next<WallTime>();
    message.attempts = row.next<std::uint32_t>();
    message.request_id = row.next<std::string>();
    message.part_ends = unpack_part_ends(row.next<sqlite::Bytes>());
    Answered answered;
    const auto answered_us = row.next<std::optional<std::int64_t>>();
    const auto lexeme = row.next<std::string>();
    const auto is_text = row.next<bool>();
    answered.text = row.next<std::string>();
    if (answered_us) {
        answered.stamp = {lexeme, is_text, *answered_us};
        message.answered = std::move(answered);
    }
    message.text = row.next<std::string>();
    if (message.part_ends.empty()) {
        message.part_ends.push_back(static_cast<std::uint32_t>(message.text.size()));
    }
    return message;
}

Store::Answerable read_answerable(sqlite::Run& row) {
    Store::Answerable found;
    found.peer = read_endpoint(row);
    const auto lexeme = row.next<std::string>();
    const auto is_text = row.next<bool>();
    found.answered.stamp = {lexeme, is_text, row.next<std::int64_t>()};
    found.answered.text = row.next<std::string>();
    return found;
}

template <class Message>
std::optional<Message> only(Some<Message> some) {
    if (some.messages.empty()) return std::nullopt;
    return std::move(some.messages.front());
}

}  // namespace

SendState send_state(OutState state, std::uint32_t attempts) {
    switch (state) {
        case OutState::pending:
            return attempts == 0 ? SendState::queued : SendState::sending;
        case OutState::delivered:
            return SendState::delivered;
        case OutState::refused:
            return SendState::refused;
        case OutState::expired:
            return SendState::expired;
        case OutState::cancelled:
            return SendState::cancelled;
    }
    throw StoreFailure("the store failed: bad state of a message");
}

std::optional<Place> MessageTable::place(RowId id) {
    sqlite::Run row = place_.run(id);
    if (!row.step()) return place_in_pack(id);
    Place place;
    place.peer_id = row.next<RowId>();
    place.tray = row.next<Tray>();
    place.cursor = row.next<RowId>();
    return place;
}

std::optional<Progress> MessageTable::progress(RowId id) {
    sqlite::Run row = progress_.run(id);
    if (!row.step()) return progress_in_pack(id);
    Progress progress;
    progress.peer_id = row.next<RowId>();
    progress.state = row.next<OutState>();
    progress.attempts = row.next<std::uint32_t>();
    progress.parts_done = row.next<std::uint32_t>();
    progress.cursor = row.next<RowId>();
    return progress;
}

std::optional<RowId> MessageTable::find_request(std::string_view request_id) {
    sqlite::Run row = find_request_.run(request_id);
    return row.step() ? std::optional(row.next<RowId>()) : std::nullopt;
}

std::optional<RowId> MessageTable::find_sent(std::int64_t stamp_us, const Endpoint& peer) {
    state_.blocks().save();  // it may be of this very batch
    state_.packs().save();
    sqlite::Run row = find_sent_.run(stamp_us, block_us_max);
    while (row.step()) {
        const auto id = row.next<RowId>();
        if (read_endpoint(row).same_host(peer)) return id;
    }
    return std::nullopt;
}

template <class Read>
auto MessageTable::read_some(sqlite::Statement& of_row, sqlite::Statement& of_packed,
                             std::span<const RowId> ids, Read read) {
    Some<decltype(read(std::declval<sqlite::Run&>()))> some;
    const RowId id = ids.front();
    if (sqlite::Run row = of_row.run(id); row.step()) {
        some.messages.push_back(read(row));
        return some;
    }
    const auto span = state_.packs().find(id);
    if (!span) return some;
    const RowId step = ids.size() > 1 && ids[1] < id ? -1 : 1;
    RowId end = id + step;
    while (some.ids < ids.size() && ids[some.ids] == end && end >= span->first_id &&
           end <= span->last_id) {
        ++some.ids;
        end += step;
    }
    const RowId last = end - step;
    sqlite::Run row = of_packed.run(std::min(id, last), std::max(id, last));
    while (row.step()) some.messages.push_back(read(row));
    if (step < 0) std::reverse(some.messages.begin(), some.messages.end());
    return some;
}

Some<MessageRecord> MessageTable::records(std::span<const RowId> ids) {
    return read_some(record_, packed_record_, ids, read_message);
}

Some<OutgoingMessage> MessageTable::outgoing(std::span<const RowId> ids) {
    return read_some(outgoing_, packed_outgoing_, ids, read_outgoing);
}

std::optional<MessageRecord> MessageTable::record(RowId id) {
    return only(records({&id, 1}));
}

std::optional<OutgoingMessage> MessageTable::outgoing(RowId id) {
    return only(outgoing(std::span(&id, 1)));
}

std::optional<Store::Answerable> MessageTable::answerable(RowId id) {
    return only(read_some(answerable_, packed_answerable_, {&id, 1}, read_answerable));
}

std::optional<ReadMarks> MessageTable::read_marks(RowId id, RowId peer_id) {
    sqlite::Run row = read_marks_.run(id, peer_id);
    if (!row.step()) return std::nullopt;
    ReadMarks marks;
    marks.id = static_cast<MessageId>(id);
    marks.read = row.next<Tray>() == Tray::read;
    marks.handled = row.next<bool>();
    return marks;
}

void MessageTable::find_overdue(RowId first, RowId last, std::int64_t time_us,
                                std::vector<Overdue>& found) {
    sqlite::Run row = overdue_.run(first, last, time_us);
    while (row.step()) {
        Overdue& message = found.emplace_back();
        message.expires_us = row.next<std::int64_t>();
        message.id = row.next<RowId>();
    }
}

std::optional<std::int64_t> MessageTable::next_expiry(RowId first, RowId last) {
    sqlite::Run row = next_expiry_.run(first, last);
    return row.step() ? row.next<std::optional<std::int64_t>>() : std::nullopt;
}

/// Times never fall with rising ids, so halving the range of ids takes some twenty looks and
/// needs no index by time.
RowId MessageTable::first_since(std::int64_t time_us) {
    RowId low = 1;
    RowId high = state_.meta().last_id + 1;
    while (low < high) {
        const RowId middle = low + (high - low) / 2;
        sqlite::Run row = time_from_.run(middle);
        if (!row.step()) {
            high = middle;
            continue;
        }
        const auto id = row.next<RowId>();
        if (row.next<std::int64_t>() >= time_us) {
            high = middle;
        } else {
            low = id + 1;
        }
    }
    return low;
}

}  // namespace p2pd
