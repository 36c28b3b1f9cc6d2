// tests: a store in memory.
#include "tests/simulation/simulated_store.h"

#include <algorithm>
#include <sstream>

namespace p2pd {

BatchResult SimulatedStore::commit(const StoreBatch& batch) {
    BatchResult result;
    last_stamp_us_ = std::max(last_stamp_us_, batch.last_stamp_us);
    for (const Endpoint& peer : batch.unfamiliar) {
        if (const auto facts = peers_.find(peer); facts != peers_.end()) {
            result.familiar.push_back(facts->second);
        }
    }
    for (std::size_t i = 0; i < batch.accepted.size();) {
        const BatchResult::Accepted first = accept(batch.accepted[i]);
        result.accepted.push_back(first);
        for (MessageId id = first.id + 1; id <= first.id + batch.accepted[i].followers; ++id) {
            const OutgoingMessage& follower = batch.accepted[result.accepted.size()];
            result.accepted.push_back(first.repeated ? BatchResult::Accepted{id, true}
                                                     : accept(follower));
        }
        i = result.accepted.size();
    }
    for (const ReceivedMessage& message : batch.received) receive(message);
    for (const PeerFacts& facts : batch.peers) keep(facts);
    for (const OutgoingUpdate& update : batch.updates) apply(update);
    result.pending_messages = pending_;
    return result;
}

void SimulatedStore::keep(const PeerFacts& facts) {
    PeerFacts& kept = peers_[facts.endpoint];
    const std::optional<WallTime> last_heard =
        facts.last_heard ? facts.last_heard : kept.last_heard;
    kept = facts;
    kept.last_heard = last_heard;
}

BatchResult::Accepted SimulatedStore::accept(const OutgoingMessage& message) {
    if (!message.request_id.empty()) {
        const auto [first, is_new] = by_request_id_.emplace(message.request_id, last_id_ + 1);
        if (!is_new) return {first->second, true};
    }
    const MessageId id = ++last_id_;
    OutgoingMessage kept = message;
    kept.id = id;
    by_first_us_.emplace(kept.first_us, id);
    const OutState state = kept.delivered ? OutState::delivered : OutState::pending;
    if (state == OutState::pending) {
        pending_of_[kept.peer].insert(id);
        ++pending_;
    }
    outgoing_.emplace(id, Outgoing{std::move(kept), state});
    return {id, false};
}

void SimulatedStore::receive(const ReceivedMessage& message) {
    std::string content = "m";
    if (message.reply_to) {
        content = message.reply_to->is_text() ? "R" : "r";
        content.append(message.reply_to->lexeme()).push_back('\0');
    }
    content += message.text;
    const bool is_new = identities_.emplace(message.peer, message.stamp.us, content).second;
    if (!is_new && deduplicates_) return;
    if (message.part && take_part(message)) return;
    add_to_inbox(message, message.stamp.us, message.text, 1);
}

void SimulatedStore::add_to_inbox(const ReceivedMessage& message, std::int64_t us, std::string text,
                                  std::uint32_t parts) {
    inbox_.push_back(
        {message.peer, us, std::move(text), message.reply_to, parts, message.claims, ++last_id_});
}

bool SimulatedStore::take_part(const ReceivedMessage& message) {
    const Part& part = *message.part;
    const std::pair key{message.peer, part.first_us};
    if (closed_long_texts_.contains(key)) return false;
    const std::string original =
        message.reply_to ? std::string(message.reply_to->lexeme()) : std::string();
    LongText& text = long_texts_[key];
    if (text.count == 0) text = {part.count, original};
    if (text.count != part.count || text.original != original) return false;
    if (!text.parts.emplace(part.number, message.text).second) return false;
    if (text.parts.size() < text.count) return true;
    std::string joined;
    for (const auto& [number, piece] : text.parts) joined += piece;
    add_to_inbox(message, part.first_us, std::move(joined), part.count);
    long_texts_.erase(key);
    closed_long_texts_.insert(key);
    return true;
}

void SimulatedStore::apply(const OutgoingUpdate& update) {
    ++updates_;
    const auto found = outgoing_.find(update.id);
    if (found == outgoing_.end()) return;
    Outgoing& outgoing = found->second;
    OutgoingMessage& message = outgoing.message;
    if (update.state != OutState::pending) {
        const bool is_final = outgoing.state != OutState::pending;
        if (outgoing.state == OutState::delivered) return;
        if (is_final && update.state != OutState::delivered) return;
        outgoing.reason = update.reason;
        close(outgoing, update.state);
    } else if (update.reopen) {
        if (pending_of_[message.peer].insert(message.id).second) ++pending_;
        outgoing.state = OutState::pending;
        if (update.expires_at) message.expires_at = *update.expires_at;
        message.parts_done = update.parts_done;
        message.attempts = update.attempts;
    } else if (outgoing.state != OutState::pending) {
        return;
    }
    message.attempts = std::max(message.attempts, update.attempts);
    message.parts_done = std::max(message.parts_done, update.parts_done);
}

void SimulatedStore::close(Outgoing& outgoing, OutState state) {
    outgoing.state = state;
    std::set<MessageId>& pending = pending_of_[outgoing.message.peer];
    if (pending.erase(outgoing.message.id) > 0) --pending_;
    if (pending.empty()) pending_of_.erase(outgoing.message.peer);
}

LoadedPage SimulatedStore::load(const LoadRequest& request) const {
    LoadedPage page;
    const auto pending = pending_of_.find(request.peer);
    if (pending == pending_of_.end()) return page;
    std::size_t bytes = 0;
    for (auto id = pending->second.upper_bound(request.after); id != pending->second.end(); ++id) {
        const OutgoingMessage& message = outgoing_.at(*id).message;
        bytes += message.text.size();
        const bool fits = page.messages.size() < request.messages_max && bytes <= request.bytes_max;
        if (!fits && !page.messages.empty()) {
            page.more = true;
            break;
        }
        page.messages.push_back(message);
    }
    return page;
}

Recovered SimulatedStore::recover(std::size_t peers_max) const {
    Recovered recovered;
    recovered.last_stamp_us = last_stamp_us_;
    for (const auto& [endpoint, facts] : peers_) recovered.peers.push_back(facts);
    std::sort(recovered.peers.begin(), recovered.peers.end(),
              [](const PeerFacts& a, const PeerFacts& b) { return a.last_heard > b.last_heard; });
    if (recovered.peers.size() > peers_max) recovered.peers.resize(peers_max);
    for (const auto& [endpoint, pending] : pending_of_) {
        recovered.pending_peers.push_back(endpoint);
    }
    for (const auto& [id, outgoing] : outgoing_) {
        recovered.known_hosts.push_back(outgoing.message.peer);
    }
    recovered.pending_messages = pending_;
    return recovered;
}

std::vector<MessageId> SimulatedStore::expire(WallTime now) {
    std::vector<MessageId> expired;
    for (auto& [id, outgoing] : outgoing_) {
        if (outgoing.state != OutState::pending || outgoing.message.expires_at >= now) continue;
        close(outgoing, OutState::expired);
        outgoing.reason = "not confirmed in time";
        expired.push_back(id);
    }
    return expired;
}

std::vector<std::string> SimulatedStore::contents() const {
    std::vector<std::string> lines;
    const auto add = [&](const auto&... values) {
        std::ostringstream line;
        ((line << values << '|'), ...);
        lines.push_back(line.str());
    };
    add("stamp", last_stamp_us_);
    for (const auto& [id, outgoing] : outgoing_) {
        const OutgoingMessage& message = outgoing.message;
        add("out", id, message.peer.text(), message.first_us, static_cast<int>(outgoing.state),
            message.attempts, message.parts_done, message.expires_at.time_since_epoch().count(),
            message.text);
    }
    for (const Received& row : inbox_) {
        add("in", row.id, row.peer.text(), row.us, row.parts, row.claims, row.text);
    }
    for (const auto& [peer, us, content] : identities_) add("identity", peer.text(), us);
    for (const auto& [peer, us] : closed_long_texts_) add("closed", peer.text(), us);
    for (const auto& [key, text] : long_texts_) {
        for (const auto& [number, part] : text.parts) {
            add("part", key.first.text(), key.second, number, part);
        }
    }
    for (const auto& [endpoint, facts] : peers_) {
        if (!facts.last_heard) continue;
        add("peer", endpoint.text(), static_cast<int>(facts.dialect), facts.dialect_by_hand,
            facts.is_p2pd, facts.last_heard->time_since_epoch().count());
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

bool SimulatedStore::holds(const Endpoint& peer, std::int64_t us) const {
    const auto first = identities_.lower_bound({peer, us, {}});
    return first != identities_.end() && std::get<0>(*first) == peer && std::get<1>(*first) == us;
}

const SimulatedStore::Outgoing* SimulatedStore::find_part(std::int64_t us) const {
    const auto after = by_first_us_.upper_bound(us);
    if (after == by_first_us_.begin()) return nullptr;
    const Outgoing& outgoing = outgoing_.at(std::prev(after)->second);
    const auto parts = static_cast<std::int64_t>(outgoing.message.part_ends.size());
    return us < outgoing.message.first_us + parts ? &outgoing : nullptr;
}

}  // namespace p2pd
