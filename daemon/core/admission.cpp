// core: whose datagrams are looked at. Includes std, core.
#include "daemon/core/admission.h"

#include <algorithm>
#include <cstring>

namespace p2pd {

namespace {

/// 64 KiB, however many strangers there are. Two that share a slot share its rate, which
/// does no harm: an attacker cannot choose whose slot that is.
constexpr std::size_t slots = 8192;

constexpr std::int64_t second_ns = 1'000'000'000;

Endpoint host_of(Endpoint endpoint) {
    endpoint.port = 0;
    return endpoint;
}

/// The finalizer of splitmix64: every bit of the input decides about every bit of the output.
std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

}  // namespace

bool RateLimit::take(Instant now, std::uint32_t per_second) {
    const std::int64_t now_ns = std::chrono::nanoseconds(now.time_since_epoch()).count();
    const std::int64_t full_at_ns =
        std::max(full_at_ns_, now_ns) + second_ns / std::int64_t{per_second};
    if (full_at_ns - now_ns > second_ns) return false;
    full_at_ns_ = full_at_ns;
    return true;
}

Admission::Admission(AdmissionLimits limits, std::uint64_t key)
    : limits_(std::move(limits)), key_(key), strangers_(slots) {}

Admission::Verdict Admission::judge(Instant now, const Endpoint& from) {
    const auto is_it = [&](const Network& network) { return network.contains(from); };
    if (std::any_of(limits_.blocked.begin(), limits_.blocked.end(), is_it)) {
        return Verdict::blocked;
    }
    if (is_known(from)) return Verdict::known;
    if (!strangers_[slot(from)].take(now, limits_.stranger_rate)) return Verdict::stranger_rate;
    if (!all_strangers_.take(now, limits_.strangers_rate)) return Verdict::strangers_rate;
    return Verdict::stranger;
}

bool Admission::is_known(const Endpoint& host) const {
    return known_.contains(host_of(host));
}

void Admission::set_known(const Endpoint& host, bool known) {
    if (known) {
        known_.insert(host_of(host));
    } else {
        known_.erase(host_of(host));
    }
}

/// Whoever has one IPv6 address usually has the /64 that it is in.
std::size_t Admission::slot(const Endpoint& from) const {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, from.address.data(), sizeof high);
    if (from.is_v4()) std::memcpy(&low, from.address.data() + sizeof high, sizeof low);
    return mixed(mixed(high ^ key_) ^ low) % slots;
}

}  // namespace p2pd
