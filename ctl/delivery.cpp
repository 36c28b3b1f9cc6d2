// ctl: sending one message, and what its state means for the exit code. Includes std and common.
#include "ctl/delivery.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <sys/random.h>

#include "ctl/language.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

/// The longest texts, all of it escapes of six bytes: two are what surely fits a line of 1 MiB.
constexpr std::size_t whole_messages_max = 2;

constexpr std::chrono::seconds expires_max{14 * 24 * 3600};

/// In rising order of badness; what is not listed is worse than all of them.
constexpr ExitCode by_badness[] = {ExitCode::done, ExitCode::not_confirmed, ExitCode::negative,
                                   ExitCode::bad_data};

std::ptrdiff_t badness(ExitCode exit) {
    return std::find(std::begin(by_badness), std::end(by_badness), exit) - std::begin(by_badness);
}

Until parse_until(const std::string& text) {
    constexpr std::pair<std::string_view, Until> ends[] = {{"delivered", Until::delivered},
                                                           {"read", Until::read},
                                                           {"handled", Until::handled},
                                                           {"reply", Until::reply}};
    for (const auto& [name, until] : ends) {
        if (text == name) return until;
    }
    throw ControlError(error_usage,
                       tr("--wait is delivered, read, handled or reply, not '{1}'", text),
                       "p2pctl help send");
}

/// Asks, and once more over a new connection when the first breaks: the request_id in `params`
/// sees to it that there is one message in the end.
Json ask_even_if_broken(Context& context, std::string_view method, const Json& params) {
    try {
        return context.call(method, params);
    } catch (const ConnectionLost&) {
        context.remark(tr("the connection broke before the answer; asking again"));
    }
    context.reconnect();
    return context.call(method, params);
}

}  // namespace

DeliveryOptions delivery_options(const Arguments& arguments) {
    DeliveryOptions options;
    options.timeout = arguments.duration("timeout", wait_timeout_max).value_or(confirm_timeout);
    options.wait = !arguments.has("no-wait");
    if (const auto until = arguments.text("wait")) {
        if (!options.wait)
            throw ControlError(error_usage, tr("--wait and --no-wait exclude each other"));
        options.until = parse_until(*until);
    }
    if (const auto expires = arguments.duration("expires", expires_max)) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(*expires).count();
        options.expires_s = static_cast<std::uint32_t>(std::max<std::int64_t>(seconds, 1));
    }
    return options;
}

std::string new_request_id() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw ControlError(error_io, tr("no random numbers: {1}", std::strerror(errno)));
    }
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string id;
    for (const unsigned byte : bytes) id.append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    return id;
}

SendResult send_message(Context& context, const std::string& peer, const std::string& text,
                        std::optional<std::uint32_t> expires_s) {
    SendParams params;
    params.text = text;
    params.request_id = new_request_id();
    params.expires_s = expires_s;
    const Json answer = ask_with_peer(context, peer, [&](const std::string& each) {
        params.peer = each;
        return ask_even_if_broken(context, "send", write_fields(params));
    });
    return parse_result<SendResult>(answer);
}

SendResult send_reply(Context& context, std::uint64_t id, const std::string& text,
                      std::optional<std::uint32_t> expires_s) {
    ReplyParams params;
    params.id = id;
    params.text = text;
    params.request_id = new_request_id();
    params.expires_s = expires_s;
    return parse_result<SendResult>(ask_even_if_broken(context, "reply", write_fields(params)));
}

ExitCode exit_of(SendState state) {
    if (state == SendState::delivered) return ExitCode::done;
    return is_final(state) ? ExitCode::negative : ExitCode::not_confirmed;
}

ExitCode worse(ExitCode a, ExitCode b) {
    return badness(b) > badness(a) ? b : a;
}

bool is_final(SendState state) {
    return state != SendState::queued && state != SendState::sending;
}

MessageRecord accepted_record(const SendResult& result, std::string text) {
    MessageRecord record;
    record.id = result.id;
    record.dir = Direction::out;
    record.peer = result.peer;
    record.name = result.name;
    record.text = std::move(text);
    record.created_at = result.created_at;
    record.expires_at = result.expires_at;
    record.parts = result.parts;
    return record;
}

std::vector<MessageRecord> wait_for(Context& context, const std::vector<std::uint64_t>& ids,
                                    std::chrono::milliseconds timeout) {
    const WaitParams params{ids, static_cast<std::uint32_t>(timeout.count())};
    const Json result =
        context.client().call("wait", write_fields(params), timeout + answer_timeout);
    return parse_messages(result).messages;
}

std::vector<MessageRecord> confirmed(Context& context, const std::vector<std::uint64_t>& ids,
                                     std::chrono::milliseconds timeout) {
    const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
    for (const bool first : {true, false}) {
        try {
            if (!first) context.reconnect();
            return wait_for(context, ids, std::chrono::milliseconds(poll_timeout(deadline)));
        } catch (const ControlError& error) {
            // It has the message: whatever happens now is no reason to call it failed.
            context.disconnect();
            if (!first) context.remark(tr("p2pd has the message, but {1}", error.what()));
        }
    }
    return {};
}

std::vector<MessageRecord> get_messages(Context& context, std::vector<std::uint64_t> ids) {
    std::vector<MessageRecord> records;
    while (!ids.empty()) {
        IdsParams params;
        const std::size_t count = std::min(ids.size(), whole_messages_max);
        params.ids.assign(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count));
        auto page = parse_messages(context.call("get", write_fields(params))).messages;
        if (page.empty()) throw ControlError(error_protocol, tr("p2pd gave no messages for ids"));
        // An answer may be cut short as any page: whatever is left is asked for again.
        std::set<std::uint64_t> given;
        for (const MessageRecord& record : page) given.insert(record.id);
        std::erase_if(ids, [&](std::uint64_t id) { return given.contains(id); });
        std::move(page.begin(), page.end(), std::back_inserter(records));
    }
    return records;
}

}  // namespace p2pd
