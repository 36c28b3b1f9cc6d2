// common: addresses and names of peers as text. Includes std (and inet_pton) only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace p2pd {

/// An IP address (IPv6 without brackets, maybe with `%scope`) or a host name, and a port.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const HostPort&) const = default;
};

/// Reads `IP`, `IP:PORT`, `IPv6`, `[IPv6]`, `[IPv6]:PORT`, `host` and `host:PORT`; the port is 0
/// to 65535. Empty when it is none of them. Nothing is resolved.
std::optional<HostPort> split_host_port(std::string_view text, std::uint16_t default_port);

/// The inverse: IPv6 gets brackets.
std::string join_host_port(std::string_view host, std::uint16_t port);

/// An IPv4 or IPv6 address in numbers; IPv6 may have a scope (`fe80::1%eth0`).
bool is_ip_address(std::string_view text);

/// `IP`, or `IP/BITS` with at most 32 or 128 bits: a network. IPv6 without a scope.
bool is_network(std::string_view text);
/// Whether the address, of whatever interface, is in that network.
bool is_in_network(std::string_view ip, std::string_view network);

/// A name for the address book: letters, digits, `-` and `_`, a letter first, 1 to 63 bytes.
bool is_peer_name(std::string_view text);

/// What may be kept as a member of a group: 1 to 255 printable characters of ASCII without blanks,
/// so any name of the book, address or host name.
bool is_group_member(std::string_view text);

}  // namespace p2pd
