// daemon: methods that send, follow and stop messages. Includes all of daemon.
#include <array>
#include <chrono>

#include "daemon/control_checks.h"
#include "daemon/control_continuation.h"
#include "daemon/control_methods.h"
#include "daemon/daemon.h"
#include "daemon/message_log.h"

namespace p2pd {

namespace {

/// Reads messages of which all must be there.
auto look_up(std::vector<MessageId> ids) {
    return [ids = std::move(ids)](Store& store) {
        return Lookup{store.get(ids), store.counts().newest_id};
    };
}

}  // namespace

void ControlMethods::send(const Caller& /*caller*/, const SendParams& params,
                          const Responder& responder) {
    check_text(params.text, daemon_.config().text_bytes_max, "text");
    start({.peer = resolve(params.peer),
           .text = params.text,
           .expires_in = expiry(params.expires_s, daemon_.config()),
           .request_id = checked_request_id(params.request_id)},
          {responder, {}});
}

void ControlMethods::reply(const Caller& /*caller*/, const ReplyParams& params,
                           const Responder& responder) {
    check_text(params.text, daemon_.config().text_bytes_max, "text");
    SendRequest request{.text = params.text,
                        .reply_to = params.id,
                        .expires_in = expiry(params.expires_s, daemon_.config()),
                        .request_id = checked_request_id(params.request_id)};
    daemon_.query(
        [id = params.id](Store& store) {
            return std::pair{store.answerable(id), store.counts().newest_id};
        },
        answering(responder, [this, request = std::move(request), responder](auto found) mutable {
            if (!found.first) require_all({*request.reply_to}, {}, found.second);
            request.peer = found.first->peer;
            request.answered = std::move(found.first->answered);
            start(std::move(request), {responder, {}});
        }));
}

void ControlMethods::start(SendRequest request, Sending sending) {
    sending.peer = request.peer;
    const auto started = daemon_.node().send(daemon_.now(), std::move(request));
    if (const auto* ticket = std::get_if<std::int64_t>(&started)) {
        sending_.emplace(*ticket, std::move(sending));
        return;
    }
    if (std::get<SendError>(started) == SendError::text_too_long) {
        throw ControlFailure{error_text_too_long, "\"text\": takes more than 1000 datagrams"};
    }
    throw ControlFailure{error_queue_full, "the queue of outgoing messages is full",
                         "try again later; see queue_messages_max in p2pd.conf"};
}

/// The message is durable, so it may be said that it is accepted.
void ControlMethods::sent(const SendOutcome& outcome) {
    const auto found = sending_.find(outcome.ticket);
    const Sending sending = std::move(found->second);
    sending_.erase(found);
    Responder responder = sending.responder;
    if (outcome.disk_full) {
        return responder.error(error_disk_full, "the disk is full, nothing was accepted",
                               "make room in " + daemon_.config().state_dir);
    }
    if (!outcome.repeated) {
        log_accepted(daemon_.log(), outcome.id, outcome.messages, sending.peer);
    }
    if (sending.many) return sent_many(outcome, sending);
    SendResult result{.id = outcome.id,
                      .peer = sending.peer.text(),
                      .name = daemon_.book().name_of(sending.peer),
                      .repeated = outcome.repeated,
                      .created_at = utc(outcome.created_at),
                      .expires_at = utc(outcome.expires_at),
                      .parts = outcome.parts};
    if (!outcome.repeated) return responder.result(result);
    daemon_.query([id = outcome.id](Store& store) { return store.get(std::array{id}); },
                  [result, responder](const std::vector<MessageRecord>& records) mutable {
                      take_first(result, records);
                      if (!records.empty()) result.parts = records.front().parts;
                      responder.result(result);
                  });
}

/// What is in memory is answered from there; only the rest asks the store.
void ControlMethods::wait(const Caller& /*caller*/, const WaitParams& params,
                          const Responder& responder) {
    require_ids(params.ids);
    checked_timeout(params.timeout_ms);
    std::vector<MessageRecord> records;
    records.reserve(params.ids.size());
    for (const MessageId id : params.ids) {
        if (const OutgoingMessage* const message = daemon_.node().outgoing(id)) {
            records.push_back(outgoing_record(*message));
            records.back().name = daemon_.book().name_of(message->peer);
        } else if (const auto recent = recent_ends_.find(id)) {
            records.push_back(recent->record());
            records.back().name = daemon_.book().name_of(recent->peer);
        } else {
            break;
        }
    }
    if (records.size() == params.ids.size()) {
        return begin_wait(params, std::move(records), responder);
    }
    daemon_.query(
        look_up(params.ids), answering(responder, [this, params, responder](Lookup found) {
            require_all(params.ids, found.records, found.newest);
            for (const MessageRecord& record : found.records) {
                if (record.dir == Direction::out) continue;
                throw ControlFailure{error_wrong_state,
                                     "message " + std::to_string(record.id) + " is a received one",
                                     "only sent messages can be waited for"};
            }
            wait_for(params, std::move(found.records), responder);
        }));
}

void ControlMethods::wait_for(const WaitParams& params, std::vector<MessageRecord> records,
                              const Responder& responder) {
    for (MessageRecord& record : records) {
        // It may have become final between the store's answer and now.
        if (const auto recent = recent_ends_.find(record.id)) record = recent->record();
        record.text.clear();
        const auto endpoint = parse_endpoint(record.peer, 0);
        if (endpoint) record.name = daemon_.book().name_of(*endpoint);
    }
    begin_wait(params, std::move(records), responder);
}

void ControlMethods::begin_wait(const WaitParams& params, std::vector<MessageRecord> records,
                                const Responder& responder) {
    waits_.begin(std::move(records), std::chrono::milliseconds{params.timeout_ms},
                 [responder](std::vector<MessageRecord> done) mutable {
                     responder.result(MessagesResult{std::move(done), false});
                 });
}

void ControlMethods::answer_with(const std::vector<MessageId>& ids, const Responder& responder) {
    daemon_.query([ids](Store& store) { return store.get(ids); },
                  [responder](std::vector<MessageRecord> records) mutable {
                      responder.result(MessagesResult{std::move(records), false});
                  });
}

void ControlMethods::retry(const Caller& /*caller*/, const IdsParams& params,
                           const Responder& responder) {
    require_ids(params.ids);
    struct Found {
        Lookup lookup;
        std::vector<std::optional<OutgoingMessage>> messages;
    };
    const auto read = [ids = params.ids](Store& store) {
        Found found{{store.get(ids), store.counts().newest_id}, {}};
        for (const MessageRecord& record : found.lookup.records) {
            found.messages.push_back(store.load_one(record.id));
        }
        return found;
    };
    daemon_.query(
        read, answering(responder, [this, params, responder](Found found) {
            require_all(params.ids, found.lookup.records, found.lookup.newest);
            for (const MessageRecord& record : found.lookup.records) {
                const std::string name = "message " + std::to_string(record.id);
                if (record.dir == Direction::in) {
                    throw ControlFailure{error_wrong_state, name + " is a received one",
                                         "only sent messages can be tried again"};
                }
                if (record.state == SendState::delivered) {
                    throw ControlFailure{error_wrong_state, name + " is delivered already"};
                }
            }
            for (std::size_t i = 0; i < found.messages.size(); ++i) {
                const MessageRecord& record = found.lookup.records[i];
                if (!found.messages[i]) continue;
                recent_ends_.forget(record.id);
                daemon_.node().retry(daemon_.now(), std::move(*found.messages[i]),
                                     is_final(record.state), daemon_.config().expires);
            }
            answer_with(params.ids, responder);
        }));
}

void ControlMethods::cancel(const Caller& /*caller*/, const IdsParams& params,
                            const Responder& responder) {
    require_ids(params.ids);
    daemon_.query(look_up(params.ids),
                  answering(responder, [this, params, responder](const Lookup& found) {
                      require_all(params.ids, found.records, found.newest);
                      cancel_all(found.records);
                      answer_with(params.ids, responder);
                  }));
}

void ControlMethods::cancel_all(const std::vector<MessageRecord>& records) {
    for (const MessageRecord& record : records) {
        const std::string name = "message " + std::to_string(record.id);
        if (record.dir == Direction::in) {
            throw ControlFailure{error_wrong_state, name + " is a received one",
                                 "only sent messages can be cancelled"};
        }
        const bool finished = is_final(record.state) || recent_ends_.find(record.id).has_value();
        if (finished && record.state != SendState::cancelled) {
            throw ControlFailure{error_wrong_state,
                                 name + " is " + std::string(enum_name(record.state)) + " already"};
        }
    }
    for (const MessageRecord& record : records) {
        if (!is_final(record.state)) daemon_.node().cancel(daemon_.now(), record.id);
    }
}

}  // namespace p2pd
