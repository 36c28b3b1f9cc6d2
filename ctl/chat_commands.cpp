// ctl: what is typed in chat, and done. Includes std and common.
#include <algorithm>
#include <utility>

#include "common/ascii.h"
#include "common/endpoint_text.h"
#include "ctl/chat.h"
#include "ctl/chat_text.h"
#include "ctl/delivery.h"
#include "ctl/language.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

constexpr std::uint32_t listed_max = 20;

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\n") == std::string_view::npos;
}

bool is_id(std::string_view text) {
    if (text.starts_with('#')) text.remove_prefix(1);
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// What the daemon knows of the peer; only its address if it knows nothing.
PeerRecord known_peer(Context& context, const std::string& peer) {
    try {
        return parse_result<PeerRecord>(context.call("peers.show", write_fields(PeerParams{peer})));
    } catch (const ControlError& error) {
        const auto split = split_host_port(peer, default_udp_port);
        if (!error.is(error_unknown_peer) || !split || !is_ip_address(split->host)) throw;
        PeerRecord record;
        record.address = join_host_port(split->host, split->port);
        return record;
    }
}

}  // namespace

Target target_for(Context& context, const std::string& peer) {
    PeerRecord record;
    ask_with_peer(context, peer, [&](const std::string& each) {
        record = known_peer(context, each);
        return Json();
    });
    const std::string& to = record.name ? *record.name : record.address;
    return {to, one_line(to), std::nullopt};
}

void Chat::handle(const std::string& line) {
    if (is_blank(line)) return;
    editor_.remember(line);
    try {
        const ChatLine parsed = parse_chat_line(line);
        if (!parsed.command.empty()) return run_command(parsed.command, parsed.text);
        send(parsed.text);
    } catch (const ControlError& error) {
        editor_.print(failure_text(error, context_.style()));
        if (error.is(error_usage)) again_ = line;
    }
}

void Chat::send(const std::string& text) {
    if (!target_.target()) {
        throw ControlError(error_usage, tr("the text has no receiver yet"),
                           tr("/to PEER, or Ctrl-R to answer the newest message"));
    }
    if (text.size() > text_bytes_max) {
        throw ControlError(error_usage, tr("a text has at most 64 KiB"));
    }
    if (!outbox_.add(*target_.target(), text, std::chrono::steady_clock::now())) {
        throw ControlError(error_usage, tr("too many texts wait for p2pd already"));
    }
    target_.sent();
    warned_ = false;
    work();
}

void Chat::run_command(std::string_view command, const std::string& argument) {
    using Run = void (Chat::*)(const std::string& argument);
    static constexpr std::pair<std::string_view, Run> table[] = {
        {"/to", &Chat::run_to},         {"/reply", &Chat::run_reply}, {"/inbox", &Chat::run_inbox},
        {"/thread", &Chat::run_thread}, {"/hold", &Chat::run_hold},   {"/retry", &Chat::run_retry},
        {"/peers", &Chat::run_peers},   {"/help", &Chat::run_help},   {"/quit", &Chat::run_quit},
    };
    for (const auto& [name, run] : table) {
        if (name == command) return (this->*run)(argument);
    }
}

/// Over a connection of its own: on that of the stream, messages would get lost in between.
void Chat::ask(const std::function<void()>& question) {
    context_.reconnect();
    question();
    context_.disconnect();
}

void Chat::run_to(const std::string& argument) {
    if (argument.empty())
        throw ControlError(error_usage, tr("{1} needs a peer", "/to"), tr("/to PEER"));
    ask([&] { target_.choose(target_for(context_, argument)); });
}

void Chat::run_reply(const std::string& argument) {
    if (argument.empty()) return answer();
    const std::uint64_t id = parse_message_id(argument);
    ask([&] {
        const MessageRecord record = get_messages(context_, {id}).front();
        if (record.dir != Direction::in) {
            throw ControlError(error_wrong_state, tr("#{1} was sent from here", id),
                               tr("/retry sends it again"));
        }
        target_.choose(answer_to(record));
    });
}

void Chat::run_inbox(const std::string&) {
    if (hold_.messages() > 0) return show(hold_.take_all(std::chrono::steady_clock::now()));
    ListParams params;
    params.unread = true;
    params.limit = listed_max;
    std::vector<ChatItem> items;
    bool more = false;
    ask([&] {
        MessagesResult page = parse_messages(context_.call("list", write_fields(params)));
        more = page.more;
        for (MessageRecord& record : page.messages) {
            std::string text = arrived_text(record, context_.style());
            items.push_back({std::move(text), std::move(record)});
        }
    });
    if (items.empty()) return say(tr("nothing is unread"));
    show(items);
    if (more) say(tr("these are the newest; all of them: p2pctl inbox --unread"));
}

void Chat::run_thread(const std::string& argument) {
    Json params{{"limit", listed_max}};
    MessagesResult page;
    ask([&] {
        if (is_id(argument)) {
            params["id"] = parse_message_id(argument);
            page = parse_messages(context_.call("thread", params));
            return;
        }
        if (argument.empty() && !target_.target()) {
            throw ControlError(error_usage, tr("{1} needs a peer", "/thread"), tr("/thread PEER"));
        }
        params["peer"] = argument.empty() ? target_.target()->peer : argument;
        page = parse_messages(call_with_peer(context_, "thread", params));
    });
    if (page.messages.empty()) return say(tr("no messages"));
    std::string text;
    for (const MessageRecord& record : page.messages)
        text += arrived_text(record, context_.style());
    editor_.print(text);
}

void Chat::run_hold(const std::string& argument) {
    if (!argument.empty()) hold_.change(parse_hold_mode("/hold", argument));
    say(tr("messages are shown: {1}", enum_name(hold_.mode())));
    work();
}

void Chat::run_retry(const std::string& argument) {
    const auto failed = outbox_.newest_failed();
    if (argument.empty() && !failed) return say(tr("nothing was refused or has expired"));
    const std::uint64_t id = argument.empty() ? *failed : parse_message_id(argument);
    ask([&] {
        const Json answer = context_.call("retry", write_fields(IdsParams{{id}}));
        for (const MessageRecord& record : parse_messages(answer).messages) {
            outbox_.follow(record, std::chrono::steady_clock::now());
        }
    });
}

void Chat::run_peers(const std::string&) {
    std::vector<PeerRecord> peers;
    ask([&] {
        peers = parse_result<PeersResult>(context_.call("peers.list", Json::object())).peers;
    });
    if (peers.empty()) return say(tr("no peers yet: p2pctl peer add NAME ADDRESS"));
    editor_.print(peer_table(peers, context_.style()));
}

void Chat::run_help(const std::string&) {
    editor_.print(chat_help_text());
}

void Chat::run_quit(const std::string&) {
    quit(ExitCode::done);
}

void Chat::quit(ExitCode exit) {
    const std::size_t waiting = outbox_.waiting();
    if (waiting == 0 || warned_) {
        exit_ = waiting == 0 ? exit : ExitCode::not_confirmed;
        return;
    }
    warned_ = true;
    say(tr_count("{1} message waits for p2pd and would be lost; again /quit gives it up",
                 "{1} messages wait for p2pd and would be lost; again /quit gives them up",
                 waiting));
}

}  // namespace p2pd
