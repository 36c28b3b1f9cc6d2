// ctl: the command trace. Includes std and common.
#include <algorithm>

#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/delivery.h"
#include "ctl/language.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

constexpr std::size_t time_columns = 26;
constexpr std::size_t step_columns = 11;

std::string sent_text(const TraceRecord& event, std::uint32_t parts) {
    std::string text = tr("attempt {1}", event.attempt.value_or(0));
    if (parts > 1) text = tr("part {1} of {2}", event.part.value_or(0), parts) + ", " + text;
    if (event.datagram_bytes.value_or(0) == 0) return text + ", " + tr("no socket took it");
    text += ", " + tr("in a datagram of {1} bytes", *event.datagram_bytes);
    const std::uint32_t others = event.objects.value_or(1) - 1;
    if (others == 0) return text;
    return text + " " + tr_count("with {1} other", "with {1} others", others);
}

std::string confirmed_text(const TraceRecord& event, std::uint32_t parts) {
    std::string text;
    if (parts > 1) text = tr("part {1} of {2}", event.part.value_or(0), parts) + ", ";
    if (event.rtt_ms) return text + tr("after {1}", duration_text(microseconds_of(*event.rtt_ms)));
    return text + tr("which of {1} attempts it answers nobody knows", event.attempt.value_or(0));
}

std::string trouble_text(SendTrouble trouble) {
    switch (trouble) {
        case SendTrouble::port_unreachable:
            break;
        case SendTrouble::host_unreachable:
            return tr("the network says that the host cannot be reached");
        case SendTrouble::prohibited:
            return tr("the network says that it is prohibited");
        case SendTrouble::too_large:
            return tr("a datagram is too large for the network");
    }
    return tr("its host says that nobody listens on the port");
}

std::string step_name(TraceStep step) {
    switch (step) {
        case TraceStep::sent:
            break;
        case TraceStep::confirmed:
            return tr("confirmed");
        case TraceStep::refused:
            return tr("refused");
        case TraceStep::trouble:
            return tr("trouble");
    }
    return tr("sent");
}

std::string event_text(const TraceRecord& event, std::uint32_t parts) {
    if (event.trouble) return trouble_text(*event.trouble);
    return event.event == TraceStep::sent ? sent_text(event, parts) : confirmed_text(event, parts);
}

std::string event_line(UtcTime at, const std::string& step, const std::string& what,
                       const Style& style) {
    return "  " + padded(exact_time_text(at, style.time), time_columns) + "  " +
           padded(step, step_columns) + " " + what + "\n";
}

std::string trace_text(const MessageRecord& record, const TraceResult& trace, const Style& style) {
    std::string text = sent_line(record, style);
    if (record.created_at) {
        text += event_line(*record.created_at, tr("accepted"),
                           tr("{1} bytes of text", record.text.size()), style);
    }
    if (!trace.complete) {
        text += "  " + tr("What happened before this is not known any more.") + "\n";
    }
    for (const TraceRecord& event : trace.events) {
        text +=
            event_line(event.at, step_name(event.event), event_text(event, record.parts), style);
    }
    return text;
}

}  // namespace

ExitCode run_trace(Context& context) {
    const std::uint64_t id = context.arguments().ids().front();
    const auto trace =
        parse_result<TraceResult>(context.call("trace", write_fields(TraceParams{id})));
    if (context.json()) {
        context.print_json("trace", write_fields(trace));
    } else {
        context.print(trace_text(get_messages(context, {id}).front(), trace, context.style()));
    }
    context.out().flush();
    return ExitCode::done;
}

}  // namespace p2pd
