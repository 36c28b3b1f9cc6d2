// ctl: the commands send, reply and wait. Includes std and common.
#include <algorithm>

#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/delivery.h"
#include "ctl/group_send.h"
#include "ctl/language.h"
#include "ctl/receipt_wait.h"
#include "ctl/reply_wait.h"
#include "ctl/results.h"
#include "ctl/send_lines.h"
#include "ctl/text_input.h"

namespace p2pd {

namespace {

using std::chrono::milliseconds;

ExitCode report(Context& context, MessageRecord record, bool waited) {
    const bool ended_well = !waited || record.state == SendState::delivered;
    if (context.json()) {
        if (context.connected()) {
            auto records = get_messages(context, {record.id});
            if (!records.empty()) record = std::move(records.front());
        }
        context.print_json("message", message_json(record));
    } else if (!context.quiet() || !ended_well) {
        context.print(waited ? sent_line(record, context.style()) : queued_line(record));
    }
    return waited ? exit_of(record.state) : ExitCode::done;
}

/// The end of a message that is waited for until it is answered: with the reply, or without one.
ExitCode deliver_and_hear(Context& context, const SendResult& accepted, std::uint64_t since) {
    ReplyWait wait(context, since, reply_deadline(context.arguments()));
    wait.about(accepted.id);
    const auto reply = wait.next();
    if (!reply) return wait.exit();
    if (context.json()) {
        context.print_json("message", message_json(*reply));
    } else {
        context.print(message_table({&*reply, 1}, Columns::received, context.style()));
    }
    context.out().flush();
    return ExitCode::done;
}

/// The records once all have an end, or at the deadline.
std::vector<MessageRecord> wait_until(Context& context, const std::vector<std::uint64_t>& ids,
                                      std::optional<SteadyTime> deadline) {
    for (;;) {
        const milliseconds left =
            deadline ? milliseconds(poll_timeout(deadline)) : wait_timeout_max;
        auto records = wait_for(context, ids, left);
        const bool ended = std::all_of(records.begin(), records.end(),
                                       [](const auto& record) { return is_final(record.state); });
        if (deadline || ended) return records;
    }
}

/// The end of a message that is waited for until it is read or handled.
ExitCode deliver_and_be_read(Context& context, const SendResult& accepted, std::string text,
                             ReadMark until) {
    const auto deadline = reply_deadline(context.arguments());
    MessageRecord record = accepted_record(accepted, {});
    do {
        const milliseconds left =
            deadline ? milliseconds(poll_timeout(deadline)) : wait_timeout_max;
        auto known = confirmed(context, {accepted.id}, left);
        if (known.empty()) break;  // the daemon has gone, twice
        record = std::move(known.front());
    } while (!deadline && !is_final(record.state));
    record.text = std::move(text);
    if (record.state != SendState::delivered || context.json()) {
        const ExitCode exit = report(context, record, true);
        if (record.state != SendState::delivered) return exit;
    } else {
        context.remark(without_line_break(sent_line(record, Style{})));
    }
    return await_receipt(context, record, until, deadline);
}

ExitCode deliver(Context& context, const SendResult& accepted, std::string text,
                 const DeliveryOptions& options) {
    if (options.until == Until::read || options.until == Until::handled) {
        return deliver_and_be_read(
            context, accepted, std::move(text),
            options.until == Until::read ? ReadMark::read : ReadMark::handled);
    }
    MessageRecord record = accepted_record(accepted, std::move(text));
    if (!options.wait) return report(context, std::move(record), false);
    MessageRecord state = record;
    for (MessageRecord& known : confirmed(context, {record.id}, options.timeout)) {
        state = std::move(known);
    }
    state.text = std::move(record.text);
    return report(context, std::move(state), true);
}

ExitCode print_states(Context& context, const std::vector<MessageRecord>& records) {
    ExitCode exit = ExitCode::done;
    std::vector<std::uint64_t> ids;
    for (const MessageRecord& record : records) {
        ids.push_back(record.id);
        exit = worse(exit, exit_of(record.state));
        if (!context.json() && (!context.quiet() || record.state != SendState::delivered)) {
            context.print(sent_line(record, context.style()));
        }
    }
    if (context.json()) {
        for (const auto& record : get_messages(context, std::move(ids))) {
            context.print_json("message", message_json(record));
        }
    }
    context.out().flush();
    return exit;
}

/// What comes from here on may be the reply.
std::optional<std::uint64_t> cursor_if_reply_awaited(Context& context,
                                                     const DeliveryOptions& options) {
    if (options.until != Until::reply) return std::nullopt;
    return current_cursor(context);
}

}  // namespace

ExitCode run_send(Context& context) {
    const Arguments& arguments = context.arguments();
    const DeliveryOptions options = delivery_options(arguments);
    if (arguments.has("lines")) {
        if (arguments.words.size() > 1 || arguments.has("file") ||
            options.until != Until::delivered || arguments.words.front().starts_with('@')) {
            throw ControlError(error_usage,
                               tr("--lines sends the lines of standard input to one peer"),
                               tr("p2pctl send PEER --lines < FILE"));
        }
        return send_lines(context, arguments.words.front(), options);
    }
    const std::string& peer = arguments.words.front();
    if (peer.starts_with('@')) {
        if (options.until != Until::delivered) {
            throw ControlError(
                error_usage, tr("of a group it can only be waited until all have the message"),
                tr("p2pctl wait ID... --until read, with the ids that --json gives"));
        }
        return send_to_group(context, peer, message_text(arguments, 1), options);
    }
    std::string text = message_text(arguments, 1);
    const auto since = cursor_if_reply_awaited(context, options);
    const SendResult accepted = send_message(context, peer, text, options.expires_s);
    if (since) return deliver_and_hear(context, accepted, *since);
    return deliver(context, accepted, std::move(text), options);
}

ExitCode run_reply(Context& context) {
    const Arguments& arguments = context.arguments();
    const DeliveryOptions options = delivery_options(arguments);
    const std::uint64_t id = parse_message_id(arguments.words.front());
    std::string text = message_text(arguments, 1);
    const auto since = cursor_if_reply_awaited(context, options);
    const SendResult accepted = send_reply(context, id, text, options.expires_s);
    if (since) return deliver_and_hear(context, accepted, *since);
    return deliver(context, accepted, std::move(text), options);
}

ExitCode run_wait(Context& context) {
    const auto ids = context.arguments().ids();
    const auto timeout = context.arguments().duration("timeout", wait_timeout_max);
    std::optional<SteadyTime> deadline;
    if (timeout) deadline = std::chrono::steady_clock::now() + *timeout;
    std::optional<ReadMark> until;
    if (const auto text = context.arguments().text("until"))
        until = parse_read_mark(*text, "until");
    ExitCode exit = ExitCode::done;
    for (std::size_t first = 0; first < ids.size(); first += ids_max) {
        const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(first);
        const std::vector<std::uint64_t> group(
            begin, begin + static_cast<std::ptrdiff_t>(std::min(ids_max, ids.size() - first)));
        const auto records = wait_until(context, group, deadline);
        exit = worse(exit, print_states(context, records));
        for (const MessageRecord& record : records) {
            if (!until || record.state != SendState::delivered) continue;
            exit = worse(exit, await_receipt(context, record, *until, deadline));
        }
    }
    return exit;
}

}  // namespace p2pd
