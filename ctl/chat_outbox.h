// ctl: what was sent in chat, and what becomes of it. Includes std and common.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/control_protocol.h"
#include "ctl/chat_target.h"
#include "ctl/control_client.h"
#include "ctl/output_human.h"

namespace p2pd {

/// Each text has a request_id from the beginning: it is asked for until the daemon has it, over
/// any number of connections, and is one message in the end. What is to be said of it comes as
/// lines: nothing at once when it is delivered at once, and a line when it is late, and at its end.
class ChatOutbox {
public:
    using Post = std::function<std::uint64_t(std::string_view method, const Json& params)>;

    /// Before that, a message that is on its way needs no line of its own.
    static constexpr std::chrono::milliseconds grace{300};
    /// A message that is not confirmed after that is late.
    static constexpr std::chrono::milliseconds late{5000};
    static constexpr std::size_t waiting_max = 1000;
    static constexpr std::size_t followed_max = 1000;

    explicit ChatOutbox(const Style& style) : style_(style) {}

    /// Takes a text; false when too many wait for the daemon already.
    bool add(const Target& target, std::string text, SteadyTime now);
    /// Asks for what has not been asked for over this connection.
    void post_waiting(const Post& post);
    /// The connection has ended: what has no answer is to be asked for again.
    void connection_lost();

    /// Whether `incoming` is an answer to one of its requests, which is taken then.
    bool take_answer(const Incoming& incoming, SteadyTime now);
    /// The stream says how a message is now.
    void changed(const MessageRecord& record);
    /// Says what becomes of a message that was sent before.
    void follow(const MessageRecord& record, SteadyTime now);

    /// When pass_time() is to be called next.
    std::optional<SteadyTime> deadline() const;
    void pass_time(SteadyTime now);

    std::vector<std::string> take_lines() { return std::exchange(lines_, {}); }
    /// Texts that the daemon does not have yet.
    std::size_t waiting() const { return waiting_.size(); }
    /// The newest that was refused or has expired.
    std::optional<std::uint64_t> newest_failed() const { return newest_failed_; }

private:
    /// What the daemon does not have yet.
    struct Waiting {
        Target target;
        std::string text;
        std::string request_id;
        SteadyTime since;
        std::optional<std::uint64_t> asked;  ///< id of the request on this connection
        bool said = false;
    };
    /// What it has and is not final.
    struct Followed {
        MessageRecord record;  ///< without its text
        SteadyTime since;
        int said = 0;  ///< lines about it
    };

    static SteadyTime next_line(const Followed& each);
    void accepted(const Json& result, SteadyTime now);
    void finished(const Followed& each);

    Style style_;
    std::deque<Waiting> waiting_;
    std::map<std::uint64_t, Followed> followed_;
    /// States that came before the answer which says that the message is ours.
    std::map<std::uint64_t, MessageRecord> early_;
    std::vector<std::string> lines_;
    std::optional<std::uint64_t> newest_failed_;
};

}  // namespace p2pd
