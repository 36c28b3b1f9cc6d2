// daemon: the method that sends several messages at once. Includes all of daemon.
#include <iterator>
#include <numeric>
#include <unordered_map>

#include "daemon/control_checks.h"
#include "daemon/control_continuation.h"
#include "daemon/control_methods.h"
#include "daemon/daemon.h"

namespace p2pd {

namespace {

/// As many texts as then: others are another request.
std::string request_id_of_many(const std::optional<std::string>& request_id, std::size_t count) {
    const std::string checked = checked_request_id(request_id);
    if (checked.empty()) return {};
    return std::to_string(count) + '\n' + checked;
}

void check_texts(const std::vector<std::string>& texts, std::size_t bytes_max) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (!texts[i].empty() && texts[i].size() <= bytes_max) continue;
        check_text(texts[i], bytes_max, "texts[" + std::to_string(i) + "]");
    }
}

void answer(const Responder& responder, SendManyResult result, std::vector<SentRun> runs) {
    result.runs = std::move(runs);
    responder.result(result);
}

}  // namespace

void ControlMethods::send_many(const Caller& /*caller*/, SendManyParams params,
                               const Responder& responder) {
    const std::size_t count = params.texts.size();
    if (count == 0 || count > texts_max) {
        throw ControlFailure{error_params,
                             "\"texts\": must be 1 to " + std::to_string(texts_max) + " texts"};
    }
    check_texts(params.texts, daemon_.config().text_bytes_max);
    SendRequest request{.peer = resolve(params.peer),
                        .text = std::move(params.texts.front()),
                        .expires_in = expiry(params.expires_s, daemon_.config()),
                        .request_id = request_id_of_many(params.request_id, count)};
    request.more.assign(std::make_move_iterator(params.texts.begin() + 1),
                        std::make_move_iterator(params.texts.end()));
    Sending sending{responder, {}, true};
    sending.timeout = checked_timeout(params.timeout_ms.value_or(0));
    start(std::move(request), std::move(sending));
}

void ControlMethods::sent_many(const SendOutcome& outcome, const Sending& sending) {
    SendManyResult result{.peer = sending.peer.text(),
                          .name = daemon_.book().name_of(sending.peer),
                          .repeated = outcome.repeated,
                          .created_at = utc(outcome.created_at),
                          .expires_at = utc(outcome.expires_at)};
    if (outcome.repeated) return sent_again(outcome, sending, std::move(result));
    wait_for_many(outcome, sending, {}, std::move(result));
}

/// The request was known: its messages may have come to their ends by now, or be deleted.
void ControlMethods::sent_again(const SendOutcome& outcome, const Sending& sending,
                                SendManyResult result) {
    std::vector<MessageId> ids(outcome.messages);
    std::iota(ids.begin(), ids.end(), outcome.id);
    daemon_.query([ids](Store& store) { return store.get(ids); },
                  [this, ids, outcome, sending,
                   result = std::move(result)](const std::vector<MessageRecord>& records) mutable {
                      take_first(result, records);
                      wait_for_many(outcome, sending, ended_runs(ids, records), std::move(result));
                  });
}

std::vector<SentRun> ControlMethods::ended_runs(const std::vector<MessageId>& ids,
                                                const std::vector<MessageRecord>& records) const {
    std::unordered_map<MessageId, const MessageRecord*> found;
    for (const MessageRecord& record : records) found.emplace(record.id, &record);
    std::vector<SentRun> ended;
    for (const MessageId id : ids) {
        const auto record = found.find(id);
        if (record == found.end()) {
            insert_run(ended, {id, 1, SendState::cancelled, 0, {}, {}, "deleted since"});
        } else if (is_final(record->second->state)) {
            insert_run(ended, sent_run(*record->second));
        } else if (const auto recent = recent_ends_.find(id)) {
            insert_run(ended, sent_run(recent->update));
        }
    }
    return ended;
}

void ControlMethods::wait_for_many(const SendOutcome& outcome, const Sending& sending,
                                   std::vector<SentRun> ended, SendManyResult result) {
    span_waits_.begin(
        outcome.id, outcome.messages, std::move(ended), sending.timeout,
        [result = std::move(result), responder = sending.responder](std::vector<SentRun> runs) {
            answer(responder, result, std::move(runs));
        });
}

}  // namespace p2pd
