// daemon: how outgoing messages ended a short time ago. Includes std, core, common, store.
#include "daemon/recent_ends.h"

#include <algorithm>

namespace p2pd {

bool is_final(SendState state) {
    return state != SendState::queued && state != SendState::sending;
}

MessageRecord outgoing_record(const OutgoingMessage& message) {
    MessageRecord record;
    record.id = message.id;
    record.dir = Direction::out;
    record.peer = message.peer.text();
    record.state = send_state(OutState::pending, message.attempts);
    record.attempts = message.attempts;
    record.created_at = utc(message.created_at);
    record.expires_at = utc(message.expires_at);
    record.parts = static_cast<std::uint32_t>(message.part_ends.size());
    record.reply_to = message.reply_to;
    return record;
}

void apply(const OutgoingUpdate& update, MessageRecord& record) {
    record.state = send_state(update.state, update.attempts);
    record.attempts = std::max(record.attempts, update.attempts);
    if (update.acked_at) record.acked_at = utc(*update.acked_at);
    if (update.rtt) record.rtt_ms = milliseconds_of(*update.rtt);
    if (!update.reason.empty()) record.reason = update.reason;
}

MessageRecord RecentEnd::record() const {
    MessageRecord record;
    record.id = update.id;
    record.dir = Direction::out;
    record.peer = peer.text();
    record.created_at = utc(created_at);
    record.expires_at = utc(expires_at);
    record.parts = parts;
    record.reply_to = reply_to;
    apply(update, record);
    return record;
}

void RecentEnds::add(const Finished& finished) {
    if (!finished.message) return;
    const OutgoingMessage& message = *finished.message;
    if (ends_.empty()) ends_.resize(places);
    const auto end = std::make_shared<const RecentEnd>(
        RecentEnd{finished.update, message.peer, message.created_at, message.expires_at,
                  static_cast<std::uint32_t>(message.part_ends.size()), message.reply_to});
    const MessageId first = finished.update.id;
    for (MessageId id = first; id < first + finished.count; ++id) ends_[id % places] = {id, end};
}

void RecentEnds::forget(MessageId id) {
    if (!ends_.empty() && ends_[id % places].id == id) ends_[id % places] = {};
}

std::optional<RecentEnd> RecentEnds::find(MessageId id) const {
    if (ends_.empty()) return std::nullopt;
    const Place& place = ends_[id % places];
    if (place.id != id || !place.end) return std::nullopt;
    RecentEnd end = *place.end;
    end.update.id = id;
    return end;
}

}  // namespace p2pd
