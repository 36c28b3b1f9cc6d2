// core: asking whether messages were read, and saying so. Includes std, core.
#include "daemon/core/receipts.h"

#include <algorithm>

namespace p2pd {

namespace {

constexpr std::size_t out_max = Receipts::asking_max + Receipts::questions_max;

ReceiptWord word_for(const std::optional<ReadMarks>& marks) {
    if (!marks) return ReceiptWord::unknown;
    if (marks->read) return marks->handled ? ReceiptWord::both : ReceiptWord::read;
    return marks->handled ? ReceiptWord::handled : ReceiptWord::unread;
}

}  // namespace

bool Receipts::ask(Instant now, const ReceiptKey& about) {
    if (!asking_.contains(about) && asking_.size() >= asking_max) return false;
    asking_[about] = {now + first_interval};
    say({about, ReceiptWord::ask});
    return true;
}

/// There is an answer: from now on only a change that got lost is asked for.
bool Receipts::heard(Instant now, const ReceiptKey& about) {
    const auto found = asking_.find(about);
    if (found == asking_.end()) return false;
    found->second = {now + interval_max, interval_max};
    return true;
}

void Receipts::asked(Instant now, const ReceiptKey& about) {
    const auto known = watched_.find(about);
    if (known != watched_.end()) known->second.until = now + watched_for;
    look_up(about);
}

void Receipts::look_up(const ReceiptKey& about) {
    if (questions_.size() >= questions_max) return;
    if (std::ranges::find(questions_, about) == questions_.end()) questions_.push_back(about);
}

void Receipts::answer(Instant now, const ReceiptKey& about, const std::optional<ReadMarks>& marks) {
    if (marks) watch(now, about, marks->id);
    say({about, word_for(marks)});
}

/// An answer to a question lets it be watched; one that tells a change does not prolong that.
void Receipts::watch(Instant now, const ReceiptKey& about, MessageId id) {
    if (watched_.size() >= watched_max && !watched_.contains(about)) {
        std::erase_if(watched_, [now](const auto& entry) { return entry.second.until <= now; });
        if (watched_.size() >= watched_max) return;
    }
    watched_.try_emplace(about, Watched{id, now + watched_for});
}

void Receipts::marked(Instant now, std::span<const MessageId> ids) {
    std::erase_if(watched_, [now](const auto& entry) { return entry.second.until <= now; });
    for (const auto& [about, watched] : watched_) {
        if (ids.empty() || std::ranges::find(ids, watched.id) != ids.end()) look_up(about);
    }
}

void Receipts::say(const ReceiptOut& out) {
    if (out_.size() < out_max) out_.push_back(out);
}

std::optional<ReceiptOut> Receipts::next() {
    if (out_.empty()) return std::nullopt;
    const ReceiptOut out = out_.front();
    out_.pop_front();
    return out;
}

std::optional<Instant> Receipts::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [about, question] : asking_) {
        next = next ? std::min(*next, question.next) : question.next;
    }
    return next;
}

void Receipts::timeout(Instant now) {
    for (auto& [about, question] : asking_) {
        if (question.next > now) continue;
        say({about, ReceiptWord::ask});
        question.interval = std::min(question.interval * 2, interval_max);
        question.next = now + question.interval;
    }
}

}  // namespace p2pd
