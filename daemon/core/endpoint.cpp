// core: endpoint texts. Includes std, and inet_pton/inet_ntop, which are pure functions.
#include "daemon/core/endpoint.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace p2pd {

namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool parse_ip(std::string_view text, Endpoint& endpoint) {
    const std::size_t percent = text.find('%');
    const std::string ip(text.substr(0, percent));
    if (ip.find('\0') != std::string::npos) return false;  // inet_pton would stop there
    if (percent != std::string_view::npos) {
        const auto scope = parse_number<std::uint32_t>(text.substr(percent + 1));
        if (!scope || ip.find(':') == std::string::npos) return false;
        endpoint.scope_id = *scope;
    }
    if (inet_pton(AF_INET6, ip.c_str(), endpoint.address.data()) == 1) {
        return endpoint.scope_id == 0 || !endpoint.is_v4();
    }
    std::copy(v4_prefix.begin(), v4_prefix.end(), endpoint.address.begin());
    return inet_pton(AF_INET, ip.c_str(), endpoint.address.data() + v4_prefix.size()) == 1;
}

}  // namespace

bool Endpoint::is_v4() const {
    return std::equal(v4_prefix.begin(), v4_prefix.end(), address.begin());
}

bool Endpoint::is_unspecified() const {
    const auto first = address.begin() + (is_v4() ? v4_prefix.size() : 0);
    return std::all_of(first, address.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string Endpoint::ip_text() const {
    if (is_v4()) {
        std::array<char, 16> digits{};
        char* at = digits.data();
        for (std::size_t i = v4_prefix.size(); i < address.size(); ++i) {
            if (at != digits.data()) *at++ = '.';
            at = std::to_chars(at, digits.end(), address[i]).ptr;
        }
        return {digits.data(), at};
    }
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    inet_ntop(AF_INET6, address.data(), buffer.data(), buffer.size());
    return scope_id == 0 ? std::string(buffer.data())
                         : std::string(buffer.data()) + "%" + std::to_string(scope_id);
}

std::string Endpoint::text() const {
    std::string text = is_v4() ? ip_text() : "[" + ip_text() + "]";
    return text.append(":").append(std::to_string(port));
}

std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
    Endpoint endpoint;
    endpoint.port = default_port;
    std::string_view ip = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        ip = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (ip.find(':') == std::string_view::npos) return std::nullopt;
        if (!port.empty() && port.front() != ':') return std::nullopt;
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        ip = text.substr(0, text.find(':'));
        port = text.substr(text.find(':'));
    }
    if (!port.empty()) {
        const auto number = parse_number<std::uint16_t>(port.substr(1));
        if (!number) return std::nullopt;
        endpoint.port = *number;
    }
    if (!parse_ip(ip, endpoint)) return std::nullopt;
    return endpoint;
}

std::size_t EndpointHash::operator()(const Endpoint& endpoint) const {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, endpoint.address.data(), sizeof high);
    std::memcpy(&low, endpoint.address.data() + sizeof high, sizeof low);
    std::uint64_t hash = high * 0x9e3779b97f4a7c15U;
    hash = (hash ^ low ^ (hash >> 29U)) * 0xbf58476d1ce4e5b9U;
    hash = (hash ^ endpoint.port ^ (std::uint64_t{endpoint.scope_id} << 16U)) * 0x94d049bb133111ebU;
    return hash ^ (hash >> 31U);
}

}  // namespace p2pd
