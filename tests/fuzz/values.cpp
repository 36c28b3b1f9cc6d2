// tests/fuzz: addresses, times and durations as text.
#include "common/endpoint_text.h"
#include "common/time_text.h"
#include "daemon/core/endpoint.h"
#include "tests/fuzz/targets.h"

namespace p2pd {

namespace {

void read_endpoint(std::string_view text) {
    const auto endpoint = parse_endpoint(text, 5000);
    if (!endpoint) return;
    require(parse_endpoint(endpoint->text(), 0) == endpoint, "an endpoint says what it said");
    require(is_ip_address(endpoint->ip_text()), "an endpoint has an address");
}

void read_host_port(std::string_view text) {
    static_cast<void>(is_peer_name(text));
    const auto split = split_host_port(text, 5000);
    if (!split) return;
    require(split_host_port(join_host_port(split->host, split->port), 0) == split,
            "a host and port say what they said");
}

void read_time(std::string_view text) {
    const auto time = parse_rfc3339(text);
    if (!time) return;
    const std::string written = to_rfc3339(*time);
    require(parse_rfc3339(written) == time, "a time says what it said");
}

void read_duration(std::string_view text) {
    const auto duration = parse_duration(text);
    if (!duration) return;
    require(duration->count() >= 0, "no duration is negative");
    require(*duration <= std::chrono::hours{24 * 366 * 100}, "no duration is over 100 years");
    require(!duration_text(*duration).empty(), "a duration can be shown");
}

}  // namespace

void fuzz_values(std::string_view bytes) {
    read_endpoint(bytes);
    read_host_port(bytes);
    read_time(bytes);
    read_duration(bytes);
}

}  // namespace p2pd
