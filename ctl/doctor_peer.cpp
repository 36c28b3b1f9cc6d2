// ctl: what may be wrong on the way to a peer: facts in, findings out. Includes std and common.
#include "ctl/doctor_peer.h"

#include <algorithm>
#include <chrono>

#include "common/endpoint_text.h"
#include "ctl/language.h"
#include "ctl/placeholders.h"

namespace p2pd {

namespace {

constexpr std::uint32_t attempts_many = 2;  // one may be lost, or under way
constexpr std::uint32_t repeats_many = 3;   // the network doubles a datagram now and then
constexpr std::chrono::microseconds clocks_apart = std::chrono::minutes{1};

std::chrono::microseconds between(UtcTime from, UtcTime to) {
    return std::chrono::microseconds{to.us - from.us};
}

std::string ago(UtcTime time, UtcTime now) {
    return tr("{1} ago", duration_text(std::max(between(time, now), std::chrono::microseconds{0})));
}

std::string port_of(const PeerRecord& peer) {
    const auto split = split_host_port(peer.address, default_udp_port);
    return std::to_string(split ? split->port : default_udp_port);
}

std::string book_name(const PeerRecord& peer) {
    return peer.name ? *peer.name : arguments_text("NAME");
}

std::string heard_text(const PeerCase& facts) {
    if (!facts.peer.last_heard) return tr("nothing has ever come from it");
    return tr("it was heard {1}", ago(*facts.peer.last_heard, facts.now));
}

/// `#57 was sent 3 times and is not confirmed`
std::string waiting_text(const MessageRecord& waiting) {
    return tr_count("#{2} was sent {1} time and is not confirmed",
                    "#{2} was sent {1} times and is not confirmed", waiting.attempts, waiting.id);
}

/// Programs of the dialect upper confirm no reply.
bool can_be_confirmed(const PeerCase& facts) {
    return facts.peer.dialect != DialectName::upper || !facts.waiting->reply_to;
}

bool is_stuck(const PeerCase& facts) {
    return facts.waiting && facts.waiting->attempts >= attempts_many && can_be_confirmed(facts);
}

/// It has been heard since it should have confirmed.
bool is_heard_since(const PeerCase& facts) {
    return facts.peer.last_heard && facts.waiting->created_at &&
           facts.peer.last_heard->us > facts.waiting->created_at->us;
}

Finding trouble_finding(const PeerCase& facts) {
    const std::string when = facts.peer.trouble_at ? ago(*facts.peer.trouble_at, facts.now) : "";
    const std::string address = facts.peer.address;
    switch (*facts.peer.trouble) {
        case SendTrouble::port_unreachable:
            break;
        case SendTrouble::host_unreachable:
            return problem(
                "reach", tr("there is no way to this host, as the network said {1}", when),
                tr("is {1} right, is the host on, is there a route: ip route get", address));
        case SendTrouble::prohibited:
            return problem("reach", tr("a firewall forbids the way there, as it said {1}", when),
                           tr("let UDP port {1} pass, there or on this host: nft list ruleset",
                              port_of(facts.peer)));
        case SendTrouble::too_large:
            return problem(
                "reach", tr("the path takes no datagram as large as its messages"),
                tr("the MTU of the path must be at least 1280: ip link, tunnels on the way"));
    }
    return problem(
        "reach",
        tr("its host is there, but no program on UDP port {1}, as it said {2} (ICMP port "
           "unreachable)",
           port_of(facts.peer), when),
        tr("start the program there, or mend the port: p2pctl peer add {1} IP:PORT",
           book_name(facts.peer)));
}

/// The dialect was set by hand, and another program of the same host writes in another.
const PeerRecord* contradiction(const PeerCase& facts) {
    if (!facts.peer.dialect_by_hand) return nullptr;
    const auto found = std::ranges::find_if(facts.same_host, [&](const PeerRecord& other) {
        return other.last_heard && !other.dialect_by_hand && other.dialect != facts.peer.dialect;
    });
    return found == facts.same_host.end() ? nullptr : &*found;
}

Finding dialect_finding(const PeerCase& facts, const PeerRecord& other) {
    const std::string theirs(enum_name(other.dialect));
    return problem(
        "dialect",
        tr("{1}: it is written to in the dialect {2}, set by hand, but {3} on its host "
           "writes {4}",
           waiting_text(*facts.waiting), enum_name(facts.peer.dialect), other.address, theirs),
        "p2pctl peer add " + book_name(facts.peer) + " " + facts.peer.address + " --dialect " +
            theirs);
}

Finding one_way_finding(const PeerCase& facts) {
    return problem(
        "reach",
        tr("the way there is blocked, the way back is not: {1}, but {2}",
           waiting_text(*facts.waiting), heard_text(facts)),
        tr("there: let UDP port {1} in, and see that its program still answers; behind a "
           "NAT: forward the port",
           port_of(facts.peer)));
}

Finding silent_finding(const PeerCase& facts) {
    std::string hint =
        tr("is {1} right? There: is the program running, and does a firewall let UDP port {2} in?",
           facts.peer.address, port_of(facts.peer));
    if (facts.peer.dialect_by_hand) {
        hint += " " + tr("Its dialect was set by hand to {1}: is that right?",
                         enum_name(facts.peer.dialect));
    }
    return problem("reach",
                   tr("silence: {1}, {2}", waiting_text(*facts.waiting), heard_text(facts)), hint);
}

/// There is no socket that it could be sent from.
Finding family_finding(const PeerCase& facts) {
    const bool is_v6 = facts.peer.address.starts_with('[');
    return problem(
        "reach", tr("p2pd listens on no {1} address and so sends to none", is_v6 ? "IPv6" : "IPv4"),
        tr("add listen = {1} to p2pd.conf and restart p2pd", is_v6 ? "[::]:5000" : "0.0.0.0:5000"));
}

Finding reach_finding(const PeerCase& facts) {
    if (facts.blocked_by) return blocked_finding(*facts.blocked_by);
    if (!facts.has_socket) return family_finding(facts);
    if (facts.peer.trouble) return trouble_finding(facts);
    if (is_stuck(facts)) {
        if (const PeerRecord* const other = contradiction(facts)) {
            return dialect_finding(facts, *other);
        }
        return is_heard_since(facts) ? one_way_finding(facts) : silent_finding(facts);
    }
    if (facts.waiting) {
        return fine("reach", tr("#{1} is on its way; {2}", facts.waiting->id, heard_text(facts)));
    }
    if (facts.confirmed_at) {
        return fine("reach", tr("it confirmed a message {1}", ago(*facts.confirmed_at, facts.now)));
    }
    return warning("reach", tr("it has confirmed no message yet; {1}", heard_text(facts)),
                   tr("only a message shows whether it can be reached: p2pctl send {1} hello",
                      facts.peer.name.value_or(facts.peer.address)));
}

Finding back_finding(const PeerCase& facts) {
    if (facts.peer.repeats < repeats_many) {
        return fine("acks", tr("it does not repeat what was confirmed to it"));
    }
    return problem(
        "acks",
        tr("our ACKs do not reach it: its last message came {1} times, and each copy was "
           "confirmed",
           facts.peer.repeats + 1),
        tr("let UDP from this host's port pass to it: firewalls on both hosts, NAT "
           "between them"));
}

std::optional<std::chrono::microseconds> offset(const MessageRecord& message) {
    if (!message.sent_at || !message.received_at) return std::nullopt;
    return between(*message.sent_at, *message.received_at);
}

/// A message from the future shows a clock; one that is late may have waited for the network.
std::optional<Finding> clock_finding(const PeerCase& facts) {
    std::vector<std::chrono::microseconds> offsets;
    for (const MessageRecord& message : facts.received) {
        if (const auto known = offset(message)) offsets.push_back(*known);
    }
    if (offsets.empty()) return std::nullopt;
    const std::string hint = tr("timedatectl on both hosts says whether they are synchronised");
    if (offsets.back() < -clocks_apart) {
        return warning("clock",
                       tr("its clock is ahead of ours by {1}, as its last message says",
                          duration_text(-offsets.back())),
                       hint);
    }
    const auto least = *std::ranges::min_element(offsets);
    if (offsets.back() > clocks_apart && least > clocks_apart) {
        return warning("clock",
                       tr("its clock is behind ours by {1}, or its messages have waited that long",
                          duration_text(least)),
                       hint);
    }
    return fine("clock", tr("the clocks agree to a minute"));
}

}  // namespace

Finding blocked_finding(const std::string& network) {
    return problem(
        "block",
        tr("p2pd looks at nothing that comes from it, its ACKs neither: block = {1}", network),
        tr("take {1} out of block in p2pd.conf, then: p2pctl reload", network));
}

Findings peer_findings(const PeerCase& facts) {
    Findings findings{reach_finding(facts)};
    if (facts.peer.last_heard) findings.push_back(back_finding(facts));
    if (auto clock = clock_finding(facts)) findings.push_back(std::move(*clock));
    for (Finding& finding : findings) {
        finding.peer = facts.peer.address;
        finding.name = facts.peer.name;
    }
    return findings;
}

}  // namespace p2pd
