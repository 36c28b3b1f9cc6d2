// ctl: peers, groups and ids for the completion of shells, from the daemon. Includes std and
// common.
#include "ctl/completion_names.h"

#include <algorithm>
#include <set>

#include "common/terminal_text.h"
#include "ctl/delivery.h"
#include "ctl/output_human.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

constexpr std::size_t ids_shown_max = 50;
constexpr std::uint32_t ids_looked_at_max = 200;
constexpr std::size_t text_columns_shown = 50;

/// Which messages a command is for.
struct IdRule {
    std::string_view command;
    Box box = Box::all;
    bool unread = false;
    bool (*fits)(const MessageRecord&) = nullptr;
};

bool is_read(const MessageRecord& record) {
    return record.read;
}

bool waits(const MessageRecord& record) {
    return !is_final(record.state);
}

bool is_missing(const MessageRecord& record) {
    return record.state != SendState::delivered;
}

/// Other commands are for all messages.
constexpr IdRule id_rules[] = {{"reply", Box::inbox},
                               {"read", Box::inbox, true},
                               {"unread", Box::inbox, false, is_read},
                               {"wait", Box::sent, false, waits},
                               {"cancel", Box::sent, false, waits},
                               {"retry", Box::sent, false, is_missing},
                               {"trace", Box::sent}};

IdRule rule_of(std::string_view command) {
    const auto* const found = std::ranges::find(id_rules, command, &IdRule::command);
    return found == std::end(id_rules) ? IdRule{command} : *found;
}

CompletionWord id_word(const MessageRecord& record) {
    const std::string peer = one_line(record.name ? *record.name : record.peer);
    const std::string text =
        (record.dir == Direction::in ? "← " : "→ ") + peer + ": " + one_line(record.text);
    return {std::to_string(record.id), fit_width(text, text_columns_shown)};
}

}  // namespace

CompletionNames::CompletionNames(const std::optional<std::string>& socket,
                                 std::chrono::milliseconds timeout)
    : deadline_(std::chrono::steady_clock::now() + timeout),
      client_(choose_socket(socket), ControlClient::Backlog::fail) {}

Json CompletionNames::ask(std::string_view method, const Json& params) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline_ - std::chrono::steady_clock::now());
    return client_.call(method, params, std::max(left, std::chrono::milliseconds(0)));
}

std::vector<CompletionWord> CompletionNames::peers(std::string_view beginning) {
    std::vector<CompletionWord> words;
    for (const PeerName& peer :
         peer_names([&](const Json& params) { return ask("peers.names", params); }, beginning)) {
        words.push_back({one_line(peer.name), one_line(peer.address)});
    }
    return words;
}

std::vector<CompletionWord> CompletionNames::groups(std::string_view before) {
    std::vector<CompletionWord> words;
    for (const auto& group :
         parse_result<GroupsResult>(ask("groups.list", Json::object())).groups) {
        words.push_back({std::string(before) + one_line(group.name),
                         std::to_string(group.members.size()) +
                             (group.members.size() == 1 ? " member" : " members")});
    }
    return words;
}

std::vector<MessageRecord> CompletionNames::newest_first(Box box, bool unread) {
    ListParams params;
    params.box = box;
    params.unread = unread;
    params.limit = ids_looked_at_max;
    auto records = parse_messages(ask("list", write_fields(params))).messages;
    std::ranges::reverse(records);
    return records;
}

std::vector<CompletionWord> CompletionNames::ids(std::string_view command) {
    const IdRule rule = rule_of(command);
    std::set<std::uint64_t> answered;
    if (command == "reply") {
        for (const MessageRecord& each : newest_first(Box::sent, false)) {
            if (each.reply_to) answered.insert(*each.reply_to);
        }
    }
    std::vector<CompletionWord> words;
    for (const MessageRecord& each : newest_first(rule.box, rule.unread)) {
        if (words.size() == ids_shown_max) break;
        if (answered.contains(each.id) || (rule.fits && !rule.fits(each))) continue;
        words.push_back(id_word(each));
    }
    return words;
}

}  // namespace p2pd
