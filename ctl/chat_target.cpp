// ctl: whom the text typed in chat goes to. Includes std and common.
#include "ctl/chat_target.h"

#include <algorithm>
#include <utility>

#include "ctl/output_human.h"

namespace p2pd {

namespace {

constexpr std::size_t unanswered_max = 1000;

}  // namespace

std::string ChatTarget::prompt() const {
    if (!target_) return "» ";
    return target_->shown + (target_->id ? "↩" + std::to_string(*target_->id) : "") + "» ";
}

void ChatTarget::choose(Target target) {
    target_ = std::move(target);
}

bool ChatTarget::answer_next() {
    if (unanswered_.empty()) return false;
    auto next = unanswered_.end();
    if (target_ && target_->id) {
        next = std::find_if(unanswered_.begin(), unanswered_.end(),
                            [&](const Target& each) { return each.id == target_->id; });
        if (next == unanswered_.begin()) next = unanswered_.end();
    }
    target_ = *std::prev(next);
    return true;
}

void ChatTarget::shown(const MessageRecord& record) {
    if (record.dir != Direction::in) return;
    answered(record.id);  // shown again, it is the newest
    unanswered_.push_back(answer_to(record));
    if (unanswered_.size() > unanswered_max) unanswered_.pop_front();
}

void ChatTarget::answered(std::uint64_t id) {
    std::erase_if(unanswered_, [&](const Target& each) { return each.id == id; });
}

void ChatTarget::sent() {
    if (!target_ || !target_->id) return;
    answered(*target_->id);
    target_->id.reset();
}

Target answer_to(const MessageRecord& record) {
    return {record.name ? *record.name : record.peer,
            one_line(record.name ? *record.name : record.peer), record.id};
}

}  // namespace p2pd
