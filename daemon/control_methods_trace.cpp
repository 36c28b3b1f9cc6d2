// daemon: the method that says what happened to a message. Includes all of daemon.
#include <algorithm>
#include <array>

#include "daemon/control_continuation.h"
#include "daemon/control_methods.h"
#include "daemon/daemon.h"

namespace p2pd {

namespace {

/// A message as the store has it, both ways.
struct Stored {
    Lookup lookup;
    std::optional<OutgoingMessage> message;
};

TraceStep step_of(TraceEvent::Kind kind) {
    switch (kind) {
        case TraceEvent::Kind::sent:
            break;
        case TraceEvent::Kind::confirmed:
            return TraceStep::confirmed;
        case TraceEvent::Kind::refused:
            return TraceStep::refused;
        case TraceEvent::Kind::trouble:
            return TraceStep::trouble;
    }
    return TraceStep::sent;
}

TraceRecord trace_record(const TraceEvent& event, const OutgoingMessage& message) {
    TraceRecord record;
    record.at = {event.at.time_since_epoch().count()};
    record.event = step_of(event.kind);
    if (event.kind == TraceEvent::Kind::trouble) {
        record.trouble = name_of(event.trouble);
        return record;
    }
    record.part = static_cast<std::uint32_t>(event.part_us - message.first_us) + 1;
    record.attempt = event.attempt;
    if (event.kind == TraceEvent::Kind::sent) {
        record.text_bytes = event.text_bytes;
        record.datagram_bytes = event.datagram_bytes;
        record.objects = event.objects;
    } else if (event.rtt_us >= 0) {
        record.rtt_ms = static_cast<double>(event.rtt_us) / 1000.0;
    }
    return record;
}

/// What is forgotten is forgotten oldest first.
bool is_complete(const std::vector<TraceEvent>& events, const OutgoingMessage& message) {
    if (message.attempts == 0) return true;
    return std::any_of(events.begin(), events.end(), [&](const TraceEvent& event) {
        return event.kind == TraceEvent::Kind::sent && event.attempt == 1 &&
               event.part_us == message.first_us;
    });
}

}  // namespace

void ControlMethods::trace(const Caller& /*caller*/, const TraceParams& params,
                           const Responder& responder) {
    daemon_.query(
        [id = params.id](Store& store) {
            return Stored{{store.get(std::array{id}), store.counts().newest_id},
                          store.load_one(id)};
        },
        answering(responder, [this, params, responder](const Stored& stored) mutable {
            require_all({params.id}, stored.lookup.records, stored.lookup.newest);
            if (!stored.message) {
                throw ControlFailure{error_wrong_state,
                                     "message " + std::to_string(params.id) + " is a received one",
                                     "only sent messages can be traced"};
            }
            const std::vector<TraceEvent> events = daemon_.node().trace(*stored.message);
            TraceResult result{params.id, is_complete(events, *stored.message), {}};
            for (const TraceEvent& event : events) {
                result.events.push_back(trace_record(event, *stored.message));
            }
            responder.result(result);
        }));
}

}  // namespace p2pd
