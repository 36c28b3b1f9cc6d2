// ctl: the commands of the address book. Includes std and common.
#include <algorithm>

#include "common/endpoint_text.h"
#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/language.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

void check_name(const std::string& name) {
    if (is_peer_name(name)) return;
    throw ControlError(error_usage,
                       tr("\"{1}\" is no name for a peer: letters, digits, - and _, a letter "
                          "first, at most {2} bytes",
                          name, peer_name_bytes_max));
}

std::optional<DialectName> wanted_dialect(const Arguments& arguments) {
    const auto given = arguments.text("dialect");
    if (!given) return std::nullopt;
    const auto dialect = enum_value<DialectName>(*given);
    if (!dialect) {
        throw ControlError(error_usage,
                           tr("--dialect \"{1}\": must be base, upper, quoted or short", *given));
    }
    return dialect;
}

/// What the daemon made of it, or `done` for people.
ExitCode print_changed(Context& context, const Json& result, const std::string& done) {
    if (context.json()) {
        context.print_json("peer", result);
    } else if (!context.quiet()) {
        context.print(done + "\n");
    }
    return ExitCode::done;
}

}  // namespace

ExitCode run_peer_list(Context& context) {
    std::vector<PeerRecord> peers;
    PeersListParams params;
    for (bool more = true; more;) {
        auto page = parse_result<PeersResult>(context.call("peers.list", write_fields(params)));
        more = page.more && !page.peers.empty();
        if (more) params.after = page.peers.back().address;
        std::move(page.peers.begin(), page.peers.end(), std::back_inserter(peers));
    }
    if (peers.empty()) {
        throw ControlError(error_nothing_found, tr("no peers yet"),
                           tr("p2pctl peer add NAME ADDRESS"));
    }
    if (!context.json()) {
        context.print_paged(peer_table(peers, context.style()));
        return ExitCode::done;
    }
    for (const PeerRecord& peer : peers) context.print_json("peer", write_fields(peer));
    return ExitCode::done;
}

ExitCode run_peer_show(Context& context) {
    const PeerParams params{context.arguments().words.front()};
    const Json result = call_with_peer(context, "peers.show", write_fields(params));
    if (context.json()) {
        context.print_json("peer", result);
    } else {
        context.print(peer_details(parse_result<PeerRecord>(result), context.style()));
    }
    return ExitCode::done;
}

ExitCode run_peer_add(Context& context) {
    const auto& words = context.arguments().words;
    check_name(words[0]);
    const PeerAddParams params{words[0], resolve_address(context, words[1]),
                               wanted_dialect(context.arguments())};
    const Json result = context.call("peers.add", write_fields(params));
    const std::string address = parse_result<PeerRecord>(result).address;
    return print_changed(context, result, tr("{1} is {2}", params.name, one_line(address)));
}

ExitCode run_peer_rename(Context& context) {
    const auto& words = context.arguments().words;
    check_name(words[1]);
    const Json result =
        context.call("peers.rename", write_fields(PeerRenameParams{words[0], words[1]}));
    return print_changed(context, result, tr("{1} is now {2}", one_line(words[0]), words[1]));
}

ExitCode run_peer_remove(Context& context) {
    const std::string& name = context.arguments().words.front();
    const Json result = context.call("peers.remove", write_fields(PeerParams{name}));
    return print_changed(context, result,
                         tr("{1} is no longer in the address book", one_line(name)));
}

}  // namespace p2pd
