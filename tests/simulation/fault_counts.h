// tests: what was done to a simulated world, counted by kind.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <ostream>
#include <string_view>
#include <utility>

namespace p2pd {

/// One injected fault is one datagram that was harmed, or one thing that was done to a host.
enum class Fault : std::uint8_t {
    lost,
    cut_off,
    too_large,
    doubled,
    overtaken,
    late,
    clogged,
    spoiled,
    flipped,
    forged,
    partition,
    swizzle,
    crash,
    power_cut,
    failed_write,
    full_disk,
    not_stored,
    blocked_socket,
    clock_step,
    clock_jump,
    slow_node,
    slow_disk,
    new_address,
};

class FaultCounts {
public:
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 23> names{{
        {"lost", "datagrams that the network lost"},
        {"cut off", "datagrams lost in a partition"},
        {"too large", "datagrams above what the path takes"},
        {"doubled", "further copies that the network made"},
        {"overtaken", "datagrams that arrived after one sent later"},
        {"late", "datagrams that took 10 s to 10 min"},
        {"clogged", "datagrams held back, then delivered in a burst"},
        {"spoiled", "datagrams cut, or made no JSON"},
        {"flipped", "datagrams with one bit of their text changed, not noticed by UDP"},
        {"forged", "datagrams of strangers, well formed or nearly"},
        {"partition", "two nodes cut from each other, both ways or one"},
        {"swizzle", "several nodes clogged one by one and freed in another order"},
        {"crash", "the process ended, and was started again"},
        {"power cut", "of these, in the middle of a commit (not counted below)"},
        {"failed write", "a write, sync or truncation of the disk that failed"},
        {"full disk", "no room on the disk for some time"},
        {"not stored", "batches that found no room on it (not counted below)"},
        {"blocked socket", "the socket took nothing for some time"},
        {"clock step", "up to an hour back or forth"},
        {"clock jump", "up to 100 years back or forth"},
        {"slow node", "every datagram was looked at late for some time"},
        {"slow disk", "hosts whose syncs take up to 6 s"},
        {"new address", "a host came back under another address"},
    }};

    void add(Fault fault, std::uint64_t count = 1) { counts_[index(fault)] += count; }
    std::uint64_t operator[](Fault fault) const { return counts_[index(fault)]; }
    std::uint64_t total() const {
        // A power cut is a crash, and what a full disk does not store is its doing: both counted.
        return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}) -
               (*this)[Fault::power_cut] - (*this)[Fault::not_stored];
    }
    FaultCounts& operator+=(const FaultCounts& other) {
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
        return *this;
    }
    void print(std::ostream& out) const {
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            out << counts_[i] << '\t' << names[i].first << ": " << names[i].second << '\n';
        }
        out << total() << "\tinjected faults\n";
    }

private:
    static std::size_t index(Fault fault) { return static_cast<std::size_t>(fault); }

    std::array<std::uint64_t, names.size()> counts_{};
};

}  // namespace p2pd
