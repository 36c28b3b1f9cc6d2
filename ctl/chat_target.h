// ctl: whom the text typed in chat goes to. Includes std and common.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "common/control_protocol.h"

namespace p2pd {

/// A receiver, and maybe the message that is answered.
struct Target {
    std::string peer;                 ///< as `send` takes it
    std::string shown;                ///< its name, or address; safe to print
    std::optional<std::uint64_t> id;  ///< of the message that is answered
};

/// The target changes by what the user does and by nothing else: what arrives is only noted, for
/// the key that answers it.
class ChatTarget {
public:
    const std::optional<Target>& target() const { return target_; }
    /// `bob» `, `bob↩42» `, or `» ` when there is no target.
    std::string prompt() const;

    /// The user says whom the text goes to.
    void choose(Target target);
    /// The key: the newest message that was shown and has no answer, then with each further call
    /// the one before it, and from the oldest back to the newest. False if there is none.
    bool answer_next();

    /// A message of the inbox was shown.
    void shown(const MessageRecord& record);
    /// A message has an answer, from here or elsewhere.
    void answered(std::uint64_t id);
    /// The text was sent: the next one goes to the same peer, and answers nothing.
    void sent();

private:
    /// Newest last; bounded, as who has not answered a thousand will not.
    std::deque<Target> unanswered_;
    std::optional<Target> target_;
};

/// The target of an answer to a received message.
Target answer_to(const MessageRecord& record);

}  // namespace p2pd
