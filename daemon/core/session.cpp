// core: retransmission, back-off, window of one peer. Includes std, core.
#include "daemon/core/session.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

namespace p2pd {

namespace {

constexpr std::uint64_t reordering_max = 3;  // RFC 9002, section 6.1.1

}  // namespace

Session::Session(const PeerFacts& facts) {
    set_facts(facts);
}

void Session::set_facts(const PeerFacts& facts) {
    facts_ = facts;
    if (!takes_many()) return;
    while (!aside_.empty()) {
        const std::int64_t part_us = aside_.first().key;
        aside_.erase(part_us);
        waiting_.insert(part_us);
    }
}

void Session::add(std::int64_t first_us, std::uint32_t count, std::uint32_t attempts) {
    for (std::int64_t us = first_us; us < first_us + count; ++us) {
        parts_.insert(us, {0, attempts});
        waiting_.insert(us);
    }
}

void Session::remove(std::int64_t part_us) {
    const PartState* const part = parts_.find(part_us);
    if (part == nullptr) return;
    if (part->transmission == 0) {
        waiting_.erase(part_us);
        aside_.erase(part_us);
    } else {
        end_flight(part->transmission);
    }
    parts_.erase(part_us);
}

void Session::set_aside(std::int64_t part_us) {
    assert(waiting_.find(part_us) != nullptr);
    waiting_.erase(part_us);
    aside_.insert(part_us);
}

/// A program of the field shows texts in the order in which they come, and its buffers are small.
bool Session::has_room() const {
    if (!facts_.is_p2pd || away()) return in_flight_.empty();
    return in_flight_.size() < peer_window_ && in_flight_bytes_ < window_.bytes();
}

std::uint32_t Session::window() const {
    constexpr std::size_t object_bytes = 256;  // with a short text
    if (!facts_.is_p2pd || away()) return 1;
    return static_cast<std::uint32_t>(
        std::clamp<std::size_t>(window_.bytes() / object_bytes, 1, peer_window_));
}

std::optional<std::int64_t> Session::next_to_send() const {
    if (too_early_ || waiting_.empty() || !has_room()) return std::nullopt;
    return waiting_.first().key;
}

bool Session::begin_datagram(Instant now) {
    too_early_ = pacer_.next() > now;
    if (too_early_) return false;
    ++last_datagram_;
    return true;
}

/// A quarter faster than the window alone, so that pace never is what limits; twice as fast while
/// the window doubles with each round trip.
void Session::pace(std::size_t bytes, Instant now) {
    constexpr std::size_t burst_datagrams = 10;
    if (!facts_.is_p2pd || !round_trip_.smoothed()) return;
    const double us_per_byte =
        static_cast<double>(round_trip_.smoothed()->count()) /
        (static_cast<double>(window_.bytes()) * (window_.in_slow_start() ? 2 : 1.25));
    const auto time = [&](std::size_t size) {
        return Duration{static_cast<Duration::rep>(us_per_byte * static_cast<double>(size))};
    };
    pacer_.sent(now, time(bytes), time(burst_datagrams * path_.bytes()));
}

std::uint32_t Session::transmitted(std::int64_t part_us, std::size_t bytes, Instant now) {
    PartState& part = parts_.at(part_us);
    assert(part.transmission == 0);
    waiting_.erase(part_us);
    part.transmission = ++last_transmission_;
    in_flight_.insert(part.transmission, {part_us, bytes, last_datagram_, now});
    in_flight_bytes_ += bytes;
    if (in_flight_bytes_ >= window_.bytes()) filled_the_window_ = part.transmission;
    pace(bytes, now);
    ++transmissions_;
    if (part.attempts > 0) ++retransmissions_;
    return ++part.attempts;
}

void Session::probed() {
    probe_ = last_datagram_;
    path_.probe_sent();
}

bool Session::too_large(Instant now) {
    const std::optional<std::uint64_t> probe = std::exchange(probe_, std::nullopt);
    if (probe) {
        path_.too_large(now);
    } else if (!path_.fall_back(now)) {
        return false;  // smaller ones there are none
    }
    std::vector<std::uint64_t> refused;
    std::uint64_t from = 0;
    while (const auto transmission = in_flight_.first_in(from, last_transmission_ + 1)) {
        if (!probe || in_flight_.at(*transmission).datagram == *probe) {
            refused.push_back(*transmission);
        }
        from = *transmission + 1;
    }
    for (const std::uint64_t transmission : refused) take_back(transmission, now);
    return true;
}

std::optional<Session::Acknowledged> Session::acknowledged(std::int64_t part_us, Instant now) {
    const PartState* const part = parts_.find(part_us);
    if (part == nullptr || part->attempts == 0) return std::nullopt;
    Acknowledged result;
    result.attempts = part->attempts;
    if (const InFlight* const flight = in_flight_.find(part->transmission)) {
        // Karn: of a part sent twice nobody knows which copy is confirmed.
        if (part->attempts == 1) result.round_trip = now - flight->sent_at;
        const std::uint64_t datagram = flight->datagram;
        if (datagram > confirmed_datagram_) sample_.reset();
        if (datagram >= confirmed_datagram_ && result.round_trip) sample_ = result.round_trip;
        confirmed_datagram_ = std::max(confirmed_datagram_, datagram);
        if (probe_ == datagram) {
            path_.probe_confirmed();
            probe_.reset();
        }
        asked_.reset();
        // Of what never filled the window nobody knows whether the path carries more.
        if (part->transmission <= filled_the_window_) {
            window_.confirmed(flight->bytes, path_.bytes(), now,
                              round_trip_.smoothed().value_or(Duration{0}));
        }
    }
    remove(part_us);
    return result;
}

std::optional<Duration> Session::ack_read(Instant now) {
    const std::optional<Duration> sample = std::exchange(sample_, std::nullopt);
    if (sample) {
        round_trip_.sample(*sample);
        queue_.sample(*sample, now);
    }
    find_losses(now);
    return sample;
}

/// RFC 9002, section 6.1: by three later ones, or by time.
bool Session::is_overtaken(const InFlight& flight, Instant now) const {
    return flight.datagram + reordering_max <= confirmed_datagram_ ||
           (flight.datagram < confirmed_datagram_ &&
            flight.sent_at + round_trip_.loss_delay() <= now);
}

void Session::find_losses(Instant now) {
    while (!in_flight_.empty() && is_overtaken(oldest(), now)) {
        const std::uint64_t datagram = oldest().datagram;
        if (datagram > recovery_until_ && probe_ != datagram) {
            window_.lost(path_.bytes(), queue_.seen());
            recovery_until_ = last_datagram_;
        }
        take_back(in_flight_.first().key, now);
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
    const InFlight flight = in_flight_.at(transmission);
    waiting_.insert(flight.part_us);
    parts_.at(flight.part_us).transmission = 0;
    end_flight(transmission);
    if (probe_ == flight.datagram) lose_probe(now);
}

void Session::end_flight(std::uint64_t transmission) {
    in_flight_bytes_ -= in_flight_.at(transmission).bytes;
    in_flight_.erase(transmission);
}

void Session::take_back_datagram(std::uint64_t datagram, Instant now) {
    while (!in_flight_.empty() && oldest().datagram == datagram) {
        take_back(in_flight_.first().key, now);
    }
}

void Session::heard(Now now) {
    facts_.last_heard = now.wall;
    if (misses_ > 0 && facts_.is_p2pd) take_back_all(now.monotonic);
    misses_ = 0;
    first_miss_.reset();
    missed_for_ = Duration{0};
    jitter_ = 0;
    path_.heard();
}

void Session::take_back_all(Instant now) {
    while (!in_flight_.empty()) take_back(in_flight_.first().key, now);
}

void Session::nudge(Instant now) {
    misses_ = 0;
    take_back_all(now);
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

std::optional<Instant> Session::question_due() const {
    if (!facts_.is_p2pd || misses_ > 0 || in_flight_.empty()) return std::nullopt;
    const auto probe_timeout = round_trip_.probe_timeout();
    if (!probe_timeout) return std::nullopt;
    const Duration patience = std::min(*probe_timeout, interval());
    if (!asked_) return in_flight_.last().value.sent_at + patience;
    // Worth it only if the answer can come before the timeout.
    const Instant due = asked_->last + patience * (1U << asked_->times);
    if (due + patience > lost_at(oldest())) return std::nullopt;
    return due;
}

/// If nothing comes back until then, neither of it nor of the questions.
Instant Session::lost_at(const InFlight& flight) const {
    const bool asked_about = asked_ && flight.sent_at <= asked_->last;
    return (asked_about ? asked_->first : flight.sent_at) + interval();
}

std::optional<Instant> Session::next_timeout() const {
    std::optional<Instant> due;
    const auto at = [&due](Instant when) { due = due ? std::min(*due, when) : when; };
    if (too_early_) at(pacer_.next() + Pacer::ahead_max / 2);
    if (in_flight_.empty()) return due;
    at(lost_at(oldest()));
    if (oldest().datagram < confirmed_datagram_) {
        at(oldest().sent_at + round_trip_.loss_delay());
    }
    if (const auto question = question_due()) at(*question);
    return due;
}

void Session::timed_out(Instant now, double jitter) {
    too_early_ = too_early_ && pacer_.next() > now;
    find_losses(now);
    if (const auto question = question_due(); question && *question <= now) {
        asked_ = Asked{asked_ ? asked_->first : now, now, asked_ ? asked_->times + 1 : 1};
        take_back_datagram(oldest().datagram, now);
    }
    bool any = false;
    while (!in_flight_.empty() && lost_at(oldest()) <= now) {
        take_back(in_flight_.first().key, now);
        any = true;
    }
    if (!any) return;
    window_.timed_out(path_.bytes());
    path_.timed_out();
    recovery_until_ = last_datagram_;
    asked_.reset();
    ++misses_;
    if (!first_miss_) first_miss_ = now;
    missed_for_ = now - *first_miss_;
    jitter_ = jitter;
}

}  // namespace p2pd
