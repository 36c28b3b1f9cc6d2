// tests: a network that loses, doubles, delays, holds back and spoils datagrams.
#include "tests/simulation/simulated_network.h"

namespace p2pd {

SimulatedNetwork::Path SimulatedNetwork::path_between(const Endpoint& from,
                                                      const Endpoint& to) const {
    if (const auto own = own_faults_.find(to); own != own_faults_.end()) {
        return {&own->second, false};
    }
    if (const auto own = own_faults_.find(from); own != own_faults_.end()) {
        return {&own->second, false};
    }
    return {&faults_, true};
}

void SimulatedNetwork::transmit(const Endpoint& from, const Endpoint& to,
                                const std::string& bytes) {
    constexpr std::uint64_t copies_max = 5;
    ++transmitted_;
    const Path path = path_between(from, to);
    if (bytes.size() > path_bytes_) return counts_.add(Fault::too_large);
    if (cut_.contains({from, to})) return counts_.add(Fault::cut_off);
    if (chance(path.faults->loss)) return counts_.add(Fault::lost);
    std::string arriving = bytes;
    if (chance(path.faults->corruption)) spoil(arriving);
    if (chance(path.faults->bit_flips)) flip_a_bit(arriving);
    if (chance(path.faults->duplication)) {
        const std::uint64_t copies = random_() % 4 == 0 ? 1 + random_() % copies_max : 1;
        for (std::uint64_t i = 0; i < copies; ++i) deliver_later(from, to, arriving, path);
        counts_.add(Fault::doubled, copies);
    }
    deliver_later(from, to, std::move(arriving), path);
}

void SimulatedNetwork::spoil(std::string& bytes) {
    counts_.add(Fault::spoiled);
    const std::size_t at = random_() % bytes.size();
    switch (random_() % 4) {
        case 0:
            bytes.resize(at);
            break;
        case 1:
            bytes[at] = '\xff';
            break;
        case 2:
            bytes[at] = '\x01';
            break;
        default:
            bytes.insert(at, 1, '\0');
            break;
    }
}

/// In the text alone: what a changed timestamp or ACK would do without a checksum, no receiver
/// could tell from the truth.
void SimulatedNetwork::flip_a_bit(std::string& bytes) {
    for (const std::string_view name : {R"("Mensagem":")", R"("Mensagem de resposta":")"}) {
        const std::size_t begin = bytes.find(name);
        if (begin == std::string::npos) continue;
        const std::size_t first = begin + name.size();
        const std::size_t end = bytes.find("\",\"p2pd\"", first);
        if (end == std::string::npos || end == first) continue;
        counts_.add(Fault::flipped);
        const std::size_t at = first + random_() % (end - first);
        bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1U << random_() % 7));
        return;
    }
}

Instant SimulatedNetwork::arrival(const Endpoint& from, const Endpoint& to, const Path& path) {
    constexpr std::chrono::seconds late{10};
    const NetworkFaults& faults = *path.faults;
    const auto spread = static_cast<std::uint64_t>((faults.delay_max - faults.delay_min).count());
    const Duration delay =
        faults.delay_min + Duration{static_cast<Duration::rep>(random_() % (spread + 1))};
    Instant when = events_.now() + delay;
    if (path.may_clog && !clogged_until_.empty()) {
        for (const Endpoint& end : {from, to}) {
            const auto clog = clogged_until_.find(end);
            if (clog == clogged_until_.end() || clog->second <= when) continue;
            when = clog->second;
            counts_.add(Fault::clogged);
            return when;
        }
    }
    Instant& last = last_arrival_[{from, to}];
    if (delay >= late) {
        counts_.add(Fault::late);
    } else if (when < last) {
        counts_.add(Fault::overtaken);
    }
    last = std::max(last, when);
    return when;
}

void SimulatedNetwork::deliver_later(const Endpoint& from, const Endpoint& to, std::string bytes,
                                     const Path& path) {
    ++in_flight_;
    events_.at(arrival(from, to, path), [this, from, to, bytes = std::move(bytes), epoch = epoch_] {
        if (epoch != epoch_) return;
        --in_flight_;
        const auto receiver = receivers_.find(to);
        if (receiver != receivers_.end()) receiver->second(from, bytes);
    });
}

}  // namespace p2pd
