// ctl: from what was typed for PEER to what the daemon understands. Includes std, POSIX, common.
#include "ctl/peer_lookup.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <memory>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
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

/// `fe80::1%eth0` with the number of the interface, by which the daemon knows it; it may have no
/// interfaces of its own (p2pd-isolated). Unchanged if there is no such interface.
std::string numeric_host(const std::string& host) {
    const std::size_t percent = host.find('%');
    if (percent == std::string::npos) return host;
    const unsigned number = ::if_nametoindex(host.c_str() + percent + 1);
    return number == 0 ? host : host.substr(0, percent + 1) + std::to_string(number);
}

/// An address as the daemon writes it: `FE80:0::1` is `fe80::1`, `::ffff:10.0.0.5` is `10.0.0.5`.
std::string canonical(const HostPort& given) {
    const std::string host = numeric_host(given.host);
    const std::size_t percent = std::min(host.find('%'), host.size());
    in6_addr address{};
    if (::inet_pton(AF_INET6, host.substr(0, percent).c_str(), &address) != 1) {
        return join_host_port(host, given.port);
    }
    std::array<char, INET6_ADDRSTRLEN> numbers{};
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        ::inet_ntop(AF_INET, &address.s6_addr[12], numbers.data(), numbers.size());
        return join_host_port(numbers.data(), given.port);
    }
    ::inet_ntop(AF_INET6, &address, numbers.data(), numbers.size());
    // Only of link-local addresses the interface is a part.
    const std::string scope = IN6_IS_ADDR_LINKLOCAL(&address) ? host.substr(percent) : "";
    return join_host_port(numbers.data() + scope, given.port);
}

constexpr std::size_t addresses_max = 16;

std::string numbers_of(const addrinfo& address) {
    std::array<char, NI_MAXHOST> numbers{};
    const int error = ::getnameinfo(address.ai_addr, address.ai_addrlen, numbers.data(),
                                    numbers.size(), nullptr, 0, NI_NUMERICHOST);
    return error == 0 ? numbers.data() : std::string();
}

/// The addresses of a host, those of IPv4 first; without any `error` is getaddrinfo()'s.
std::vector<std::string> lookup(const HostPort& host, int& error) {
    std::vector<std::string> addresses;
    for (const int family : {AF_INET, AF_INET6}) {
        addrinfo wanted{};
        wanted.ai_family = family;
        wanted.ai_socktype = SOCK_DGRAM;
        addrinfo* found = nullptr;
        error = ::getaddrinfo(host.host.c_str(), nullptr, &wanted, &found);
        if (error != 0) continue;
        const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
        for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
            const std::string numbers = numbers_of(*each);
            if (numbers.empty() || addresses.size() == addresses_max) continue;
            addresses.push_back(join_host_port(numeric_host(numbers), host.port));
        }
    }
    return addresses;
}

std::optional<UtcTime> last_heard(Context& context, const std::string& address) {
    try {
        const Json peer = context.call("peers.show", write_fields(PeerParams{address}));
        return parse_result<PeerRecord>(peer).last_heard;
    } catch (const ControlError& error) {
        if (!error.is(error_unknown_peer) && !error.is(error_params)) throw;
        return std::nullopt;
    }
}

/// Where somebody answers; see resolve_address(). Empty if there is no such host.
std::optional<std::string> lookup_one(Context& context, const HostPort& host, int& error) {
    const std::vector<std::string> addresses = lookup(host, error);
    if (addresses.empty()) return std::nullopt;
    std::string best = addresses.front();
    if (addresses.size() == 1) return best;
    std::optional<UtcTime> newest;
    for (const std::string& address : addresses) {
        const auto heard = last_heard(context, address);
        if (!heard || (newest && newest->us >= heard->us)) continue;
        newest = heard;
        best = address;
    }
    return best;
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

/// What comes behind all names that come before those which begin so.
std::string just_before(std::string_view beginning) {
    constexpr char behind_all = '\x7f';
    std::string text(beginning);
    --text.back();
    return text + behind_all;
}

ControlError unknown_name(Context& context, const std::string& text) {
    if (is_group_word(text)) {
        return {error_usage, tr("\"{1}\" is a group, and this is for one peer", text),
                tr("p2pctl group list shows who is in it")};
    }
    const auto book =
        peer_names([&](const Json& params) { return context.call("peers.names", params); });
    std::vector<std::string_view> names;
    names.reserve(book.size());
    for (const PeerName& each : book) names.emplace_back(each.name);
    const auto nearest = nearest_name(text, names);
    const std::string add = "p2pctl peer add " +
                            (is_peer_name(text) ? text : arguments_text("NAME")) + " " +
                            arguments_text("ADDRESS");
    return {error_unknown_peer, tr("no peer \"{1}\" in the address book", text),
            nearest ? tr("did you mean {1}? If not: {2}", *nearest, add) : add};
}

}  // namespace

std::vector<PeerName> peer_names(const std::function<Json(const Json& params)>& ask,
                                 std::string_view beginning) {
    std::vector<PeerName> names;
    PeersNamesParams params;
    if (!beginning.empty()) {
        if (!is_peer_name(beginning)) return {};  // as each name would be
        params.after = just_before(beginning);
    }
    for (bool more = true; more;) {
        auto page = parse_result<PeersNamesResult>(ask(write_fields(params)));
        more = page.more && !page.names.empty();
        if (more) params.after = page.names.back().name;
        for (PeerName& each : page.names) {
            if (!each.name.starts_with(beginning)) return names;
            names.push_back(std::move(each));
        }
    }
    return names;
}

std::string resolve_address(Context& context, const std::string& text) {
    const auto split = split_host_port(text, default_udp_port);
    if (!split) {
        throw ControlError(error_usage, tr("\"{1}\" is no address", text),
                           tr("give IP, IP:PORT, [IPv6]:PORT or a host name"));
    }
    if (is_ip_address(split->host)) return join_host_port(numeric_host(split->host), split->port);
    int error = 0;
    if (auto address = lookup_one(context, *split, error)) return *address;
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
            const bool has_interface = is_address && split->host.find('%') != std::string::npos;
            return ask(has_interface ? join_host_port(numeric_host(split->host), split->port)
                                     : peer);
        } catch (const ControlError& error) {
            if (!error.is(error_unknown_peer) || is_address) throw;
        }
    }
    int error = 0;
    const auto address = split ? lookup_one(context, *split, error) : std::nullopt;
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
            address = canonical(*split);
        } else {
            const Json peer_json = context.call("peers.show", write_fields(PeerParams{each}));
            address = parse_result<PeerRecord>(peer_json).address;
        }
        return Json();
    });
    return address;
}

std::vector<std::string> group_members(Context& context, const std::string& group) {
    const Json answer = context.call("groups.list", Json::object());
    for (GroupRecord& each : parse_result<GroupsResult>(answer).groups) {
        if ("@" + each.name == group) return std::move(each.members);
    }
    throw ControlError(error_unknown_peer, tr("no group \"{1}\" in the address book", group),
                       "p2pctl group list");
}

std::set<std::string, std::less<>> peer_addresses(Context& context, const std::string& who) {
    if (!is_group_word(who)) return {peer_address(context, who)};
    std::set<std::string, std::less<>> addresses;
    for (const std::string& member : group_members(context, who)) {
        try {
            addresses.insert(peer_address(context, member));
        } catch (const ControlError& error) {
            if (!error.is(error_unknown_peer) && !error.is(error_unknown_host)) throw;
            context.remark(error.what());
        }
    }
    return addresses;
}

Json call_with_peer(Context& context, std::string_view method, Json params) {
    const std::string peer = params.at("peer").get<std::string>();
    return ask_with_peer(context, peer, [&](const std::string& each) {
        params["peer"] = each;
        return context.call(method, params);
    });
}

}  // namespace p2pd
