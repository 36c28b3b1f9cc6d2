// ctl: waiting until a sent message is read, or handled. Includes std, POSIX and common.
#include "ctl/receipt_wait.h"

#include <algorithm>
#include <chrono>
#include <poll.h>

#include "ctl/language.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

using std::chrono::milliseconds;

/// What one question may take; then it is put again.
constexpr milliseconds question_max{60'000};
constexpr milliseconds reconnect_delay{1000};

/// Empty: the connection broke.
std::optional<ReceiptResult> ask(Context& context, const ReceiptParams& params) {
    try {
        const milliseconds timeout = milliseconds{params.timeout_ms} + answer_timeout;
        return parse_result<ReceiptResult>(
            context.client().call("receipt", write_fields(params), timeout));
    } catch (const ConnectionLost&) {
        context.disconnect();
    } catch (const ControlError& error) {
        if (error.exit() != ExitCode::daemon_not_running) throw;
        context.disconnect();
    }
    return std::nullopt;
}

bool is_undecided(const ReceiptResult& result, ReadMark until) {
    if (result.reached) return false;
    const bool other_mark =
        result.receipt == (until == ReadMark::read ? Receipt::handled : Receipt::read);
    return other_mark || result.receipt == Receipt::unread || result.receipt == Receipt::no_answer;
}

bool is_over(std::optional<SteadyTime> deadline) {
    return deadline && std::chrono::steady_clock::now() >= *deadline;
}

std::string receipt_text(Receipt receipt) {
    switch (receipt) {
        case Receipt::no_answer:
            return tr("delivered; the peer has not said whether it was read");
        case Receipt::not_p2pd:
            return tr("delivered; the peer's program is no p2pd and cannot say whether it is read");
        case Receipt::off:
            return tr(
                "delivered; the peer does not say whether it is read (read_receipts = off "
                "there)");
        case Receipt::unknown:
            return tr("delivered; the peer does not have it any more");
        case Receipt::unread:
            return tr("delivered, not read yet");
        case Receipt::read:
            return tr("read");
        case Receipt::handled:
            return tr("handled");
        case Receipt::read_and_handled:
            return tr("read and handled");
    }
    return {};
}

void print_receipt(Context& context, const MessageRecord& sent, const ReceiptResult& result) {
    if (context.json()) {
        context.print_json("receipt", write_fields(result));
    } else if (!context.quiet() || !result.reached) {
        context.print(tr("→ #{1} to {2}: ", sent.id, peer_text(sent.name, sent.peer)) +
                      receipt_text(result.receipt) + "\n");
    }
    context.out().flush();
}

}  // namespace

ExitCode await_receipt(Context& context, const MessageRecord& sent, ReadMark until,
                       std::optional<SteadyTime> deadline) {
    ReceiptResult result{sent.id, Receipt::no_answer, false};
    do {
        ReceiptParams params{sent.id, until, static_cast<std::uint32_t>(question_max.count())};
        if (deadline) {
            params.timeout_ms = static_cast<std::uint32_t>(
                std::min<std::int64_t>(question_max.count(), poll_timeout(deadline)));
        }
        if (const auto answer = ask(context, params)) {
            result = *answer;
        } else {
            const SteadyTime again = std::chrono::steady_clock::now() + reconnect_delay;
            ::poll(nullptr, 0, poll_timeout(deadline ? std::min(*deadline, again) : again));
        }
    } while (is_undecided(result, until) && !is_over(deadline));
    print_receipt(context, sent, result);
    if (result.reached) return ExitCode::done;
    return is_undecided(result, until) ? ExitCode::not_confirmed : ExitCode::negative;
}

ReadMark parse_read_mark(const std::string& text, std::string_view option) {
    for (const auto& [mark, name] : enum_names(ReadMark{})) {
        if (text == name) return mark;
    }
    throw ControlError(error_usage, tr("--{1} is read or handled, not '{2}'", option, text));
}

}  // namespace p2pd
