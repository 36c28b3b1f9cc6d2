// common: addresses and names of peers as text.
#include "common/endpoint_text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <netinet/in.h>

#include "common/ascii.h"

namespace p2pd {

namespace {

constexpr std::size_t host_name_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;
constexpr std::size_t peer_name_max = 63;
constexpr std::size_t scope_bytes_max = 15;  // IF_NAMESIZE without its zero

constexpr bool is_name_character(char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}

bool is_address_of(int family, std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> zero_terminated{};
    if (text.size() >= zero_terminated.size() || text.find('\0') != std::string_view::npos)
        return false;
    std::copy(text.begin(), text.end(), zero_terminated.begin());
    in6_addr address{};
    return inet_pton(family, zero_terminated.data(), &address) == 1;
}

/// Names of interfaces, or their numbers.
bool is_scope(std::string_view text) {
    return !text.empty() && text.size() <= scope_bytes_max &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_name_character(c) || c == '.' || c == '@'; });
}

bool is_ipv6_address(std::string_view text) {
    const std::size_t percent = text.find('%');
    if (percent == std::string_view::npos) return is_address_of(AF_INET6, text);
    return is_address_of(AF_INET6, text.substr(0, percent)) && is_scope(text.substr(percent + 1));
}

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= label_bytes_max && label.front() != '-' &&
           label.back() != '-' && std::all_of(label.begin(), label.end(), is_name_character);
}

/// A last label of digits is an address that went wrong (`10.0.0.300`), not a name: resolvers
/// would read `10.1` as 10.0.0.1.
bool is_host_name(std::string_view text) {
    if (text.size() > 1 && text.back() == '.') text.remove_suffix(1);
    if (text.empty() || text.size() > host_name_bytes_max) return false;
    for (;;) {
        const std::size_t dot = text.find('.');
        const std::string_view label = text.substr(0, dot);
        if (!is_label(label)) return false;
        if (dot == std::string_view::npos)
            return !std::all_of(label.begin(), label.end(), is_digit);
        text.remove_prefix(dot + 1);
    }
}

/// IPv4 as `::ffff:a.b.c.d`.
std::optional<in6_addr> parse_ip(std::string_view text) {
    const bool is_v4 = text.find(':') == std::string_view::npos;
    in6_addr address{};
    const std::string written = (is_v4 ? "::ffff:" : "") + std::string(text);
    if (!is_address_of(is_v4 ? AF_INET : AF_INET6, text) ||
        ::inet_pton(AF_INET6, written.c_str(), &address) != 1) {
        return std::nullopt;
    }
    return address;
}

/// Without a sign or a leading zero.
std::optional<std::uint16_t> parse_number(std::string_view text) {
    std::uint16_t number = 0;
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return number;
}

struct IpRange {
    in6_addr base{};
    std::size_t prefix_bits = 0;  ///< of the 128
};

std::optional<IpRange> parse_range(std::string_view text) {
    constexpr std::size_t v6_bits = 128;
    constexpr std::size_t v4_bits = 32;
    const std::size_t slash = text.find('/');
    const auto base = parse_ip(text.substr(0, slash));
    if (!base) return std::nullopt;
    if (slash == std::string_view::npos) return IpRange{*base, v6_bits};
    const bool is_v4 = text.find(':') == std::string_view::npos;
    // Of `::ffff:10.0.0.0` nobody could say which bits are counted.
    if (!is_v4 && IN6_IS_ADDR_V4MAPPED(&*base)) return std::nullopt;
    const auto bits = parse_number(text.substr(slash + 1));
    if (!bits || *bits > (is_v4 ? v4_bits : v6_bits)) return std::nullopt;
    return IpRange{*base, is_v4 ? v6_bits - v4_bits + *bits : *bits};
}

std::optional<HostPort> split_brackets(std::string_view text, std::uint16_t default_port) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!is_ipv6_address(host)) return std::nullopt;
    if (rest.empty()) return HostPort{std::string(host), default_port};
    if (rest.front() != ':') return std::nullopt;
    const auto port = parse_number(rest.substr(1));
    if (!port) return std::nullopt;
    return HostPort{std::string(host), *port};
}

}  // namespace

std::optional<HostPort> split_host_port(std::string_view text, std::uint16_t default_port) {
    if (text.starts_with('[')) return split_brackets(text, default_port);
    if (is_ipv6_address(text)) return HostPort{std::string(text), default_port};
    const std::size_t colon = text.find(':');
    const std::string_view host = text.substr(0, colon);
    if (!is_address_of(AF_INET, host) && !is_host_name(host)) return std::nullopt;
    if (colon == std::string_view::npos) return HostPort{std::string(host), default_port};
    const auto port = parse_number(text.substr(colon + 1));
    if (!port) return std::nullopt;
    return HostPort{std::string(host), *port};
}

std::string join_host_port(std::string_view host, std::uint16_t port) {
    const bool brackets = host.find(':') != std::string_view::npos;
    std::string text = brackets ? "[" : "";
    text.append(host).append(brackets ? "]:" : ":").append(std::to_string(port));
    return text;
}

bool is_ip_address(std::string_view text) {
    return is_address_of(AF_INET, text) || is_ipv6_address(text);
}

bool is_network(std::string_view text) {
    return parse_range(text).has_value();
}

bool is_in_network(std::string_view ip, std::string_view network) {
    const auto address = parse_ip(ip.substr(0, ip.find('%')));
    const auto range = parse_range(network);
    if (!address || !range) return false;
    for (std::size_t bit = 0; bit < range->prefix_bits; ++bit) {
        const unsigned differing =
            unsigned{address->s6_addr[bit / 8]} ^ range->base.s6_addr[bit / 8];
        if ((differing >> (7 - bit % 8) & 1U) != 0) return false;
    }
    return true;
}

bool is_peer_name(std::string_view text) {
    return !text.empty() && text.size() <= peer_name_max && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), is_name_character);
}

bool is_group_member(std::string_view text) {
    constexpr std::size_t bytes_max = 255;
    return !text.empty() && text.size() <= bytes_max &&
           std::ranges::all_of(text, [](char each) { return each > ' ' && each < 0x7f; });
}

}  // namespace p2pd
