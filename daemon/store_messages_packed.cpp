// daemon: messages that are packed with others, and taken out again. Includes std, core,
// daemon/sqlite.h.
#include <algorithm>

#include "daemon/store_messages.h"

namespace p2pd {

namespace {

std::optional<std::int64_t> microseconds(const std::optional<WallTime>& time) {
    return time ? std::optional(time->time_since_epoch().count()) : std::nullopt;
}

std::optional<std::int64_t> microseconds(const std::optional<Duration>& time) {
    return time ? std::optional(time->count()) : std::nullopt;
}

RowId messages_in(std::span<const PackSpan> spans) {
    RowId messages = 0;
    for (const PackSpan& span : spans) messages += span.last_id - span.first_id + 1;
    return messages;
}

/// A pack has no lexeme for what is written as ours are.
bool is_written(const Stamp& stamp) {
    return stamp.is_ours() || !stamp.other_lexeme().empty();
}

}  // namespace

bool MessageTable::may_be_packed(const ReceivedMessage& message) {
    return !message.part && !message.reply_to && is_written(message.stamp) &&
           message.text.size() <= packed_text_bytes_max;
}

bool MessageTable::may_be_packed(const OutgoingMessage& message) {
    const std::uint32_t parts_done = message.delivered ? 1 : 0;
    return message.request_id.empty() && !message.answered && !message.reply_to &&
           message.part_ends.size() <= 1 && message.parts_done == parts_done &&
           message.text.size() <= packed_text_bytes_max;
}

RowId MessageTable::pack(std::span<const ReceivedMessage* const> messages, RowId peer_id) {
    RowId& last_id = state_.meta().last_id;
    const RowId first_id = last_id + 1;
    const auto count = static_cast<RowId>(messages.size());
    PackSpan like;
    like.peer_id = peer_id;
    like.received = true;
    like.tray = Tray::unread;
    like.first_cursor = state_.changes().add(first_id, count);
    std::size_t bytes = 0;
    for (const ReceivedMessage* const message : messages) {
        PackedMessage packed;
        packed.time_us = message->received_at.time_since_epoch().count();
        packed.late_us = order(packed.time_us) - packed.time_us;
        packed.set_stamp(message->stamp);
        packed.claims = message->claims;
        packed.text = message->text;
        state_.packs().add(++last_id, like, packed);
        ++like.first_cursor;
        bytes += message->text.size();
    }
    count_received(first_id, count, peer_id, bytes);
    return first_id;
}

RowId MessageTable::pack(std::span<const OutgoingMessage> messages, RowId peer_id) {
    RowId& last_id = state_.meta().last_id;
    const RowId first_id = last_id + 1;
    PackSpan like;
    like.peer_id = peer_id;
    like.first_cursor = state_.changes().add(first_id, static_cast<RowId>(messages.size()));
    for (const OutgoingMessage& message : messages) {
        PackedMessage packed;
        packed.time_us = message.created_at.time_since_epoch().count();
        packed.late_us = order(packed.time_us) - packed.time_us;
        packed.expires_us = message.expires_at.time_since_epoch().count();
        packed.stamp_us = message.first_us;
        packed.text = message.text;
        const DeliveredAhead end = message.delivered.value_or(DeliveredAhead{});
        like.tray = message.delivered ? Tray::finished : Tray::pending;
        like.attempts = message.attempts;
        like.acked_us = microseconds(end.acked_at);
        like.rtt_us = microseconds(end.rtt);
        state_.packs().add(++last_id, like, packed);
        ++like.first_cursor;
    }
    count(messages, first_id, peer_id);
    return first_id;
}

std::optional<Place> MessageTable::place_in_pack(RowId id) {
    const auto span = state_.packs().find(id);
    if (!span) return std::nullopt;
    return Place{span->peer_id, span->tray, span->cursor_of(id)};
}

std::optional<Progress> MessageTable::progress_in_pack(RowId id) {
    const auto span = state_.packs().find(id);
    if (!span || span->received) return std::nullopt;
    const bool delivered = span->tray == Tray::finished;
    return Progress{span->peer_id,       delivered ? OutState::delivered : OutState::pending,
                    span->attempts,      delivered ? 1U : 0U,
                    span->cursor_of(id), true};
}

bool MessageTable::set_delivered(RowId first, RowId last, const Outcome& outcome) {
    const Progress& progress = outcome.progress;
    const RowId count = last - first + 1;
    std::vector<PackSpan> spans = spans_of(first, last);
    const std::vector<CursorRange> cursors = waiting_cursors(first, last, progress.peer_id, spans);
    // A packed one has no number of parts: none is confirmed, or its only one.
    if (!spans.empty() && progress.parts_done != 1) return false;
    RowId waiting = 0;
    for (const CursorRange& range : cursors) waiting += range.last - range.first + 1;
    if (waiting != count) return false;
    for (const CursorRange& range : cursors) state_.changes().remove(range.first, range.last);
    const RowId first_cursor = state_.changes().add(first, count);
    if (messages_in(spans) < count) {
        set_delivered_.execute(first, last, progress.attempts, progress.parts_done, first_cursor,
                               outcome.acked_at, outcome.rtt);
    }
    for (PackSpan& span : spans) {
        span.tray = Tray::finished;
        span.first_cursor = first_cursor + span.first_id - first;
        span.attempts = std::max(span.attempts, progress.attempts);
        span.acked_us = microseconds(outcome.acked_at);
        span.rtt_us = microseconds(outcome.rtt);
        state_.packs().set(span);
    }
    state_.blocks().close(first, last);
    state_.add_pending(progress.peer_id, -count);
    return true;
}

std::vector<MessageTable::CursorRange> MessageTable::waiting_cursors(
    RowId first, RowId last, RowId peer_id, std::span<const PackSpan> spans) {
    std::vector<CursorRange> ranges;
    for (const PackSpan& span : spans) {
        if (span.received || span.tray != Tray::pending || span.peer_id != peer_id) return {};
        ranges.push_back({span.first_cursor, span.cursor_of(span.last_id)});
    }
    if (messages_in(spans) == last - first + 1) return ranges;
    sqlite::Run row = waiting_cursors_.run(first, last, peer_id);
    while (row.step()) {
        const auto cursor = row.next<RowId>();
        if (!ranges.empty() && ranges.back().last + 1 == cursor) {
            ranges.back().last = cursor;
        } else {
            ranges.push_back({cursor, cursor});
        }
    }
    return ranges;
}

std::vector<PackSpan> MessageTable::spans_of(RowId first, RowId last) {
    PackTable& packs = state_.packs();
    std::vector<PackSpan> spans = packs.overlapping(first, last);
    if (spans.empty()) return spans;
    const bool begins_before = spans.front().first_id < first;
    const bool ends_after = spans.back().last_id > last;
    if (begins_before) packs.cut_before(first);
    if (ends_after) packs.cut_before(last + 1);
    return begins_before || ends_after ? packs.overlapping(first, last) : spans;
}

void MessageTable::take_out(RowId id) {
    const auto span = state_.packs().find(id);
    if (!span) return;
    state_.packs().take_apart(span->pack_id,
                              [this](const PackSpan& of, RowId each, const PackedMessage& message) {
                                  insert(of, each, message);
                              });
}

void MessageTable::insert(const PackSpan& span, RowId id, const PackedMessage& message) {
    constexpr int parts = 1;
    if (span.received) {
        const Stamp stamp = message.stamp();
        std::optional<std::string_view> claims;
        if (!message.claims.empty()) claims = message.claims;
        add_received_.execute(id, span.peer_id, span.cursor_of(id), message.time_us,
                              message.late_us, stamp.us, parts, std::nullopt, stamp.lexeme(),
                              stamp.is_text(), claims, span.tray);
        add_body_.execute(id, message.text);
        return;
    }
    const bool delivered = span.tray == Tray::finished;
    add_outgoing_.execute(id, span.tray, span.peer_id, span.cursor_of(id), message.time_us,
                          message.late_us, message.stamp_us, parts, std::nullopt,
                          delivered ? OutState::delivered : OutState::pending, span.attempts,
                          delivered ? parts : 0, message.expires_us, std::nullopt, span.acked_us,
                          span.rtt_us);
    add_body_.execute(id, message.text);
}

void MessageTable::find(RowId first, RowId last, const std::optional<Tray>& tray, bool newest_first,
                        std::size_t limit, std::vector<RowId>& ids) {
    if (first > last || ids.size() >= limit) return;
    const auto before = static_cast<std::ptrdiff_t>(ids.size());
    {
        sqlite::Run row = (newest_first ? newest_ids_ : oldest_ids_)
                              .run(first, last, tray.value_or(Tray::unread),
                                   tray.value_or(Tray::finished), limit - ids.size());
        while (row.step()) ids.push_back(row.next<RowId>());
    }
    for (const PackSpan& span : state_.packs().overlapping(first, last)) {
        if (tray && span.tray != *tray) continue;
        const RowId end = std::min(span.last_id, last);
        for (RowId id = std::max(span.first_id, first); id <= end; ++id) ids.push_back(id);
    }
    const auto added = ids.begin() + before;
    if (newest_first) {
        std::sort(added, ids.end(), std::greater<>());
    } else {
        std::sort(added, ids.end());
    }
    if (ids.size() > limit) ids.resize(limit);
}

}  // namespace p2pd
