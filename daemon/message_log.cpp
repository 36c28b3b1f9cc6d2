// daemon: what the log says of messages and peers. Includes std, core, common.
#include "daemon/message_log.h"

#include <algorithm>
#include <string_view>

#include "common/log_ids.h"

namespace p2pd {

namespace {

struct End {
    LogLevel level;
    std::string_view words;
    std::string_view log_id;
};

End end_of(OutState state) {
    switch (state) {
        case OutState::delivered:
            return {LogLevel::debug, " is delivered", log_id::message_delivered};
        case OutState::refused:
            return {LogLevel::info, " was refused", log_id::message_undelivered};
        case OutState::expired:
            return {LogLevel::info, " has expired", log_id::message_undelivered};
        case OutState::cancelled:
        case OutState::pending:  // none ends so
            break;
    }
    return {LogLevel::info, " was cancelled", log_id::message_undelivered};
}

}  // namespace

void log_accepted(Log& log, MessageId id, const Endpoint& peer) {
    if (!log.writes(LogLevel::debug)) return;
    const std::string number = std::to_string(id);
    const std::string address = peer.text();
    log.limited("accepted", LogLevel::debug,
                "message " + number + " to " + address + " is accepted",
                {.message_id = log_id::message_accepted, .peer = address, .message = number});
}

void log_end(Log& log, const Finished& finished) {
    const End end = end_of(finished.update.state);
    if (!log.writes(end.level)) return;
    const std::string number = std::to_string(finished.update.id);
    const std::string address = finished.message ? finished.message->peer.text() : std::string();
    std::string text = "message " + number;
    if (!address.empty()) text += " to " + address;
    text += end.words;
    // Apart, so that what fails is not hidden by what goes well.
    log.limited(end.level == LogLevel::debug ? "delivered" : "undelivered", end.level, text,
                {.message_id = end.log_id, .peer = address, .message = number});
}

void log_received(Log& log, const StoreBatch& batch, const BatchResult& result) {
    if (!log.writes(LogLevel::debug) || result.full) return;
    for (std::size_t i = 0; i < batch.received.size(); ++i) {
        const auto& refused = result.turned_away;  // in rising order
        if (std::binary_search(refused.begin(), refused.end(), i)) continue;
        const std::string address = batch.received[i].peer.text();
        log.limited("received", LogLevel::debug, "a message from " + address + " is stored",
                    {.message_id = log_id::message_received, .peer = address});
    }
}

void log_named(Log& log, const Endpoint& peer, const std::optional<std::string>& name) {
    const std::string address = peer.text();
    log.limited("named", LogLevel::info,
                name ? address + " is named " + *name : address + " has no name any more",
                {.message_id = log_id::peer_named, .peer = address});
}

}  // namespace p2pd
