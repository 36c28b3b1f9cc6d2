// daemon: the method that asks whether a message was read. Includes all of daemon.
#include <array>
#include <chrono>

#include "daemon/control_continuation.h"
#include "daemon/control_methods.h"
#include "daemon/daemon.h"

namespace p2pd {

namespace {

/// Whoever waits longer asks again, so that nobody is asked for clients that have gone.
constexpr std::uint32_t receipt_ms_max = 60'000;

struct Sent {
    Lookup lookup;
    std::optional<OutgoingMessage> message;
    std::optional<PeerRecord> peer;
};

Sent look_up_sent(Store& store, MessageId id) {
    Sent sent{{store.get(std::array{id}), store.counts().newest_id}, store.load_one(id), {}};
    if (sent.message) sent.peer = store.peer(sent.message->peer);
    return sent;
}

void require_delivered(const MessageRecord& record) {
    const std::string name = "message " + std::to_string(record.id);
    if (record.dir == Direction::in) {
        throw ControlFailure{error_wrong_state, name + " is a received one",
                             "only of sent messages it can be asked whether they were read"};
    }
    if (record.state != SendState::delivered) {
        throw ControlFailure{
            error_wrong_state,
            name + " is " + std::string(enum_name(record.state)) + ", so nobody can have read it"};
    }
}

}  // namespace

void ControlMethods::receipt(const Caller& /*caller*/, const ReceiptParams& params,
                             const Responder& responder) {
    if (params.timeout_ms > receipt_ms_max) {
        throw ControlFailure{error_params, "\"timeout_ms\": must be 0 to 60000"};
    }
    daemon_.query([id = params.id](Store& store) { return look_up_sent(store, id); },
                  answering(responder, [this, params, responder](const Sent& sent) {
                      require_all({params.id}, sent.lookup.records, sent.lookup.newest);
                      require_delivered(sent.lookup.records.front());
                      ask_receipt(params, *sent.message, sent.peer, responder);
                  }));
}

void ControlMethods::ask_receipt(const ReceiptParams& params, const OutgoingMessage& message,
                                 const std::optional<PeerRecord>& stored,
                                 const Responder& responder) {
    auto answer = [responder, params](Receipt receipt) mutable {
        responder.result(ReceiptResult{params.id, receipt, reaches(receipt, params.until)});
    };
    const auto view = daemon_.node().view(message.peer);
    PeerFacts facts{.endpoint = message.peer, .is_p2pd = stored && stored->p2pd};
    if (view) facts = view->facts;
    if (!facts.is_p2pd) return answer(Receipt::not_p2pd);
    if (!daemon_.node().ask_receipt(daemon_.now(), facts, message.first_us)) {
        throw ControlFailure{error_queue_full, "too many messages are being asked about",
                             "try again later"};
    }
    receipt_waits_.begin({message.peer, message.first_us}, params.until,
                         std::chrono::milliseconds{params.timeout_ms}, answer);
}

}  // namespace p2pd
