// ctl: the moment at which chat shows what has come. Includes std and common.
#include "ctl/chat_hold.h"

#include <algorithm>
#include <iterator>

#include "ctl/control_error.h"
#include "ctl/language.h"

namespace p2pd {

HoldMode parse_hold_mode(std::string_view what, const std::string& text) {
    for (const auto& [mode, name] : enum_names(HoldMode{})) {
        if (name == text) return mode;
    }
    throw ControlError(error_usage, tr("{1} \"{2}\": must be now, idle or manual", what, text));
}

void ChatHold::add(ChatItem item) {
    messages_ += item.message ? 1 : 0;
    items_.push_back(std::move(item));
    if (items_.size() <= held_max) return;
    if (items_.front().message) {
        --messages_;
        ++dropped_;
    }
    items_.pop_front();
}

std::optional<SteadyTime> ChatHold::due(const Typing& typing) const {
    const std::size_t waiting =
        mode_ == HoldMode::manual ? items_.size() - messages_ : items_.size();
    if (waiting == 0) return std::nullopt;
    SteadyTime due = shown_at_ ? *shown_at_ + redraw_interval_min : SteadyTime{};
    if (mode_ != HoldMode::now && !typing.empty) {
        due = std::max(due, typing.last_key_at + idle_time);
    }
    return due;
}

std::vector<ChatItem> ChatHold::take_due(SteadyTime now) {
    if (mode_ != HoldMode::manual) return take_all(now);
    std::vector<ChatItem> taken;
    const auto is_message = [](const ChatItem& item) { return item.message.has_value(); };
    const auto end = std::stable_partition(items_.begin(), items_.end(), is_message);
    std::move(end, items_.end(), std::back_inserter(taken));
    items_.erase(end, items_.end());
    shown_at_ = now;
    return taken;
}

std::vector<ChatItem> ChatHold::take_all(SteadyTime now) {
    std::vector<ChatItem> taken(std::make_move_iterator(items_.begin()),
                                std::make_move_iterator(items_.end()));
    items_.clear();
    messages_ = 0;
    shown_at_ = now;
    return taken;
}

}  // namespace p2pd
