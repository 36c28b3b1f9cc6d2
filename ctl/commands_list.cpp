// ctl: the commands inbox, sent, show, thread and search. Includes std and common.
#include <algorithm>
#include <functional>
#include <unistd.h>

#include "common/ascii.h"
#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/delivery.h"
#include "ctl/language.h"
#include "ctl/message_filter.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

constexpr std::uint64_t default_number = 50;
constexpr std::uint64_t number_max = 1'000'000;

/// Asks for a page of at most `limit` that ends before the id `before`.
using PageAsker =
    std::function<MessagesResult(std::optional<std::uint64_t> before, std::uint32_t limit)>;

/// The newest `count` that the filter wants; oldest first.
std::vector<MessageRecord> newest(std::uint64_t count, const MessageFilter& filter,
                                  const PageAsker& ask) {
    std::vector<MessageRecord> newest_first;
    std::optional<std::uint64_t> before;
    while (newest_first.size() < count) {
        const auto missing =
            std::min<std::uint64_t>(count - newest_first.size(), page_messages_max);
        MessagesResult page =
            ask(before, filter.chooses() ? page_messages_max : static_cast<std::uint32_t>(missing));
        if (page.messages.empty()) break;
        before = page.messages.front().id;
        std::reverse(page.messages.begin(), page.messages.end());
        for (MessageRecord& each : page.messages) {
            if (newest_first.size() == count) break;
            if (filter.wants(each)) newest_first.push_back(std::move(each));
        }
        if (!page.more) break;
    }
    std::reverse(newest_first.begin(), newest_first.end());
    return newest_first;
}

std::uint64_t wanted_number(const Arguments& arguments) {
    return arguments.number("number", 1, number_max).value_or(default_number);
}

std::optional<UtcTime> moment(const Context& context, std::string_view option) {
    const auto given = context.arguments().text(option);
    if (!given) return std::nullopt;
    const auto time = parse_moment(*given, context.style().time);
    if (!time) {
        throw ControlError(
            error_usage, tr("--{1} \"{2}\": must be a time such as 10:31, \"2026-11-22 10:31\" or "
                            "2026-11-22T10:31:00Z, or how long ago, such as 2h",
                            option, *given));
    }
    return time;
}

/// Asks page by page; a peer among the parameters is looked up once.
PageAsker asker(Context& context, std::string_view method, Json params) {
    return [&context, method, params](std::optional<std::uint64_t> before,
                                      std::uint32_t limit) mutable {
        if (before) params["before"] = *before;
        params["limit"] = limit;
        const Json peer = params.value("peer", Json(nullptr));
        if (!peer.is_string()) return parse_messages(context.call(method, params));
        // The name or address that was understood stays for the next page.
        return parse_messages(ask_with_peer(context, peer, [&](const std::string& each) {
            params["peer"] = each;
            return context.call(method, params);
        }));
    };
}

void mark_read(Context& context, const std::vector<MessageRecord>& records) {
    MarkParams params;
    for (const MessageRecord& record : records) {
        if (record.dir == Direction::in && !record.read) params.ids.push_back(record.id);
        if (params.ids.size() == ids_max) {
            context.call("mark", write_fields(params));
            params.ids.clear();
        }
    }
    if (!params.ids.empty()) context.call("mark", write_fields(params));
}

void print_messages(Context& context, const std::vector<MessageRecord>& records, Columns columns,
                    const std::string& nothing) {
    if (records.empty()) throw ControlError(error_nothing_found, nothing);
    if (context.json()) {
        for (const auto& record : records) context.print_json("message", message_json(record));
    } else {
        context.print_paged(message_table(records, columns, context.style()));
    }
    // What was not seen must not be marked.
    context.out().flush();
    if (context.arguments().has("mark-read")) mark_read(context, records);
}

/// For people: what else is unread, as the list ends somewhere.
void say_unread(Context& context, const std::vector<MessageRecord>& shown) {
    if (context.json() || context.quiet() || !::isatty(STDOUT_FILENO)) return;
    const auto status = parse_result<StatusResult>(context.call("status", Json::object()));
    std::uint64_t here = 0;
    if (!context.arguments().has("mark-read")) {
        here = static_cast<std::uint64_t>(std::ranges::count(shown, false, &MessageRecord::read));
    }
    if (status.unread <= here) return;
    const std::uint64_t more = status.unread - here;
    context.remark(tr_count("{1} more is unread: p2pctl inbox --unread",
                            "{1} more are unread: p2pctl inbox --unread", more));
}

/// What the daemon can be asked for; it knows no groups.
std::optional<std::string> one_peer(const Arguments& arguments, std::string_view option) {
    auto given = arguments.text(option);
    return given && is_group_word(*given) ? std::nullopt : given;
}

ListParams list_params(const Context& context, Box box, std::string_view peer_option) {
    ListParams params;
    params.box = box;
    params.unread = context.arguments().has("unread");
    params.peer = one_peer(context.arguments(), peer_option);
    params.since = moment(context, "since");
    params.until = moment(context, "until");
    return params;
}

/// Some of them are not asked for.
bool is_narrowed(const Arguments& arguments) {
    constexpr std::string_view options[] = {"unread", "from", "to", "since", "until", "grep"};
    return std::ranges::any_of(options, [&](auto option) { return arguments.has(option); });
}

/// The rest, for which p2pctl looks itself.
MessageFilter rest_filter(Context& context, std::string_view peer_option) {
    MessageFilter filter;
    filter.grep = context.arguments().text("grep");
    const auto given = context.arguments().text(peer_option);
    if (given && is_group_word(*given)) filter.peers = peer_addresses(context, *given);
    return filter;
}

/// Also what the peer wrote alone, of all to and from somebody.
MessageFilter sender_filter(Context& context) {
    MessageFilter filter;
    filter.grep = context.arguments().text("grep");
    if (const auto from = context.arguments().text("from")) {
        filter.peers = peer_addresses(context, *from);
        filter.types = {"received"};
    }
    return filter;
}

/// Prints pages by `method` with these parameters, as far as the options ask for what is there.
std::vector<MessageRecord> list(Context& context, std::string_view method, const Json& params,
                                const MessageFilter& filter, Columns columns,
                                const std::string& nothing) {
    const Arguments& arguments = context.arguments();
    auto records = newest(wanted_number(arguments), filter, asker(context, method, params));
    print_messages(context, records, columns,
                   is_narrowed(arguments) ? tr("no such messages") : nothing);
    return records;
}

/// All to and from the members; those whom --from names have written.
ExitCode run_group_thread(Context& context, const std::string& group) {
    MessageFilter filter = sender_filter(context);
    const auto members = peer_addresses(context, group);
    if (!filter.peers) {
        filter.peers = members;
    } else {
        std::erase_if(*filter.peers, [&](const auto& peer) { return !members.contains(peer); });
    }
    list(context, "list", write_fields(list_params(context, Box::all, {})), filter, Columns::both,
         tr("no messages to or from {1}", group));
    return ExitCode::done;
}

}  // namespace

ExitCode run_inbox(Context& context) {
    say_unread(context,
               list(context, "list", write_fields(list_params(context, Box::inbox, "from")),
                    rest_filter(context, "from"), Columns::received, tr("the inbox is empty")));
    return ExitCode::done;
}

ExitCode run_sent(Context& context) {
    list(context, "list", write_fields(list_params(context, Box::sent, "to")),
         rest_filter(context, "to"), Columns::sent, tr("nothing was sent yet"));
    return ExitCode::done;
}

ExitCode run_show(Context& context) {
    const auto records = get_messages(context, context.arguments().ids());
    if (context.json()) {
        for (const auto& record : records) context.print_json("message", message_json(record));
    } else {
        std::string text;
        for (const MessageRecord& record : records) {
            if (!text.empty()) text += "\n";
            text += message_details(record, context.style());
        }
        context.print_paged(text);
    }
    context.out().flush();
    if (context.arguments().has("mark-read")) mark_read(context, records);
    return ExitCode::done;
}

ExitCode run_thread(Context& context) {
    const std::string& word = context.arguments().words.front();
    if (is_group_word(word)) return run_group_thread(context, word);
    const bool is_id =
        !word.empty() && (word[0] == '#' || std::all_of(word.begin(), word.end(), is_digit));
    ThreadParams params;
    if (is_id) {
        params.id = parse_message_id(word);
    } else {
        params.peer = word;
    }
    params.since = moment(context, "since");
    params.until = moment(context, "until");
    list(context, "thread", write_fields(params), sender_filter(context), Columns::both,
         tr("no messages to or from {1}", word));
    return ExitCode::done;
}

ExitCode run_search(Context& context) {
    SearchParams params;
    for (const std::string& word : context.arguments().words) {
        params.words += (params.words.empty() ? "" : " ") + word;
    }
    params.peer = one_peer(context.arguments(), "from");
    params.since = moment(context, "since");
    params.until = moment(context, "until");
    list(context, "search", write_fields(params), sender_filter(context), Columns::both,
         tr("no message has \"{1}\"", params.words));
    return ExitCode::done;
}

}  // namespace p2pd
