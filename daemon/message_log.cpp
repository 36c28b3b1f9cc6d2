// daemon: what the log says of messages and peers. Includes std, core, common.
#include "daemon/message_log.h"

#include <span>
#include <string_view>

#include "common/log_ids.h"

namespace p2pd {

namespace {

struct End {
    std::string_view event_class;  ///< apart, so that what fails is not hidden by what goes well
    std::string_view words;
    std::string_view log_id;
};

End end_of(OutState state) {
    switch (state) {
        case OutState::delivered:
            return {"delivered", " is delivered", log_id::message_delivered};
        case OutState::refused:
            return {"undelivered", " was refused", log_id::message_undelivered};
        case OutState::expired:
            return {"undelivered", " has expired", log_id::message_undelivered};
        case OutState::cancelled:
        case OutState::pending:  // none ends so
            break;
    }
    return {"undelivered", " was cancelled", log_id::message_undelivered};
}

}  // namespace

void log_accepted(Log& log, MessageId first, std::uint32_t count, const Endpoint& peer) {
    constexpr std::string_view event_class = "accepted";
    const MessageId end = first + log.admits(event_class, LogLevel::debug, count);
    for (MessageId id = first; id < end; ++id) {
        const std::string number = std::to_string(id);
        const std::string address = peer.text();
        std::string text = "message " + number;
        text += " to " + address + " is accepted";
        log.write(LogLevel::debug, text,
                  {.message_id = log_id::message_accepted,
                   .peer = address,
                   .message = number,
                   .event_class = event_class});
    }
}

void log_end(Log& log, const Finished& finished) {
    const End end = end_of(finished.update.state);
    const MessageId first = finished.update.id;
    const std::uint64_t lines = log.admits(end.event_class, LogLevel::info, finished.count);
    for (MessageId id = first; id < first + lines; ++id) {
        const std::string number = std::to_string(id);
        const std::string address =
            finished.message ? finished.message->peer.text() : std::string();
        std::string text = "message " + number;
        if (!address.empty()) text += " to " + address;
        text += end.words;
        log.write(LogLevel::info, text,
                  {.message_id = end.log_id,
                   .peer = address,
                   .message = number,
                   .event_class = end.event_class});
    }
}

void log_received(Log& log, const StoreBatch& batch, const BatchResult& result) {
    constexpr std::string_view event_class = "received";
    const auto lines = log.admits(event_class, LogLevel::info, result.arrived.size());
    for (const auto& [received, id] : std::span(result.arrived).first(lines)) {
        const std::string number = std::to_string(id);
        const std::string address = batch.received[received].peer.text();
        std::string text = "message " + number;
        text += " from " + address + " is stored";
        log.write(LogLevel::info, text,
                  {.message_id = log_id::message_received,
                   .peer = address,
                   .message = number,
                   .event_class = event_class});
    }
}

void log_named(Log& log, const Endpoint& peer, const std::optional<std::string>& name) {
    const std::string address = peer.text();
    log.limited("named", LogLevel::info,
                name ? address + " is named " + *name : address + " has no name any more",
                {.message_id = log_id::peer_named, .peer = address});
}

}  // namespace p2pd
