// daemon: a batch of the core becomes one synced transaction. Includes std, core.
#include "daemon/store_batch.h"

#include <algorithm>
#include <cassert>
#include <vector>

namespace p2pd {

namespace {

/// Delivered by the same ACK, and the next in the order of ids.
bool delivered_next(const OutgoingUpdate& before, const OutgoingUpdate& update) {
    return update.id == before.id + 1 && update.state == OutState::delivered &&
           alike(before, update);
}

/// How many of the first are all parts of one long text, in their order; 0: they are not.
std::size_t parts_of_whole_text(std::span<const ReceivedMessage> received) {
    const ReceivedMessage& first = received.front();
    if (!first.part || first.part->number != 1 || first.part->count > received.size()) return 0;
    for (std::uint32_t i = 0; i < first.part->count; ++i) {
        const ReceivedMessage& message = received[i];
        const Part expected{i + 1, first.part->count, first.part->first_us};
        if (message.peer != first.peer || message.part != expected) return 0;
    }
    return first.part->count;
}

/// How many of the first may be packed, as they come one after the other between us and one peer.
template <class Message>
std::size_t packed_run(std::span<const Message> messages) {
    std::size_t count = 0;
    while (count < messages.size() && messages[count].peer == messages.front().peer &&
           MessageTable::may_be_packed(messages[count])) {
        ++count;
    }
    return count;
}

}  // namespace

BatchWriter::BatchWriter(StoreState& state, PeerTable& peers, MessageTable& messages,
                         IdentityTable& identities, LongTexts& long_texts)
    : state_(state),
      peers_(peers),
      messages_(messages),
      identities_(identities),
      long_texts_(long_texts) {}

BatchResult BatchWriter::commit(const StoreBatch& batch) {
    BatchResult result;
    result.accepted.reserve(batch.accepted.size());
    result.full = !state_.transact([&] { write(batch, result); });
    if (result.full) result = {.full = true};
    result.last_cursor = static_cast<Cursor>(state_.meta().last_cursor);
    result.pending_messages = state_.meta().pending;
    return result;
}

void BatchWriter::write(const StoreBatch& batch, BatchResult& result) {
    Meta& meta = state_.meta();
    meta.last_stamp_us = std::max(meta.last_stamp_us, batch.last_stamp_us);
    for (const Endpoint& peer : batch.unfamiliar) {
        if (const auto facts = peers_.facts(peer)) result.familiar.push_back(*facts);
    }
    accept(batch.accepted, result);
    receive(batch.received, result);
    for (const PeerFacts& facts : batch.peers) peers_.keep(facts);
    if (batch.updates.empty()) return;
    state_.packs().save();
    apply(batch.updates);
}

void BatchWriter::accept(std::span<const OutgoingMessage> accepted, BatchResult& result) {
    while (!accepted.empty()) {
        if (const auto first = repeated(accepted.front())) {
            const std::size_t messages = 1 + accepted.front().followers;
            for (MessageId id = *first; id < *first + messages; ++id) {
                result.accepted.push_back({id, true});
            }
            accepted = accepted.subspan(messages);
            continue;
        }
        const auto run = accepted.first(std::max<std::size_t>(packed_run(accepted), 1));
        accepted = accepted.subspan(run.size());
        if (run.size() < state_.options().pack_messages_min) {
            for (const OutgoingMessage& message : run) {
                result.accepted.push_back({accept(message), false});
            }
            continue;
        }
        auto id = static_cast<MessageId>(messages_.pack(run, state_.peer(run.front().peer)));
        for (std::size_t i = 0; i < run.size(); ++i) result.accepted.push_back({id++, false});
    }
}

/// What a request with this id became first.
std::optional<MessageId> BatchWriter::repeated(const OutgoingMessage& message) {
    if (message.request_id.empty()) return std::nullopt;
    const auto first = messages_.find_request(message.request_id);
    return first ? std::optional(static_cast<MessageId>(*first)) : std::nullopt;
}

MessageId BatchWriter::accept(const OutgoingMessage& message) {
    return static_cast<MessageId>(messages_.add(message, state_.peer(message.peer)));
}

void BatchWriter::receive(std::span<const ReceivedMessage> received, BatchResult& result) {
    for (std::size_t i = 0; i < received.size();) {
        const auto rest = received.subspan(i);
        const std::size_t parts = parts_of_whole_text(rest);
        const std::size_t run = packed_run(rest);
        if (parts > 0 && receive_whole(rest.first(parts), i, result)) {
            i += parts;
        } else if (run >= state_.options().pack_messages_min &&
                   receive_packed(rest.first(run), i, result)) {
            i += run;
        } else {
            for (const std::size_t end = i + std::max<std::size_t>(run, 1); i < end; ++i) {
                if (!receive(received[i], i, result)) result.turned_away.push_back(i);
            }
        }
    }
}

/// The identity comes first: what it has is a copy, whatever became of the message since. False:
/// the sender is a stranger, of whom no more is kept.
bool BatchWriter::receive(const ReceivedMessage& message, std::size_t index, BatchResult& result) {
    if (!state_.has_room(message.peer, message.text.size())) {
        const auto peer_id = state_.find_peer(message.peer);
        return peer_id && identities_.has(*peer_id, message);
    }
    const RowId peer_id = state_.peer(message.peer);
    std::optional<RowId> own_id;
    if (!message.part) own_id = state_.meta().last_id + 1;
    if (identities_.add(peer_id, message, own_id)) {
        keep(peer_id, message, index, result);
    }
    return true;
}

/// What is done once for all of them is most of what a single one costs. False: nothing was done,
/// as there is no room for all.
bool BatchWriter::receive_packed(std::span<const ReceivedMessage> run, std::size_t index,
                                 BatchResult& result) {
    std::size_t bytes = 0;
    for (const ReceivedMessage& message : run) bytes += message.text.size();
    if (!state_.has_room(run.front().peer, bytes, run.size())) return false;
    const RowId peer_id = state_.peer(run.front().peer);
    const RowId next_id = state_.meta().last_id + 1;
    const std::vector<Identity> identities = identities_.add_run(peer_id, run, next_id);
    std::vector<const ReceivedMessage*> fresh;
    fresh.reserve(run.size());
    for (std::size_t i = 0; i < run.size(); ++i) {
        if (identities[i].message_id == 0) continue;
        fresh.push_back(&run[i]);
        result.arrived.push_back({index + i, static_cast<MessageId>(identities[i].message_id)});
    }
    if (fresh.empty()) return true;
    [[maybe_unused]] const RowId first_id = messages_.pack(fresh, peer_id);
    assert(first_id == next_id);
    return true;
}

/// A long text whose parts came together need not be gathered in tables. False: nothing was done.
bool BatchWriter::receive_whole(std::span<const ReceivedMessage> parts, std::size_t index,
                                BatchResult& result) {
    std::size_t bytes = 0;
    for (const ReceivedMessage& part : parts) bytes += part.text.size();
    if (!state_.has_room(parts.front().peer, bytes)) return false;
    const RowId peer_id = state_.peer(parts.front().peer);
    std::vector<std::size_t> fresh;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (identities_.add(peer_id, parts[i], std::nullopt)) fresh.push_back(i);
    }
    if (fresh.size() == parts.size() &&
        long_texts_.take_whole(peer_id, parts, answered(parts.front()))) {
        const auto id = static_cast<MessageId>(state_.meta().last_id);
        result.arrived.push_back({index + parts.size() - 1, id});
        return true;
    }
    for (const std::size_t i : fresh) keep(peer_id, parts[i], index + i, result);
    return true;
}

void BatchWriter::keep(RowId peer_id, const ReceivedMessage& message, std::size_t index,
                       BatchResult& result) {
    const RowId last_id = state_.meta().last_id;
    const auto reply_to = answered(message);
    if (!message.part || !long_texts_.take(peer_id, message, reply_to)) {
        messages_.add(NewReceived{peer_id, message.stamp, message.text, 1, reply_to, message.claims,
                                  message.received_at});
    }
    if (state_.meta().last_id == last_id) return;
    result.arrived.push_back({index, static_cast<MessageId>(state_.meta().last_id)});
}

std::optional<RowId> BatchWriter::answered(const ReceivedMessage& message) {
    if (!message.reply_to) return std::nullopt;
    return messages_.find_sent(message.reply_to->us, message.peer);
}

/// A datagram's ACK confirms many messages that were accepted one after the other: marked at once
/// they cost a third.
void BatchWriter::apply(std::span<const OutgoingUpdate> updates) {
    while (!updates.empty()) {
        std::size_t alike = 1;
        while (updates.front().state == OutState::delivered && alike < updates.size() &&
               delivered_next(updates[alike - 1], updates[alike])) {
            ++alike;
        }
        if (alike == 1 || !deliver(updates.first(alike))) {
            for (const OutgoingUpdate& update : updates.first(alike)) apply(update);
        }
        updates = updates.subspan(alike);
    }
}

/// False, and nothing is changed, if not all of them wait for one peer.
bool BatchWriter::deliver(std::span<const OutgoingUpdate> alike) {
    const OutgoingUpdate& first = alike.front();
    auto progress = messages_.progress(to_row_id(first.id));
    if (!progress) return false;
    progress->attempts = first.attempts;
    progress->parts_done = first.parts_done;
    const Outcome outcome{*progress, first.acked_at, first.rtt, {}, std::nullopt};
    return messages_.set_delivered(to_row_id(first.id), to_row_id(alike.back().id), outcome);
}

void BatchWriter::apply(const OutgoingUpdate& update) {
    const std::optional<Progress> progress = messages_.progress(to_row_id(update.id));
    if (!progress) return;  // deleted meanwhile
    if (update.state != OutState::pending) {
        end(update, *progress);
    } else if (update.reopen) {
        reopen(update, *progress);
    } else {
        proceed(update, *progress);
    }
}

void BatchWriter::proceed(const OutgoingUpdate& update, Progress progress) {
    if (progress.state != OutState::pending) return;
    const Progress before = progress;
    progress.attempts = std::max(progress.attempts, update.attempts);
    progress.parts_done = std::max(progress.parts_done, update.parts_done);
    if (progress.attempts == before.attempts && progress.parts_done == before.parts_done) return;
    messages_.set_progress(to_row_id(update.id), progress);
}

void BatchWriter::reopen(const OutgoingUpdate& update, Progress progress) {
    const Progress before = progress;
    progress.state = OutState::pending;
    progress.attempts = update.attempts;
    progress.parts_done = update.parts_done;
    Outcome outcome;
    outcome.progress = progress;
    outcome.expires_at = update.expires_at;
    messages_.set_outcome(to_row_id(update.id), before, outcome);
}

/// A state only ever improves: the first final one stays, unless the message arrived after all.
void BatchWriter::end(const OutgoingUpdate& update, Progress progress) {
    if (progress.state == OutState::delivered) return;
    if (progress.state != OutState::pending && update.state != OutState::delivered) return;
    if (progress.packed && update.state == OutState::delivered && deliver({&update, 1})) return;
    const Progress before = progress;
    progress.state = update.state;
    progress.attempts = std::max(progress.attempts, update.attempts);
    progress.parts_done = std::max(progress.parts_done, update.parts_done);
    messages_.set_outcome(
        to_row_id(update.id), before,
        Outcome{progress, update.acked_at, update.rtt, update.reason, std::nullopt});
}

}  // namespace p2pd
