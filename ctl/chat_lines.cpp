// ctl: what is typed in chat, taken apart. Includes std and common.
#include "ctl/chat_lines.h"

#include <algorithm>

#include "common/nearest_name.h"
#include "ctl/control_error.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

constexpr ChatCommand chat_table[] = {
    {"/to", "PEER", marked("Write to this peer from now on")},
    {"/reply", "[ID]",
     marked("Answer this message; without ID the newest that has no answer (Ctrl-R)")},
    {"/inbox", "", marked("Show what is held back, or else what is unread")},
    {"/thread", "[PEER|ID]", marked("Show the last messages to and from a peer")},
    {"/hold", "[WHEN]", marked("When to show what arrives: now, idle or manual")},
    {"/retry", "[ID]", marked("Send again what was refused or has expired")},
    {"/peers", "", marked("List the peers")},
    {"/help", "", marked("Show this")},
    {"/quit", "", marked("End (Ctrl-D)")},
};

constexpr std::string_view spaces = " \t\n";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(spaces);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const ChatCommand& command : chat_table) names.emplace_back(command.name);
    return names;
}

/// What may stand at the place of the cursor, where `head` is the line up to the last space.
std::vector<std::string> possible(std::string_view head, const std::vector<std::string>& peers) {
    if (head.empty()) return command_names();
    if (head == "/to" || head == "/thread") return peers;
    if (head == "/hold") return {"now", "idle", "manual"};
    return {};
}

std::size_t common_bytes(const std::vector<std::string>& words) {
    std::size_t size = words.front().size();
    for (const std::string& word : words) {
        const auto end =
            std::mismatch(word.begin(), word.end(), words.front().begin(), words.front().end());
        size = std::min(size, static_cast<std::size_t>(end.first - word.begin()));
    }
    return size;
}

}  // namespace

std::span<const ChatCommand> chat_commands() {
    return chat_table;
}

ChatLine parse_chat_line(std::string_view line) {
    if (!line.starts_with('/')) return {{}, std::string(line)};
    if (line.starts_with("//")) return {{}, std::string(line.substr(1))};
    const std::string_view name = line.substr(0, line.find_first_of(spaces));
    const auto* const found =
        std::find_if(std::begin(chat_table), std::end(chat_table),
                     [&](const ChatCommand& command) { return command.name == name; });
    if (found != std::end(chat_table)) {
        return {found->name, std::string(trimmed(line.substr(name.size())))};
    }
    std::vector<std::string_view> names;
    for (const ChatCommand& command : chat_table) names.push_back(command.name);
    const auto nearest = nearest_name(name, names);
    throw ControlError(error_usage, tr("unknown command \"{1}\"", name),
                       (nearest ? tr("did you mean {1}?", *nearest) + " " : std::string()) +
                           tr("/help lists them; a text that begins with / is typed with two"));
}

Completion complete_chat_line(std::string_view before_cursor,
                              const std::vector<std::string>& peers) {
    if (!before_cursor.starts_with('/')) return {};
    const std::size_t space = before_cursor.find_last_of(' ');
    const std::string_view head =
        space == std::string_view::npos ? "" : trimmed(before_cursor.substr(0, space));
    const std::string_view word =
        space == std::string_view::npos ? before_cursor : before_cursor.substr(space + 1);
    std::vector<std::string> matching;
    for (std::string& each : possible(head, peers)) {
        if (each.starts_with(word)) matching.push_back(std::move(each));
    }
    if (matching.empty()) return {};
    std::sort(matching.begin(), matching.end());
    matching.erase(std::unique(matching.begin(), matching.end()), matching.end());
    if (matching.size() == 1) return {matching.front().substr(word.size()) + " ", {}};
    const std::size_t common = common_bytes(matching);
    if (common > word.size()) {
        return {matching.front().substr(word.size(), common - word.size()), {}};
    }
    return {{}, std::move(matching)};
}

}  // namespace p2pd
