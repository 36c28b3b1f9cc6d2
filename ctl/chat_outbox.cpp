// ctl: what was sent in chat, and what becomes of it. Includes std and common.
#include "ctl/chat_outbox.h"

#include <algorithm>
#include <utility>

#include "ctl/chat_text.h"
#include "ctl/delivery.h"
#include "ctl/language.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

constexpr std::size_t early_max = 1000;

MessageRecord without_text(MessageRecord record) {
    record.text.clear();
    return record;
}

}  // namespace

bool ChatOutbox::add(const Target& target, std::string text, SteadyTime now) {
    if (waiting_.size() >= waiting_max) return false;
    waiting_.push_back({target, std::move(text), new_request_id(), now, std::nullopt});
    return true;
}

void ChatOutbox::post_waiting(const Post& post) {
    for (Waiting& each : waiting_) {
        if (each.asked) continue;
        each.asked = each.target.id
                         ? post("reply", write_fields(ReplyParams{*each.target.id, each.text,
                                                                  each.request_id, std::nullopt}))
                         : post("send", write_fields(SendParams{each.target.peer, each.text,
                                                                each.request_id, std::nullopt}));
    }
}

void ChatOutbox::connection_lost() {
    for (Waiting& each : waiting_) each.asked.reset();
}

bool ChatOutbox::take_answer(const Incoming& incoming, SteadyTime now) {
    if (!incoming.id) return false;
    const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const Waiting& each) { return each.asked == incoming.id; });
    if (found == waiting_.end()) return false;
    if (incoming.error && incoming.error->is(error_stopping)) return true;  // the next one is asked
    const Waiting each = std::move(*found);
    waiting_.erase(found);
    if (incoming.error) {
        const std::string what = tr("not sent: {1}", incoming.error->what());
        lines_.push_back(not_accepted_text(each.target.shown, what, Colour::red, style_));
    } else {
        accepted(incoming.body, now);
    }
    if (waiting_.empty()) early_.clear();
    return true;
}

void ChatOutbox::accepted(const Json& result, SteadyTime now) {
    MessageRecord record = accepted_record(parse_result<SendResult>(result), {});
    if (const auto early = early_.find(record.id); early != early_.end()) record = early->second;
    follow(record, now);
}

void ChatOutbox::follow(const MessageRecord& record, SteadyTime now) {
    const Followed each{without_text(record), now};
    if (is_final(record.state)) return finished(each);
    followed_[record.id] = each;
    if (followed_.size() > followed_max) followed_.erase(followed_.begin());
}

void ChatOutbox::changed(const MessageRecord& record) {
    if (record.dir != Direction::out) return;
    const auto found = followed_.find(record.id);
    if (found == followed_.end()) {
        if (waiting_.empty()) return;
        early_[record.id] = without_text(record);
        if (early_.size() > early_max) early_.erase(early_.begin());
        return;
    }
    found->second.record = without_text(record);
    if (!is_final(record.state)) return;
    finished(found->second);
    followed_.erase(found);
}

void ChatOutbox::finished(const Followed& each) {
    lines_.push_back(outcome_text(each.record, style_));
    const SendState state = each.record.state;
    if (state == SendState::refused || state == SendState::expired) {
        newest_failed_ = each.record.id;
    } else if (newest_failed_ == each.record.id) {
        newest_failed_.reset();
    }
}

SteadyTime ChatOutbox::next_line(const Followed& each) {
    if (each.said >= 2) return SteadyTime::max();
    return each.since + (each.said == 0 ? grace : late);
}

std::optional<SteadyTime> ChatOutbox::deadline() const {
    SteadyTime next = SteadyTime::max();
    for (const Waiting& each : waiting_) {
        if (!each.said) next = std::min(next, each.since + grace);
    }
    for (const auto& [id, each] : followed_) next = std::min(next, next_line(each));
    return next == SteadyTime::max() ? std::nullopt : std::optional(next);
}

void ChatOutbox::pass_time(SteadyTime now) {
    for (Waiting& each : waiting_) {
        if (each.said || each.since + grace > now) continue;
        each.said = true;
        lines_.push_back(not_accepted_text(each.target.shown,
                                           tr("kept here, p2pd gets it when it is there again"),
                                           Colour::yellow, style_));
    }
    for (auto& [id, each] : followed_) {
        if (next_line(each) > now) continue;
        lines_.push_back(each.said == 0 ? outcome_text(each.record, style_)
                                        : late_text(each.record, style_));
        ++each.said;
    }
}

}  // namespace p2pd
