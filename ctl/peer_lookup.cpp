// ctl: from what was typed for PEER to what the daemon understands. Includes std, POSIX, common.
#include "ctl/peer_lookup.h"

#include <array>
#include <memory>
#include <netdb.h>
#include <optional>
#include <sys/socket.h>
#include <vector>

#include "common/endpoint_text.h"
#include "common/nearest_name.h"
#include "ctl/language.h"
#include "ctl/placeholders.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

/// The first address of `family`, in numbers; empty with `error` set to getaddrinfo()'s.
std::optional<std::string> lookup(const std::string& host, int family, int& error) {
    addrinfo wanted{};
    wanted.ai_family = family;
    wanted.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
    if (error != 0) return std::nullopt;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
    std::array<char, NI_MAXHOST> numbers{};
    error = ::getnameinfo(owned->ai_addr, owned->ai_addrlen, numbers.data(), numbers.size(),
                          nullptr, 0, NI_NUMERICHOST);
    return error == 0 ? std::optional<std::string>(numbers.data()) : std::nullopt;
}

std::optional<std::string> lookup_any(const HostPort& host, int& error) {
    for (const int family : {AF_INET, AF_INET6}) {
        if (const auto address = lookup(host.host, family, error)) {
            return join_host_port(*address, host.port);
        }
    }
    return std::nullopt;
}

bool looks_like_host(std::string_view text) {
    return text.find_first_of(".:") != std::string_view::npos;
}

ControlError unknown_host(const std::string& text, int error) {
    return {error_unknown_host,
            error != 0 ? tr("no host \"{1}\": {2}", text, ::gai_strerror(error))
                       : tr("no host \"{1}\"", text),
            tr("give its address: IP, IP:PORT or [IPv6]:PORT")};
}

ControlError unknown_name(Context& context, const std::string& text) {
    const auto peers = parse_result<PeersResult>(context.call("peers.list", Json::object())).peers;
    std::vector<std::string_view> names;
    for (const PeerRecord& peer : peers) {
        if (peer.name) names.emplace_back(*peer.name);
    }
    const auto nearest = nearest_name(text, names);
    const std::string add = "p2pctl peer add " +
                            (is_peer_name(text) ? text : arguments_text("NAME")) + " " +
                            arguments_text("ADDRESS");
    return {error_unknown_peer, tr("no peer \"{1}\" in the address book", text),
            nearest ? tr("did you mean {1}? If not: {2}", *nearest, add) : add};
}

}  // namespace

std::string resolve_address(const std::string& text) {
    const auto split = split_host_port(text, default_udp_port);
    if (!split) {
        throw ControlError(error_usage, tr("\"{1}\" is no address", text),
                           tr("give IP, IP:PORT, [IPv6]:PORT or a host name"));
    }
    if (is_ip_address(split->host)) return text;
    int error = 0;
    if (auto address = lookup_any(*split, error)) return *address;
    throw unknown_host(text, error);
}

Json ask_with_peer(Context& context, const std::string& peer,
                   const std::function<Json(const std::string& peer)>& ask) {
    const auto split = split_host_port(peer, default_udp_port);
    const bool is_address = split && is_ip_address(split->host);
    context.client();  // a daemon that is down is said before any name is looked up
    // What can be no name of the book need not be asked for.
    if (is_address || is_peer_name(peer)) {
        try {
            return ask(peer);
        } catch (const ControlError& error) {
            if (!error.is(error_unknown_peer) || is_address) throw;
        }
    }
    int error = 0;
    const auto address = split ? lookup_any(*split, error) : std::nullopt;
    if (!address) {
        throw looks_like_host(peer) ? unknown_host(peer, error) : unknown_name(context, peer);
    }
    if (context.verbose()) context.remark(tr("{1} is {2}", peer, *address));
    return ask(*address);
}

std::string peer_address(Context& context, const std::string& peer) {
    std::string address;
    ask_with_peer(context, peer, [&](const std::string& each) {
        const auto split = split_host_port(each, default_udp_port);
        if (split && is_ip_address(split->host)) {
            address = join_host_port(split->host, split->port);
        } else {
            const Json peer_json = context.call("peers.show", write_fields(PeerParams{each}));
            address = parse_result<PeerRecord>(peer_json).address;
        }
        return Json();
    });
    return address;
}

Json call_with_peer(Context& context, std::string_view method, Json params) {
    const std::string peer = params.at("peer").get<std::string>();
    return ask_with_peer(context, peer, [&](const std::string& each) {
        params["peer"] = each;
        return context.call(method, params);
    });
}

}  // namespace p2pd
