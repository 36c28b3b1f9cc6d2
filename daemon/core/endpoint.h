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

    auto operator<=>(const Endpoint&) const = default;  // NOLINT(modernize-use-nullptr)

    bool is_v4() const;
    bool is_unspecified() const;  ///< 0.0.0.0 or ::
    bool same_host(const Endpoint& other) const {
        return address == other.address && scope_id == other.scope_id;
    }
    /// `10.0.0.5`, `fe80::1%2` (the scope id as a number).
    std::string ip_text() const;
    /// `10.0.0.5:5000`, `[fe80::1%2]:5000`.
    std::string text() const;
};

/// Reads what text() writes, and `IP` alone with `default_port`. Empty when it is not that.
std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

struct EndpointHash {
    std::size_t operator()(const Endpoint& endpoint) const;
};

}  // namespace p2pd
