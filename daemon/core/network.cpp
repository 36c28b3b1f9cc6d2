// core: a range of addresses. Includes std, core.
#include "daemon/core/network.h"

#include <algorithm>
#include <charconv>

namespace p2pd {

namespace {

constexpr unsigned address_bits = 128;
constexpr unsigned v4_bits = 32;

}  // namespace

bool Network::contains(const Endpoint& endpoint) const {
    const std::size_t whole = prefix_bits / 8;
    if (!std::equal(base.address.begin(), base.address.begin() + static_cast<std::ptrdiff_t>(whole),
                    endpoint.address.begin())) {
        return false;
    }
    const unsigned rest = prefix_bits % 8;
    if (rest == 0) return true;
    const unsigned differing = base.address[whole] ^ unsigned { endpoint.address[whole] };
    return differing >> (8 - rest) == 0;
}

std::optional<Network> parse_network(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string_view ip = text.substr(0, slash);
    // A port, brackets or a scope would be read by parse_endpoint, but mean nothing here.
    const bool plain = ip.find_first_of("[]%") == std::string_view::npos &&
                       std::count(ip.begin(), ip.end(), ':') != 1;
    const auto base = plain ? parse_endpoint(ip, 0) : std::nullopt;
    if (!base) return std::nullopt;
    const unsigned bits_max = base->is_v4() ? v4_bits : address_bits;
    unsigned bits = bits_max;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const char* const end = digits.data() + digits.size();
        const auto [rest, error] = std::from_chars(digits.data(), end, bits);
        if (error != std::errc{} || rest != end || bits > bits_max) return std::nullopt;
    }
    return Network{*base, bits + address_bits - bits_max};
}

}  // namespace p2pd
