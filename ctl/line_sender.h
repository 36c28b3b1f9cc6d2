// ctl: the loop behind `send --lines`. Includes std, POSIX and common.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ctl/context.h"
#include "ctl/delivery.h"
#include "ctl/interrupt.h"
#include "ctl/line_reader.h"
#include "ctl/progress.h"

namespace p2pd {

/// One thread, one ppoll(): lines come in, requests go out, answers come back, and each wakes
/// only what can go on because of it. What lines have come in go out in one request, which waits
/// for their confirmation too, for a short time. A line is always in exactly one place:
///
///   reader -> unanswered_ -> (groups_) -> printed
///                 ^  |
///                 |  v  the daemon's queue is full
///                again_
class LineSender {
public:
    LineSender(Context& context, std::string peer, const DeliveryOptions& options);

    /// Returns the worst exit code of all lines.
    ExitCode run();

private:
    static constexpr std::size_t under_way_max = 4096;
    static constexpr std::size_t again_window_min = 4;
    static constexpr std::chrono::milliseconds back_off_min{20};
    static constexpr std::chrono::milliseconds back_off_max{1000};
    /// What fits an answer of 1 MiB beside the other members of a group's records.
    static constexpr std::size_t get_text_bytes_max = std::size_t{128} * 1024;

    struct Line {
        std::uint64_t number = 0;
        std::string text;
    };
    /// Lines that are sent together.
    struct Request {
        std::vector<Line> lines;
        std::string request_id;
        SteadyTime posted_at{};
    };
    struct Accepted {
        MessageRecord record;  ///< without its text
        std::size_t text_bytes = 0;
    };
    /// Accepted messages whose states (`wait`) or whole records (`get`) are asked for together.
    struct Group {
        bool get = false;
        std::vector<Accepted> messages;
        SteadyTime since{};  ///< from here on their time runs
    };

    void step();
    bool finished() const;
    bool may_take() const;
    void take_lines();
    std::vector<Line> next_lines();
    void post_lines(std::vector<Line> lines);
    void post_request(Request request);
    void post_group(Group group);
    void post_gets(std::vector<Accepted> messages);
    void post_again();
    void wait_for_events();
    void handle(const Incoming& incoming);
    void handle_sent(const Incoming& incoming, Request request);
    void handle_refused(const ControlError& error, Request request);
    void handle_group(const Incoming& incoming, Group group);
    void sort_out(Group group, bool may_ask_again);
    void print_group(Group group, const std::map<std::uint64_t, MessageRecord>& whole);
    void settle(const MessageRecord& record);
    bool may_still_be_confirmed(const Group& group) const;
    void print(const MessageRecord& record);
    void reject(std::uint64_t number, const ControlError& error);
    void stop(const ControlError& error);
    void reconnect();
    void pause(std::chrono::milliseconds duration);
    void show();
    void finish();
    std::string summary() const;

    Context& context_;
    std::string peer_;
    DeliveryOptions options_;
    InterruptGuard interrupt_;
    LineReader reader_;
    Progress progress_;
    std::optional<std::uint64_t> input_bytes_;  ///< of a regular file

    std::map<std::uint64_t, Request> unanswered_;  ///< by the id of the request
    std::map<std::uint64_t, Line> again_;          ///< by the number of the line
    std::map<std::uint64_t, Group> groups_;        ///< by the id of the request
    std::size_t unanswered_lines_ = 0;
    std::size_t text_bytes_ = 0;   ///< of all in unanswered_ and again_
    std::size_t unconfirmed_ = 0;  ///< in groups_
    SteadyTime last_final_{};      ///< when a message was last known to have come to its end
    std::chrono::milliseconds back_off_{0};
    std::optional<SteadyTime> again_at_;
    std::size_t again_window_ = again_window_min;  ///< unanswered lines while again_ is not empty
    int breaks_ = 0;                               ///< of the connection, since the last answer

    std::uint64_t sent_ = 0;
    std::uint64_t delivered_ = 0;
    std::uint64_t not_confirmed_ = 0;
    std::uint64_t failed_ = 0;    ///< refused, expired or cancelled
    std::uint64_t not_sent_ = 0;  ///< lines that are no message, or were given up
    std::uint64_t unanswered_at_end_ = 0;
    ExitCode exit_ = ExitCode::done;
    std::optional<ControlError> stopped_;
};

}  // namespace p2pd
