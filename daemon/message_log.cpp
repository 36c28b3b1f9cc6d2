// daemon: what the log says of messages and peers. Includes std, core, common.
#include "daemon/message_log.h"

#include <span>
#include <string_view>

#include "common/log_ids.h"

namespace p2pd {

namespace {

/// What lines of one kind have in common.
struct Kind {
    std::string_view event_class;  ///< apart, so that what fails is not hidden by what goes well
    std::string_view words;
    std::string_view log_id;
};

Kind end_of(OutState state) {
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

/// `message 3 to 10.0.0.5:5000 is delivered`; an address that nobody knows is left out.
void write_line(Log& log, LogLevel level, const Kind& kind, MessageId id, std::string_view way,
                const std::string& address) {
    const std::string number = std::to_string(id);
    std::string text = "message " + number;
    if (!address.empty()) text.append(way).append(address);
    text += kind.words;
    log.write(level, text,
              {.message_id = kind.log_id,
               .peer = address,
               .message = number,
               .event_class = kind.event_class});
}

}  // namespace

void log_accepted(Log& log, MessageId first, std::uint32_t count, const Endpoint& peer) {
    constexpr Kind accepted{"accepted", " is accepted", log_id::message_accepted};
    const MessageId end = first + log.admits(accepted.event_class, LogLevel::debug, count);
    for (MessageId id = first; id < end; ++id) {
        write_line(log, LogLevel::debug, accepted, id, " to ", peer.text());
    }
}

void log_end(Log& log, const Finished& finished) {
    const Kind end = end_of(finished.update.state);
    const MessageId first = finished.update.id;
    const std::uint64_t lines = log.admits(end.event_class, LogLevel::info, finished.count);
    for (MessageId id = first; id < first + lines; ++id) {
        write_line(log, LogLevel::info, end, id, " to ",
                   finished.message ? finished.message->peer.text() : std::string());
    }
}

void log_received(Log& log, const StoreBatch& batch, const BatchResult& result) {
    constexpr Kind stored{"received", " is stored", log_id::message_received};
    const auto lines = log.admits(stored.event_class, LogLevel::info, result.arrived.size());
    for (const auto& [received, id] : std::span(result.arrived).first(lines)) {
        write_line(log, LogLevel::info, stored, id, " from ", batch.received[received].peer.text());
    }
}

void log_named(Log& log, const Endpoint& peer, const std::optional<std::string>& name) {
    const std::string address = peer.text();
    log.limited("named", LogLevel::info,
                name ? address + " is named " + *name : address + " has no name any more",
                {.message_id = log_id::peer_named, .peer = address});
}

}  // namespace p2pd
