// ctl: writing and receiving messages in one terminal. Includes std and common.
#include "ctl/chat.h"

#include <algorithm>
#include <iterator>
#include <poll.h>
#include <utility>

#include "ctl/chat_text.h"
#include "ctl/language.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

using std::chrono::steady_clock;

/// Tab must not keep anybody waiting.
constexpr std::chrono::milliseconds names_timeout{500};
/// While a command asks the daemon nobody can type.
constexpr std::chrono::seconds command_patience{3};

/// A daemon that stops says so, or closes: both are a connection to be made again.
bool is_over(const ControlError& error) {
    return error.is(error_no_answer) || error.is(error_stopping) ||
           error.is(error_too_many_clients);
}

void lower(std::optional<SteadyTime>& time, const std::optional<SteadyTime>& other) {
    if (other && (!time || *other < *time)) time = other;
}

}  // namespace

Chat::Chat(Context& context, HoldMode mode, std::optional<Target> target)
    : context_(context),
      stream_(context.socket_path(), std::nullopt),
      hold_(mode),
      outbox_(context.style()),
      editor_(*this) {
    context_.set_patience(command_patience);
    if (target) target_.choose(std::move(*target));
}

ExitCode Chat::run() {
    begin();
    greet();
    while (!exit_) {
        update_prompt();
        const LineEditor::Line line = editor_.read(std::exchange(again_, {}));
        switch (line.end) {
            case LineEditor::End::line:
                handle(line.text);
                break;
            case LineEditor::End::end_of_input:
                quit(ExitCode::done);
                break;
            case LineEditor::End::interrupted:
                // As a shell does: what was typed is given up, and Up brings it back.
                if (line.text.empty()) {
                    quit(ExitCode::interrupted);
                } else {
                    editor_.remember(line.text);
                }
                break;
            case LineEditor::End::terminated:
                return ExitCode::interrupted;
        }
    }
    return *exit_;
}

/// What is unread now came before, and what comes from now on is shown: nothing is in between.
void Chat::begin() {
    const SteadyTime deadline = steady_clock::now() + answer_timeout;
    while (!stream_.started()) {
        const auto incoming = stream_.client().receive(deadline);
        if (!incoming) throw ControlError(error_no_answer, tr("p2pd does not answer"));
        take(*incoming, steady_clock::now());
    }
}

void Chat::greet() {
    StatusResult status;
    ask([&] { status = parse_result<StatusResult>(context_.call("status", Json::object())); });
    std::string text;
    if (status.unread > 0) {
        text =
            tr_count("{1} message unread: /inbox.", "{1} messages unread: /inbox.", status.unread) +
            " ";
    }
    if (!target_.target()) text += tr("Choose whom to write to: /to PEER.") + " ";
    say(text + tr("/help shows the rest."));
}

LineEvents::Wait Chat::wait() {
    Wait wait;
    if (stream_.connected()) {
        wait.fd = stream_.client().fd();
        wait.events =
            static_cast<short>(stream_.client().bytes_to_write() > 0 ? POLLIN | POLLOUT : POLLIN);
    } else {
        wait.until = stream_.next_try();
    }
    lower(wait.until, outbox_.deadline());
    lower(wait.until, hold_.due(typing()));
    return wait;
}

void Chat::work() {
    const SteadyTime now = steady_clock::now();
    transfer(now);
    outbox_.pass_time(now);
    for (std::string& line : outbox_.take_lines()) hold_.add({std::move(line), std::nullopt});
    const auto due = hold_.due(typing());
    if (due && *due <= now) show(hold_.take_due(now));
    update_prompt();
}

void Chat::typed() {
    last_key_at_ = steady_clock::now();
}

Completion Chat::complete(std::string_view before_cursor) {
    try {
        ControlClient& client = context_.reconnect();
        const auto names = peer_names(
            [&](const Json& params) { return client.call("peers.names", params, names_timeout); });
        peer_names_.clear();
        for (const PeerName& each : names) peer_names_.push_back(one_line(each.name));
    } catch (const ControlError&) {
        // Those that were known are as good as it gets.
    }
    context_.disconnect();
    return complete_chat_line(before_cursor, peer_names_);
}

void Chat::answer() {
    if (target_.answer_next()) return update_prompt();
    say(tr("nothing to answer"));
}

void Chat::transfer(SteadyTime now) {
    try {
        if (!stream_.connected()) {
            if (now < stream_.next_try() || !stream_.reconnect()) return;
            hold_.add({remark_text(tr("p2pd is there again"), context_.style()), std::nullopt});
        }
        ControlClient& client = stream_.client();
        outbox_.post_waiting([&](std::string_view method, const Json& params) {
            return client.post(method, params);
        });
        client.transfer();
        while (const auto incoming = client.take()) take(*incoming, now);
    } catch (const ControlError& error) {
        if (!is_over(error)) throw;
        connection_lost();
    }
}

void Chat::connection_lost() {
    stream_.lost();
    outbox_.connection_lost();
    hold_.add({remark_text(tr("the connection to p2pd has ended; trying again"), context_.style()),
               std::nullopt});
}

void Chat::take(const Incoming& incoming, SteadyTime now) {
    auto record = stream_.take_message(incoming);
    if (!record) {
        outbox_.take_answer(incoming, now);
    } else if (record->dir == Direction::out) {
        outbox_.changed(*record);
        if (record->reply_to) target_.answered(*record->reply_to);
    } else {
        std::string text = arrived_text(*record, context_.style());
        record->text.clear();
        hold_.add({std::move(text), std::move(record)});
    }
}

void Chat::show(const std::vector<ChatItem>& items) {
    std::string text;
    if (const std::size_t dropped = hold_.take_dropped(); dropped > 0) {
        text = remark_text(tr_count("{1} message more before these: p2pctl inbox",
                                    "{1} messages more before these: p2pctl inbox", dropped),
                           context_.style());
    }
    for (const ChatItem& item : items) {
        text += item.text;
        if (item.message) target_.shown(*item.message);
    }
    editor_.print(text);
}

void Chat::say(std::string_view remark) {
    editor_.print(remark_text(remark, context_.style()));
}

/// How many are held is said when nothing is typed: a prompt that grows would move the text.
void Chat::update_prompt() {
    if (editor_.empty()) held_shown_ = hold_.mode() == HoldMode::manual ? hold_.messages() : 0;
    const std::string held =
        held_shown_ > 0 ? tr_count("[{1} new]", "[{1} new]", held_shown_) + " " : "";
    editor_.set_prompt(held + target_.prompt());
}

}  // namespace p2pd
