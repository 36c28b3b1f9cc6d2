// core: the address of a UDP socket. Includes std only.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace p2pd {

/// IPv6 address, or IPv4 as `::ffff:a.b.c.d`, with port; scope id for link-local addresses.
struct Endpoint {
    std::array<std::uint8_t, 16> address{};
    std::uint32_t scope_id = 0;
    std::uint16_t port = 0;

    /// By address, then scope and port. Numbers, as the table of peers compares ten of them a
    /// lookup.
    std::strong_ordering operator<=>(const Endpoint& other) const {
        if (const auto high = half(0) <=> other.half(0); std::is_neq(high)) return high;
        if (const auto low = half(8) <=> other.half(8); std::is_neq(low)) return low;
        if (const auto scope = scope_id <=> other.scope_id; std::is_neq(scope)) return scope;
        return port <=> other.port;
    }
    bool operator==(const Endpoint& other) const {
        return half(0) == other.half(0) && half(8) == other.half(8) && scope_id == other.scope_id &&
               port == other.port;
    }

    bool is_v4() const;
    bool is_unspecified() const;  ///< 0.0.0.0 or ::
    bool same_host(const Endpoint& other) const {
        return half(0) == other.half(0) && half(8) == other.half(8) && scope_id == other.scope_id;
    }
    /// `10.0.0.5`, `fe80::1%2` (the scope id as a number).
    std::string ip_text() const;
    /// `10.0.0.5:5000`, `[fe80::1%2]:5000`.
    std::string text() const;

private:
    /// Eight bytes of the address from there on, as one number.
    std::uint64_t half(std::size_t from) const {
        const auto byte = [&](std::size_t i) { return std::uint64_t{address[from + i]}; };
        return byte(0) << 56U | byte(1) << 48U | byte(2) << 40U | byte(3) << 32U | byte(4) << 24U |
               byte(5) << 16U | byte(6) << 8U | byte(7);
    }
};

/// Reads what text() writes, and `IP` alone with `default_port`. Empty when it is not that.
std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

struct EndpointHash {
    std::size_t operator()(const Endpoint& endpoint) const;
};

}  // namespace p2pd
