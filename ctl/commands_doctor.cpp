// ctl: the command doctor, which works when nothing works. Includes std and common.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <sstream>

#include "common/config.h"
#include "common/endpoint_text.h"
#include "common/terminal_text.h"
#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/delivery.h"
#include "ctl/doctor_facts.h"
#include "ctl/doctor_host.h"
#include "ctl/doctor_peer.h"
#include "ctl/english_texts.h"
#include "ctl/language.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

constexpr std::chrono::seconds patience{10};  // for a daemon that may hang
constexpr int pages_max = 20;
constexpr std::uint32_t received_many = 20;

void append(Findings& findings, Findings more) {
    std::ranges::move(more, std::back_inserter(findings));
}

/// Whose default the socket is; of another one nobody knows.
ServiceKind kind_of(const std::string& socket) {
    for (const ServiceKind kind : {ServiceKind::system, ServiceKind::user}) {
        if (default_config(kind, process_environment).socket == socket) return kind;
    }
    return current_service_kind();
}

ConfigSources sources_of(const Context& context, const std::string& socket) {
    ConfigSources sources;
    sources.kind = kind_of(socket);
    sources.environment = process_environment;
    sources.file = context.arguments().text("config");
    return sources;
}

/// What the configuration says of a daemon that does not run.
Findings config_findings(const Context& context, const std::string& socket) {
    try {
        const ConfigSources sources = sources_of(context, socket);
        const Config config = load_config(sources);
        Findings findings{fine("config", tr("the configuration is in order"))};
        if (!sources.file && config.socket != socket) {
            findings.push_back(warning("socket",
                                       tr("the configuration has the socket at {1}, and not at {2}",
                                          config.socket, socket),
                                       "p2pctl --socket " + config.socket + " doctor"));
            return findings;
        }
        append(findings, port_findings(try_binding(config.listen, false)));
        if (const auto bytes = free_bytes(config.state_dir)) {
            findings.push_back(disk_finding(config.state_dir, *bytes));
        }
        return findings;
    } catch (const ConfigError& error) {
        return {problem("config", in_language(error.what()),
                        tr("mend it; p2pctl config check says whether it is"))};
    }
}

/// The daemon that runs read its configuration at its start; what is there now is for the next.
Finding next_config_finding(const Context& context, const std::string& socket) {
    try {
        load_config(sources_of(context, socket));
        return fine("config", tr("the configuration is in order"));
    } catch (const ConfigError& error) {
        return warning("config", tr("p2pd would not start again: {1}", in_language(error.what())),
                       tr("mend it; p2pctl config check says whether it is"));
    }
}

Findings down_findings(const Context& context, const std::string& socket, std::string hint) {
    std::error_code error;
    const bool of_user = kind_of(socket) == ServiceKind::user;
    Findings findings{down_finding({socket, std::filesystem::exists(socket, error), std::move(hint),
                                    unit_end("p2pd.service", of_user)})};
    append(findings, config_findings(context, socket));
    return findings;
}

Findings unreachable_findings(const Context& context, const ControlError& error) {
    const std::string socket = choose_socket(context.arguments().text("socket"));
    if (error.is(error_denied)) return {denied_finding(access_to(socket))};
    if (error.is(error_not_running)) return down_findings(context, socket, error.hint());
    if (error.is(error_usage)) throw ControlError(error);
    return {problem(error.is(error_protocol) ? "version" : "daemon", error.what(), error.hint())};
}

Findings host_findings(Context& context) {
    try {
        const Json result = context.client().call("status", Json::object(), patience);
        const auto status = parse_result<StatusResult>(result);
        Findings findings =
            running_findings(status, unit_state(status.pid), try_binding(status.listening, true));
        findings.push_back(next_config_finding(context, context.client().path()));
        return findings;
    } catch (const ControlError& error) {
        context.disconnect();
        return unreachable_findings(context, error);
    }
}

ListParams page_of(Box box, const PeerCase& facts, std::uint32_t limit) {
    ListParams params;
    params.box = box;
    params.peer = facts.peer.address;
    params.limit = limit;
    return params;
}

std::vector<MessageRecord> messages(Context& context, const ListParams& params) {
    return parse_messages(context.call("list", write_fields(params))).messages;
}

bool is_tried_less(const MessageRecord& a, const MessageRecord& b) {
    return a.attempts < b.attempts;
}

/// Looks through what was sent, newest first, as far back as something waits.
void look_at_sent(Context& context, PeerCase& facts) {
    ListParams params = page_of(Box::sent, facts, page_messages_max);
    for (int page = 0; page < pages_max; ++page) {
        std::vector<MessageRecord> sent = messages(context, params);
        if (sent.empty()) return;
        params.before = sent.front().id;
        for (const MessageRecord& each : sent) {
            if (each.acked_at && each.acked_at->us > facts.confirmed_at.value_or(UtcTime{}).us) {
                facts.confirmed_at = each.acked_at;
            }
        }
        std::erase_if(sent, [](const MessageRecord& each) { return is_final(each.state); });
        if (sent.empty()) return;
        const auto most = std::ranges::max_element(sent, is_tried_less);
        if (!facts.waiting || !is_tried_less(*most, *facts.waiting)) facts.waiting = *most;
    }
}

std::vector<PeerRecord> others_on_host(Context& context, const PeerRecord& peer) {
    const auto host = split_host_port(peer.address, default_udp_port);
    std::vector<PeerRecord> others;
    PeersListParams params;
    for (bool more = true; more;) {
        auto page = parse_result<PeersResult>(context.call("peers.list", write_fields(params)));
        more = page.more && !page.peers.empty();
        if (more) params.after = page.peers.back().address;
        for (PeerRecord& each : page.peers) {
            const auto other = split_host_port(each.address, default_udp_port);
            if (host && other && other->host == host->host && each.address != peer.address) {
                others.push_back(std::move(each));
            }
        }
    }
    return others;
}

/// The entry of `block` that the host of an address is in, as the daemon has it now.
std::optional<std::string> blocking_network(Context& context, const std::string& address) {
    const auto split = split_host_port(address, default_udp_port);
    const auto config =
        parse_result<ConfigResult>(context.call("config.get", Json::object())).entries;
    const auto block = std::ranges::find(config, "block", &ConfigEntry::key);
    if (!split || block == config.end()) return std::nullopt;
    std::istringstream networks(block->value);
    for (std::string network; networks >> network;) {
        if (is_in_network(split->host, network)) return network;
    }
    return std::nullopt;
}

/// Each socket of the daemon is of one family.
bool has_socket_for(Context& context, const std::string& address) {
    const auto status = parse_result<StatusResult>(context.call("status", Json::object()));
    return std::ranges::any_of(status.listening, [&](const std::string& listening) {
        return listening.starts_with('[') == address.starts_with('[');
    });
}

PeerCase look_at_peer(Context& context, const std::string& peer) {
    PeerCase facts;
    facts.now = context.style().time.now;
    facts.peer = parse_result<PeerRecord>(
        call_with_peer(context, "peers.show", write_fields(PeerParams{peer})));
    facts.blocked_by = blocking_network(context, facts.peer.address);
    facts.has_socket = has_socket_for(context, facts.peer.address);
    look_at_sent(context, facts);
    facts.received = messages(context, page_of(Box::inbox, facts, received_many));
    if (facts.peer.dialect_by_hand) facts.same_host = others_on_host(context, facts.peer);
    return facts;
}

Findings findings_of_peer(Context& context, const std::string& peer) {
    try {
        return peer_findings(look_at_peer(context, peer));
    } catch (const ControlError& error) {
        if (!error.is(error_unknown_peer) && !error.is(error_unknown_host)) throw;
        Finding found = problem("peer", error.what(), error.hint());
        const auto split = split_host_port(peer, default_udp_port);
        if (split && is_ip_address(split->host)) {
            if (const auto network = blocking_network(context, peer)) {
                found = blocked_finding(*network);
                found.peer = peer;
                return {std::move(found)};
            }
            found.level = Level::warning;
            found.hint =
                tr("only a message shows whether it can be reached: p2pctl send {1} hello", peer);
        }
        return {std::move(found)};
    }
}

Colour colour_of(Level level) {
    return level == Level::ok        ? Colour::green
           : level == Level::warning ? Colour::yellow
                                     : Colour::red;
}

std::string level_name(Level level) {
    return level == Level::ok ? tr("ok") : level == Level::warning ? tr("warning") : tr("problem");
}

/// `problem  disk     what is wrong`, and below it what to do.
std::string finding_text(const Finding& finding, const Style& style) {
    std::size_t level_columns = 0;
    for (const auto& [level, name] : enum_names(Level{})) {
        level_columns = std::max(level_columns, display_width(level_name(level)));
    }
    ++level_columns;
    constexpr std::size_t check_columns = 11;
    std::string text =
        paint(padded(level_name(finding.level), level_columns), colour_of(finding.level), style) +
        padded(tr(finding.check), check_columns);
    if (finding.peer) text += peer_text(finding.name, *finding.peer) + ": ";
    text += one_line(finding.message) + "\n";
    if (finding.hint) text += std::string(level_columns, ' ') + one_line(*finding.hint) + "\n";
    return text;
}

}  // namespace

ExitCode run_doctor(Context& context) {
    Findings findings = host_findings(context);
    if (context.connected()) {
        for (const std::string& peer : context.arguments().words) {
            append(findings, findings_of_peer(context, peer));
        }
    }
    for (const Finding& finding : findings) {
        if (context.json()) {
            context.print_json("finding", write_fields(finding));
        } else if (!context.quiet() || finding.level != Level::ok) {
            context.print(finding_text(finding, context.style()));
        }
    }
    return std::ranges::count(findings, Level::problem, &Finding::level) == 0 ? ExitCode::done
                                                                              : ExitCode::negative;
}

}  // namespace p2pd
