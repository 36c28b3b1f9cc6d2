// core: whose datagrams are looked at: known hosts, the block list, the rates of strangers.
// Includes std, core.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "daemon/core/endpoint.h"
#include "daemon/core/network.h"
#include "daemon/core/time.h"

namespace p2pd {

/// What the user allows to hosts that are not known; see p2pd.conf.
struct AdmissionLimits {
    bool known_only = false;              ///< messages of strangers are refused
    std::vector<Network> blocked = {};    ///< their datagrams are not looked at
    std::uint32_t stranger_rate = 1000;   ///< datagrams a second of one of them
    std::uint32_t strangers_rate = 5000;  ///< and of all of them
};

/// Why something that came in was not taken; counted by cause.
enum class TurnedAway : std::uint8_t {
    blocked,
    stranger_rate,
    strangers_rate,
    not_known,
    over_quota,
};
constexpr auto enum_names(TurnedAway) {
    return std::array<std::pair<TurnedAway, std::string_view>, 5>{
        {{TurnedAway::blocked, "blocked"},
         {TurnedAway::stranger_rate, "stranger_rate"},
         {TurnedAway::strangers_rate, "strangers_rate"},
         {TurnedAway::not_known, "not_known"},
         {TurnedAway::over_quota, "over_quota"}}};
}

/// At most so many events a second, and as many at once after a pause: the generic cell rate
/// algorithm (ITU-T I.371), whose whole state is one time.
class RateLimit {
public:
    /// `per_second` from 1 to 10,000,000.
    bool take(Instant now, std::uint32_t per_second);

private:
    std::int64_t full_at_ns_ = 0;  ///< when all that was taken has been made up for
};

/// A host is an address without its port, since programs of the field send from several. It is
/// known when the user has named it or sent to it; all others are strangers.
class Admission {
public:
    /// `key` decides which strangers share a rate limit, so that nobody else can tell.
    Admission(AdmissionLimits limits, std::uint64_t key);

    enum class Verdict : std::uint8_t {
        known,
        stranger,
        blocked,
        stranger_rate,
        strangers_rate,
    };
    /// For each datagram, before it is looked at; counts it against the rates.
    Verdict judge(Instant now, const Endpoint& from);

    bool is_known(const Endpoint& host) const;
    void set_known(const Endpoint& host, bool known);
    bool known_only() const { return limits_.known_only; }
    void set_limits(AdmissionLimits limits) { limits_ = std::move(limits); }

private:
    std::size_t slot(const Endpoint& from) const;

    AdmissionLimits limits_;
    std::uint64_t key_;
    std::unordered_set<Endpoint, EndpointHash> known_;  ///< with port 0
    std::vector<RateLimit> strangers_;
    RateLimit all_strangers_;
};

}  // namespace p2pd
