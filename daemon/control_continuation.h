// daemon: continuing a control method when the store has answered. Includes std, control_methods.
#pragma once

#include <utility>
#include <vector>

#include "daemon/control_methods.h"

namespace p2pd {

/// Wraps `done(result)` so that a failure it throws becomes the answer.
template <class Done>
auto answering(const Responder& responder, Done done) {
    return [responder, done = std::move(done)](auto result) mutable {
        try {
            done(std::move(result));
        } catch (const FieldError& error) {
            responder.error(error_params, error.what());
        } catch (const ControlFailure& failure) {
            responder.error(failure.kind, failure.message, failure.hint);
        }
    };
}

/// Of a request that was made before: its answer says again what its first message was given.
template <class Result>
void take_first(Result& result, const std::vector<MessageRecord>& records) {
    if (records.empty()) return;  // deleted since
    const MessageRecord& first = records.front();
    result.peer = first.peer;
    result.name = first.name;
    result.created_at = first.created_at.value_or(UtcTime{});
    result.expires_at = first.expires_at.value_or(UtcTime{});
}

/// Records and the newest id, read together.
struct Lookup {
    std::vector<MessageRecord> records;
    MessageId newest = 0;
};

}  // namespace p2pd
