// ctl: the commands send, reply and wait. Includes std and common.
#include <algorithm>

#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/delivery.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"
#include "ctl/send_lines.h"
#include "ctl/text_input.h"

namespace p2pd {

namespace {

using std::chrono::milliseconds;

/// Asks, and once more over a new connection when the first breaks: the request_id in `params`
/// sees to it that there is one message in the end.
Json ask_even_if_broken(Context& context, std::string_view method, const Json& params) {
    try {
        return context.call(method, params);
    } catch (const ConnectionLost&) {
        context.remark("the connection broke before the answer; asking again");
    }
    context.reconnect();
    return context.call(method, params);
}

/// The records after at most `timeout`; texts are empty.
std::vector<MessageRecord> wait_for(Context& context, const std::vector<std::uint64_t>& ids,
                                    milliseconds timeout) {
    const WaitParams params{ids, static_cast<std::uint32_t>(timeout.count())};
    const Json result =
        context.client().call("wait", write_fields(params), timeout + answer_timeout);
    return parse_messages(result).messages;
}

/// The message's state once it is final or the time is up; as accepted if the daemon has gone.
MessageRecord confirmed(Context& context, MessageRecord record, milliseconds timeout) {
    const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
    for (const bool first : {true, false}) {
        try {
            if (!first) context.reconnect();
            auto records = wait_for(context, {record.id}, milliseconds(poll_timeout(deadline)));
            if (!records.empty()) return std::move(records.front());
        } catch (const ControlError& error) {
            // It has the message: whatever happens now is no reason to call it failed.
            context.disconnect();
            if (!first) context.remark(std::string("p2pd has the message, but ") + error.what());
        }
    }
    return record;
}

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

ExitCode deliver(Context& context, const SendResult& accepted, std::string text,
                 const DeliveryOptions& options) {
    MessageRecord record = accepted_record(accepted, std::move(text));
    if (!options.wait) return report(context, std::move(record), false);
    MessageRecord state = confirmed(context, record, options.timeout);
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

}  // namespace

ExitCode run_send(Context& context) {
    const Arguments& arguments = context.arguments();
    const DeliveryOptions options = delivery_options(arguments);
    if (arguments.has("lines")) {
        if (arguments.words.size() > 1 || arguments.has("file")) {
            throw ControlError(error_usage, "--lines sends the lines of standard input",
                               "p2pctl send PEER --lines < FILE");
        }
        return send_lines(context, arguments.words.front(), options);
    }
    SendParams params;
    params.text = message_text(arguments, 1);
    params.request_id = new_request_id();
    params.expires_s = options.expires_s;
    const Json answer =
        ask_with_peer(context, arguments.words.front(), [&](const std::string& peer) {
            params.peer = peer;
            return ask_even_if_broken(context, "send", write_fields(params));
        });
    return deliver(context, parse_result<SendResult>(answer), std::move(params.text), options);
}

ExitCode run_reply(Context& context) {
    const Arguments& arguments = context.arguments();
    const DeliveryOptions options = delivery_options(arguments);
    ReplyParams params;
    params.id = parse_message_id(arguments.words.front());
    params.text = message_text(arguments, 1);
    params.request_id = new_request_id();
    params.expires_s = options.expires_s;
    const Json answer = ask_even_if_broken(context, "reply", write_fields(params));
    return deliver(context, parse_result<SendResult>(answer), std::move(params.text), options);
}

ExitCode run_wait(Context& context) {
    const auto ids = context.arguments().ids();
    const auto timeout = context.arguments().duration("timeout", wait_timeout_max);
    std::optional<SteadyTime> deadline;
    if (timeout) deadline = std::chrono::steady_clock::now() + *timeout;
    ExitCode exit = ExitCode::done;
    for (std::size_t first = 0; first < ids.size(); first += ids_max) {
        const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(first);
        const std::vector<std::uint64_t> group(
            begin, begin + static_cast<std::ptrdiff_t>(std::min(ids_max, ids.size() - first)));
        std::vector<MessageRecord> records;
        do {
            const milliseconds left =
                deadline ? milliseconds(poll_timeout(deadline)) : wait_timeout_max;
            records = wait_for(context, group, left);
        } while (!deadline && !std::all_of(records.begin(), records.end(), [](const auto& record) {
            return is_final(record.state);
        }));
        exit = worse(exit, print_states(context, records));
    }
    return exit;
}

}  // namespace p2pd
