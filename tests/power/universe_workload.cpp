// tests/power: what the peers and clients of a universe do. Includes std, daemon/store.
#include <algorithm>

#include "tests/power/universe.h"

namespace p2pd::test {

namespace {

Stamp stamp(std::int64_t us) {
    return {std::to_string(us / 1000000) + "." + std::to_string(1000000 + us % 1000000).substr(1),
            false, us};
}

}  // namespace

StoreBatch Universe::make_batch() {
    StoreBatch batch;
    for (std::uint64_t n = random_.below(4); n > 0; --n) batch.received.push_back(make_received());
    if (random_.one_in(2)) batch.received.push_back(make_part());
    std::int64_t first_us = model().last_stamp_us() + 1;
    for (std::uint64_t n = random_.below(3); n > 0; --n) {
        batch.accepted.push_back(make_outgoing(first_us));
        first_us += static_cast<std::int64_t>(batch.accepted.back().part_ends.size());
    }
    batch.last_stamp_us = first_us - 1;
    if (random_.one_in(3)) make_burst(batch, first_us);
    if (!model().rows().empty()) {
        for (std::uint64_t n = random_.below(3); n > 0; --n) batch.updates.push_back(make_update());
        if (random_.one_in(3)) make_confirmed(batch);
    }
    return batch;
}

/// Many with one peer, one after the other: they are packed.
void Universe::make_burst(StoreBatch& batch, std::int64_t first_us) {
    const Endpoint peer = make_peer();
    for (std::uint64_t n = random_.below(12); n > 0; --n) {
        batch.received.push_back(make_received());
        if (!batch.received.back().part) batch.received.back().peer = peer;
    }
    for (std::uint64_t n = random_.below(12); n > 0; --n) {
        OutgoingMessage message = make_outgoing(first_us);
        message.peer = peer;
        if (!random_.one_in(16)) message.request_id.clear();
        first_us += static_cast<std::int64_t>(message.part_ends.size());
        batch.accepted.push_back(std::move(message));
    }
    batch.last_stamp_us = first_us - 1;
}

/// What one ACK confirms: some that were accepted one after the other.
void Universe::make_confirmed(StoreBatch& batch) {
    OutgoingUpdate update = make_update();
    update.state = OutState::delivered;
    update.reopen = false;
    update.reason = {};
    for (std::uint64_t n = 1 + random_.below(8); n > 0; --n, ++update.id) {
        batch.updates.push_back(update);
    }
}

/// Some of them twice in a batch, or again in a later one: see repeat_batch(). Some are late, or
/// have the timestamp of another.
ReceivedMessage Universe::make_received() {
    if (!last_batch_.received.empty() && random_.one_in(8)) {
        return last_batch_.received.at(random_.below(last_batch_.received.size()));
    }
    ReceivedMessage message;
    message.peer = make_peer();
    message.text = make_text();
    const std::uint64_t late =
        random_.one_in(8) ? random_.below(std::min<std::uint64_t>(numbers_, 40)) : 0;
    message.stamp = stamp(static_cast<std::int64_t>((numbers_ - late) * 10));
    message.received_at = now_ += Duration(1);
    return message;
}

/// A part of a text that has just begun, or of any earlier one, which may be complete by now.
ReceivedMessage Universe::make_part() {
    if (long_texts_.empty() || random_.one_in(4)) {
        const auto count = static_cast<std::uint32_t>(2 + random_.below(3));
        long_texts_.push_back({make_peer(), static_cast<std::int64_t>(++numbers_ * 10), count});
    }
    const LongText& long_text = long_texts_.at(
        long_texts_.size() - 1 - random_.below(std::min<std::size_t>(3, long_texts_.size())));
    ReceivedMessage message;
    message.peer = long_text.peer;
    const auto number = static_cast<std::uint32_t>(1 + random_.below(long_text.count));
    message.part = Part{number, long_text.count, long_text.first_us};
    message.stamp = stamp(long_text.first_us + number - 1);
    message.text = "p" + std::to_string(long_text.first_us) + "x" + std::to_string(number) + " ";
    message.received_at = now_ += Duration(1);
    return message;
}

OutgoingMessage Universe::make_outgoing(std::int64_t first_us) {
    OutgoingMessage message;
    message.peer = make_peer();
    message.first_us = first_us;
    message.text = make_text();
    const auto size = static_cast<std::uint32_t>(message.text.size());
    message.part_ends = {size};
    if (size > 1000) message.part_ends = {size / 3, size};
    message.created_at = now_ += Duration(1);
    message.expires_at = now_ + std::chrono::hours(2 + random_.below(3));
    if (random_.one_in(2)) {
        message.request_id = "request " + std::to_string(numbers_);
    } else if (random_.one_in(4)) {
        message.delivered = {now_, Duration(500)};
        message.attempts = 1;
        message.parts_done = static_cast<std::uint32_t>(message.part_ends.size());
    }
    return message;
}

OutgoingUpdate Universe::make_update() {
    OutgoingUpdate update;
    update.id = some_id();
    update.attempts = static_cast<std::uint32_t>(random_.below(5));
    update.parts_done = static_cast<std::uint32_t>(random_.below(2));
    switch (random_.below(8)) {
        case 0:
            update.reopen = true;
            update.expires_at = now_ += std::chrono::hours(1);
            break;
        case 1:
            update.state = OutState::refused;
            update.reason = "no";
            break;
        case 2:
            update.state = OutState::cancelled;
            break;
        case 3:
        case 4:
            break;
        default:
            update.state = OutState::delivered;
            update.acked_at = now_;
            update.rtt = Duration(1234);
    }
    return update;
}

/// Its first word is in no other.
std::string Universe::make_text() {
    std::string text = "w" + std::to_string(++numbers_) + " ";
    const std::size_t size = random_.one_in(6) ? 1000 + random_.below(5000) : random_.below(60);
    while (text.size() < size) text += "lorem ipsum ";
    return text;
}

Endpoint Universe::make_peer() {
    Endpoint peer = parse_endpoint("10.0.0.1:5000", 0).value();
    peer.port = static_cast<std::uint16_t>(5000 + random_.below(4));
    return peer;
}

MessageId Universe::some_id() {
    const auto& rows = model().rows();
    return std::next(rows.begin(), static_cast<std::ptrdiff_t>(random_.below(rows.size())))->first;
}

std::vector<MessageId> Universe::some_ids() {
    std::vector<MessageId> ids;
    const std::uint64_t one_of = 1 + random_.below(4);
    for (const auto& [id, row] : model().rows()) {
        if (random_.one_in(one_of)) ids.push_back(id);
    }
    return ids;
}

}  // namespace p2pd::test
