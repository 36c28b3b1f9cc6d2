// core: retransmission, back-off, window of one peer. Includes std, core.
#include "daemon/core/session.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace p2pd {

Session::Session(const PeerFacts& facts) {
    set_facts(facts);
}

void Session::set_facts(const PeerFacts& facts) {
    facts_ = facts;
    window_.fix_to_one(!facts.is_p2pd);
}

void Session::add(std::int64_t first_us, std::uint32_t count, std::uint32_t attempts) {
    for (std::int64_t us = first_us; us < first_us + count; ++us) {
        parts_.insert_or_assign(us, PartState{0, attempts});
        waiting_.insert(us);
    }
}

void Session::remove(std::int64_t part_us) {
    const auto part = parts_.find(part_us);
    if (part == parts_.end()) return;
    waiting_.erase(part_us);
    in_flight_.erase(part->second.transmission);
    parts_.erase(part);
}

std::optional<std::int64_t> Session::next_to_send() const {
    if (waiting_.empty() || in_flight_.size() >= window()) return std::nullopt;
    return *waiting_.begin();
}

std::uint32_t Session::transmitted(std::int64_t part_us, Instant now) {
    assert(waiting_.contains(part_us));
    waiting_.erase(part_us);
    PartState& part = parts_.at(part_us);
    part.transmission = ++last_transmission_;
    in_flight_.emplace(part.transmission, InFlight{part_us, last_datagram_, now});
    return ++part.attempts;
}

void Session::probed() {
    probe_ = last_datagram_;
    path_.probe_sent();
}

void Session::too_large(Instant now) {
    const std::optional<std::uint64_t> probe = std::exchange(probe_, std::nullopt);
    if (probe) {
        path_.too_large(now);
    } else if (!path_.fall_back(now)) {
        return;  // smaller ones there are none
    }
    std::vector<std::uint64_t> refused;
    for (const auto& [transmission, flight] : in_flight_) {
        if (!probe || flight.datagram == *probe) refused.push_back(transmission);
    }
    for (const std::uint64_t transmission : refused) take_back(transmission, now);
}

std::optional<Session::Acknowledged> Session::acknowledged(std::int64_t part_us, Instant now) {
    const auto part = parts_.find(part_us);
    if (part == parts_.end() || part->second.attempts == 0) return std::nullopt;
    Acknowledged result;
    const auto flight = in_flight_.find(part->second.transmission);
    if (flight != in_flight_.end()) {
        // Karn: of a part sent twice nobody knows which copy is confirmed.
        if (part->second.attempts == 1) result.round_trip = now - flight->second.sent_at;
        const std::uint64_t datagram = flight->second.datagram;
        confirmed_datagram_ = std::max(confirmed_datagram_, datagram);
        if (probe_ == datagram) {
            path_.probe_confirmed();
            probe_.reset();
        }
        window_.confirmed(now, round_trip_.smoothed().value_or(Duration{0}));
    }
    if (result.round_trip) slowest_ = std::max(slowest_, result.round_trip);
    remove(part_us);
    return result;
}

std::vector<std::int64_t> Session::parts_in(std::int64_t first_us, std::uint32_t count) const {
    std::vector<std::int64_t> found;
    for (auto part = parts_.lower_bound(first_us);
         part != parts_.end() && part->first < first_us + count; ++part) {
        found.push_back(part->first);
    }
    return found;
}

void Session::ack_read(Instant now) {
    if (slowest_) round_trip_.sample(*std::exchange(slowest_, std::nullopt));
    find_losses(now);
}

void Session::find_losses(Instant now) {
    constexpr std::uint64_t reordering_max = 3;  // RFC 9002, section 6.1.1
    while (!in_flight_.empty() &&
           in_flight_.begin()->second.datagram + reordering_max <= confirmed_datagram_) {
        const std::uint64_t datagram = in_flight_.begin()->second.datagram;
        if (datagram > recovery_until_ && probe_ != datagram) {
            window_.lost();
            recovery_until_ = last_datagram_;
        }
        take_back(in_flight_.begin()->first, now);
    }
    // All that was in it may have been cancelled.
    if (probe_ && *probe_ + reordering_max <= confirmed_datagram_) lose_probe(now);
}

void Session::lose_probe(Instant now) {
    recovery_until_ = std::max(recovery_until_, *probe_);  // its other parts
    probe_.reset();
    path_.probe_lost(now);
}

void Session::take_back(std::uint64_t transmission, Instant now) {
    const auto flight = in_flight_.find(transmission);
    waiting_.insert(flight->second.part_us);
    parts_.at(flight->second.part_us).transmission = 0;
    const std::uint64_t datagram = flight->second.datagram;
    in_flight_.erase(flight);
    if (probe_ == datagram) lose_probe(now);
}

void Session::heard(WallTime when) {
    facts_.last_heard = when;
    misses_ = 0;
    first_miss_.reset();
    missed_for_ = Duration{0};
    jitter_ = 0;
    path_.heard();
}

void Session::nudge(Instant now) {
    misses_ = 0;
    while (!in_flight_.empty()) take_back(in_flight_.begin()->first, now);
}

Duration Session::interval() const {
    const Duration first =
        facts_.is_p2pd ? round_trip_.timeout() : std::max(field_timeout, round_trip_.timeout());
    const Duration longest = missed_for_ > patient_after ? patient_interval_max : interval_max;
    constexpr std::uint32_t doublings_max = 16;
    const Duration doubled = first * (1U << std::min(misses_, doublings_max));
    const auto backed_off = static_cast<double>(std::min(doubled, longest).count());
    return Duration{static_cast<Duration::rep>(backed_off * (1 + jitter_ / 4))};
}

std::optional<Instant> Session::next_timeout() const {
    if (in_flight_.empty()) return std::nullopt;
    return in_flight_.begin()->second.sent_at + interval();
}

void Session::timed_out(Instant now, double jitter) {
    const Duration lost_after = interval();
    bool any = false;
    while (!in_flight_.empty() && in_flight_.begin()->second.sent_at + lost_after <= now) {
        take_back(in_flight_.begin()->first, now);
        any = true;
    }
    if (!any) return;
    window_.timed_out();
    path_.timed_out(now);
    recovery_until_ = last_datagram_;
    ++misses_;
    if (!first_miss_) first_miss_ = now;
    missed_for_ = now - *first_miss_;
    jitter_ = jitter;
}

}  // namespace p2pd
