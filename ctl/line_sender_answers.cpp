// ctl: what `send --lines` does with each answer. Includes std, POSIX and common.
#include <algorithm>
#include <iterator>
#include <utility>

#include "ctl/language.h"
#include "ctl/line_sender.h"
#include "ctl/output_json.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Empty for an error: a message that somebody deleted meanwhile fails the whole question, and the
/// rest of the group is then told as it was last seen.
std::map<std::uint64_t, MessageRecord> records_by_id(const Incoming& answer) {
    std::map<std::uint64_t, MessageRecord> records;
    if (answer.error) return records;
    for (MessageRecord& record : parse_messages(answer.body).messages) {
        records.emplace(record.id, std::move(record));
    }
    return records;
}

/// A run of send_many's answer, taken apart.
MessageRecord record_of(const SendManyResult& result, const SentRun& run, std::uint64_t id) {
    MessageRecord record;
    record.id = id;
    record.dir = Direction::out;
    record.peer = result.peer;
    record.name = result.name;
    record.created_at = result.created_at;
    record.expires_at = result.expires_at;
    record.state = run.state;
    record.attempts = run.attempts;
    record.acked_at = run.acked_at;
    record.rtt_ms = run.rtt_ms;
    record.reason = run.reason;
    return record;
}

/// Without their texts. Empty if they are not as many as were sent.
std::vector<MessageRecord> records_of(const SendManyResult& result, std::size_t sent) {
    std::vector<MessageRecord> records;
    for (const SentRun& run : result.runs) {
        if (run.count > sent - records.size()) return {};
        for (std::uint32_t i = 0; i < run.count; ++i) {
            records.push_back(record_of(result, run, run.first_id + i));
        }
    }
    return records.size() == sent ? records : std::vector<MessageRecord>{};
}

/// What concerns this one line only; anything else would meet the next line just as well.
bool is_about_text(const ControlError& error) {
    return error.exit() == ExitCode::bad_data || error.is(error_params);
}

}  // namespace

void LineSender::handle(const Incoming& incoming) {
    if (!incoming.id) return;
    breaks_ = 0;
    if (auto request = unanswered_.extract(*incoming.id)) {
        unanswered_lines_ -= request.mapped().lines.size();
        handle_sent(incoming, std::move(request.mapped()));
    } else if (auto group = groups_.extract(*incoming.id)) {
        handle_group(incoming, std::move(group.mapped()));
    }
}

void LineSender::handle_sent(const Incoming& incoming, Request request) {
    if (incoming.error) return handle_refused(*incoming.error, std::move(request));
    back_off_ = milliseconds{0};
    again_window_ = std::min(again_window_ * 2, under_way_max);
    const std::size_t count = request.lines.size();
    auto records = records_of(parse_result<SendManyResult>(incoming.body), count);
    if (records.empty()) {
        throw ControlError(
            error_protocol,
            tr("p2pd gave a result that p2pctl does not understand: {1}", "\"runs\""));
    }
    Group group{false, {}, request.posted_at};
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t bytes = request.lines[i].text.size();
        text_bytes_ -= bytes;
        group.messages.push_back({std::move(records[i]), bytes});
    }
    sent_ += count;
    unconfirmed_ += count;
    if (options_.wait) return sort_out(std::move(group), true);
    if (context_.json()) return post_gets(std::move(group.messages));
    print_group(std::move(group), {});
}

void LineSender::handle_refused(const ControlError& error, Request request) {
    std::vector<Line>& lines = request.lines;
    if (error.is(error_queue_full) || error.is(error_stopping)) {
        // The longer it stays full, the less often it is asked.
        again_window_ = again_window_min;
        if (!again_at_) {
            back_off_ = std::clamp(back_off_ * 2, back_off_min, back_off_max);
            again_at_ = steady_clock::now() + back_off_;
        }
        for (Line& line : lines) {
            const std::uint64_t number = line.number;
            again_.emplace(number, std::move(line));
        }
        return;
    }
    if (is_about_text(error) && lines.size() > 1) {
        // Alone each shows whether it is meant.
        for (Line& line : lines) {
            std::vector<Line> alone;
            alone.push_back(std::move(line));
            post_lines(std::move(alone));
        }
        return;
    }
    for (const Line& line : lines) text_bytes_ -= line.text.size();
    if (is_about_text(error)) return reject(lines.front().number, error);
    not_sent_ += lines.size();
    stop(error);
}

void LineSender::handle_group(const Incoming& incoming, Group group) {
    const auto answered = records_by_id(incoming);
    if (group.get) return print_group(std::move(group), answered);
    for (Accepted& message : group.messages) {
        const auto found = answered.find(message.record.id);
        if (found != answered.end()) message.record = found->second;
    }
    sort_out(std::move(group), !incoming.error);
}

void LineSender::sort_out(Group group, bool may_ask_again) {
    Group unfinished{false, {}, group.since};
    Group settled{true, {}, {}};
    for (Accepted& message : group.messages) {
        const bool final_state = is_final(message.record.state);
        if (final_state) last_final_ = steady_clock::now();
        (final_state ? settled : unfinished).messages.push_back(std::move(message));
    }
    if (!unfinished.messages.empty() && may_still_be_confirmed(unfinished) && may_ask_again) {
        post_group(std::exchange(unfinished, {}));
    }
    std::move(unfinished.messages.begin(), unfinished.messages.end(),
              std::back_inserter(settled.messages));
    for (const Accepted& message : settled.messages) settle(message.record);
    if (context_.json()) return post_gets(std::move(settled.messages));
    print_group(std::move(settled), {});
}

/// Behind thousands of others a message has to wait for its turn: the time is up only when it
/// has passed without a single one coming to its end.
bool LineSender::may_still_be_confirmed(const Group& group) const {
    if (options_.timeout.count() == 0) return false;
    return last_final_ > group.since || group.since + options_.timeout > steady_clock::now();
}

void LineSender::print_group(Group group, const std::map<std::uint64_t, MessageRecord>& whole) {
    const std::size_t printed = std::erase_if(group.messages, [&](const Accepted& message) {
        const auto found = whole.find(message.record.id);
        if (found != whole.end()) print(found->second);
        return found != whole.end();
    });
    unconfirmed_ -= printed;
    if (group.messages.empty()) return;
    // An answer may be cut short as any page: whatever is left is asked for again.
    if (printed > 0) return post_group(std::move(group));
    for (const Accepted& message : group.messages) print(message.record);
    unconfirmed_ -= group.messages.size();
}

void LineSender::settle(const MessageRecord& record) {
    exit_ = worse(exit_, exit_of(record.state));
    if (record.state == SendState::delivered) {
        ++delivered_;
    } else if (is_final(record.state)) {
        ++failed_;
    } else {
        ++not_confirmed_;
    }
}

void LineSender::print(const MessageRecord& record) {
    if (context_.json()) return context_.print_json("message", message_json(record));
    const bool ended_well = !options_.wait || record.state == SendState::delivered;
    if (context_.quiet() && ended_well) return;
    context_.print(options_.wait ? sent_line(record, context_.style()) : queued_line(record));
}

void LineSender::reject(std::uint64_t number, const ControlError& error) {
    ++not_sent_;
    exit_ = worse(exit_, error.exit());
    show();
    progress_.clear();
    print_error(ControlError(error.code(), error.exit(), tr("line {1}: {2}", number, error.what()),
                             error.hint()),
                context_.json());
}

void LineSender::stop(const ControlError& error) {
    exit_ = worse(exit_, error.exit());
    if (!stopped_) stopped_ = error;
}

}  // namespace p2pd
