// ctl: the moment at which chat shows what has come. Includes std and common.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/control_protocol.h"
#include "ctl/control_client.h"

namespace p2pd {

enum class HoldMode { now, idle, manual };
constexpr auto enum_names(HoldMode) {
    return std::array<std::pair<HoldMode, std::string_view>, 3>{
        {{HoldMode::now, "now"}, {HoldMode::idle, "idle"}, {HoldMode::manual, "manual"}}};
}
/// Throws ControlError (exit 64); `what` names what was given.
HoldMode parse_hold_mode(std::string_view what, const std::string& text);

/// How it stands with whoever types.
struct Typing {
    bool empty = true;       ///< the line
    SteadyTime last_key_at;  ///< when a key was pressed last
};

/// What is to be shown: a message (as MessageRecord, without its text), or a remark about what was
/// sent.
struct ChatItem {
    std::string text;  ///< safe, of whole lines, of bounded size
    std::optional<MessageRecord> message;
};

/// Holds what came until the moment that the mode allows. It is shown in its order, and together:
/// however fast it comes, the line that is typed is drawn again a few times a second.
class ChatHold {
public:
    /// How long nobody may have typed for something to be shown above a line that is not empty.
    static constexpr std::chrono::milliseconds idle_time{2000};
    static constexpr std::chrono::milliseconds redraw_interval_min{50};
    static constexpr std::size_t held_max = 5000;

    explicit ChatHold(HoldMode mode) : mode_(mode) {}

    HoldMode mode() const { return mode_; }
    void change(HoldMode mode) { mode_ = mode; }

    /// Of too many the newest are kept.
    void add(ChatItem item);

    /// Messages that wait to be shown.
    std::size_t messages() const { return messages_; }
    /// Messages that were too many, since the last time that this was asked.
    std::size_t take_dropped() { return std::exchange(dropped_, 0); }

    /// When something is to be shown, if nothing changes; empty: not by itself.
    std::optional<SteadyTime> due(const Typing& typing) const;
    /// What is to be shown then. `manual` gives no messages by itself, and remarks as `idle` does.
    std::vector<ChatItem> take_due(SteadyTime now);
    /// Everything: it was asked for.
    std::vector<ChatItem> take_all(SteadyTime now);

private:
    HoldMode mode_;
    std::deque<ChatItem> items_;
    std::size_t messages_ = 0;
    std::size_t dropped_ = 0;
    std::optional<SteadyTime> shown_at_;
};

}  // namespace p2pd
