// tests: a network that loses, doubles, delays and spoils datagrams.
#include "tests/simulation/simulated_network.h"

namespace p2pd {

const NetworkFaults& SimulatedNetwork::faults_between(const Endpoint& from,
                                                      const Endpoint& to) const {
    if (const auto own = own_faults_.find(to); own != own_faults_.end()) return own->second;
    if (const auto own = own_faults_.find(from); own != own_faults_.end()) return own->second;
    return faults_;
}

void SimulatedNetwork::transmit(const Endpoint& from, const Endpoint& to,
                                const std::string& bytes) {
    ++transmitted_;
    const NetworkFaults& faults = faults_between(from, to);
    if (cut_.contains(std::minmax(from, to)) || chance(faults.loss)) return;
    std::string arriving = bytes;
    if (chance(faults.corruption)) spoil(arriving);
    if (chance(faults.duplication)) deliver_later(from, to, arriving, faults);
    deliver_later(from, to, std::move(arriving), faults);
}

/// UDP has a checksum: what gets past it changed into another well-formed object is not modelled.
void SimulatedNetwork::spoil(std::string& bytes) {
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

void SimulatedNetwork::deliver_later(const Endpoint& from, const Endpoint& to, std::string bytes,
                                     const NetworkFaults& faults) {
    const auto spread = static_cast<std::uint64_t>((faults.delay_max - faults.delay_min).count());
    const Duration delay =
        faults.delay_min + Duration{static_cast<Duration::rep>(random_() % (spread + 1))};
    ++in_flight_;
    events_.after(delay, [this, from, to, bytes = std::move(bytes), epoch = epoch_] {
        if (epoch != epoch_) return;
        --in_flight_;
        const auto receiver = receivers_.find(to);
        if (receiver != receivers_.end()) receiver->second(from, bytes);
    });
}

}  // namespace p2pd
