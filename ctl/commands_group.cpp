// ctl: the commands of the address book's groups. Includes std and common.
#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/language.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

/// With or without the @ that it is sent to with.
std::string group_name(const Arguments& arguments) {
    const std::string& word = arguments.words.front();
    return word.starts_with('@') ? word.substr(1) : word;
}

std::vector<std::string> group_members(const Arguments& arguments) {
    return {arguments.words.begin() + 1, arguments.words.end()};
}

std::string group_line(const GroupRecord& group) {
    std::string line;
    for (const std::string& member : group.members) {
        line += (line.empty() ? "" : ", ") + one_line(member);
    }
    return "@" + one_line(group.name) + ": " + (line.empty() ? tr("no members") : line) + "\n";
}

ExitCode print_changed_group(Context& context, const Json& result) {
    if (context.json()) {
        context.print_json("group", result);
    } else if (!context.quiet()) {
        context.print(group_line(parse_result<GroupRecord>(result)));
    }
    return ExitCode::done;
}

}  // namespace

ExitCode run_group_list(Context& context) {
    const Json answer = context.call("groups.list", Json::object());
    const auto groups = parse_result<GroupsResult>(answer).groups;
    if (groups.empty()) {
        throw ControlError(error_nothing_found, tr("no groups yet"),
                           tr("p2pctl group add NAME PEER..."));
    }
    for (const GroupRecord& group : groups) {
        if (context.json()) {
            context.print_json("group", write_fields(group));
        } else {
            context.print(group_line(group));
        }
    }
    context.out().flush();
    return ExitCode::done;
}

ExitCode run_group_add(Context& context) {
    const GroupAddParams params{group_name(context.arguments()),
                                group_members(context.arguments())};
    // A mistyped name is better said now than when something is sent.
    for (const std::string& member : params.members) peer_address(context, member);
    return print_changed_group(context, context.call("groups.add", write_fields(params)));
}

ExitCode run_group_remove(Context& context) {
    const GroupRemoveParams params{group_name(context.arguments()),
                                   group_members(context.arguments())};
    return print_changed_group(context, context.call("groups.remove", write_fields(params)));
}

}  // namespace p2pd
