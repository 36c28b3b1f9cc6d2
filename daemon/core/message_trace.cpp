// core: what happened to outgoing messages a short time ago. Includes std, core.
#include "daemon/core/message_trace.h"

#include <algorithm>
#include <optional>

namespace p2pd {

namespace {

template <class Entry>
void add_to_ring(std::vector<Entry>& ring, std::size_t entries_max, std::uint64_t number,
                 const Entry& entry) {
    if (ring.size() < entries_max) {
        ring.push_back(entry);
    } else {
        ring[number % entries_max] = entry;
    }
}

}  // namespace

MessageTrace::MessageTrace() {
    events_.reserve(events_max);
}

void MessageTrace::add(const TraceEvent& event) {
    add_to_ring(events_, events_max, next_, event);
    ++next_;
}

void MessageTrace::trouble(WallTime at, const Endpoint& peer, Trouble what) {
    const TraceEvent event{.at = at, .kind = TraceEvent::Kind::trouble, .trouble = what};
    add_to_ring(troubles_, troubles_max, next_trouble_, PeerTrouble{peer, event, next_});
    ++next_trouble_;
}

const TraceEvent* MessageTrace::find(std::uint64_t number) const {
    const bool is_held = number < next_ && next_ - number <= events_.size();
    return is_held ? &events_[number % events_max] : nullptr;
}

void MessageTrace::set_datagram(std::uint64_t first, std::uint64_t end, std::size_t bytes) {
    for (std::uint64_t number = first; number < end; ++number) {
        const TraceEvent* const found = find(number);
        if (found == nullptr) continue;
        TraceEvent& event = events_[number % events_max];
        event.datagram_bytes = static_cast<std::uint32_t>(bytes);
        event.objects = static_cast<std::uint32_t>(end - first);
    }
}

std::vector<TraceEvent> MessageTrace::of(const Endpoint& peer, std::int64_t first_us,
                                         std::uint32_t parts) const {
    struct Found {
        std::uint64_t number;
        TraceEvent event;
    };
    std::vector<Found> found;
    for (std::uint64_t number = next_ - events_.size(); number < next_; ++number) {
        const TraceEvent& event = events_[number % events_max];
        if (event.part_us >= first_us && event.part_us < first_us + std::int64_t{parts}) {
            found.push_back({number, event});
        }
    }
    if (found.empty()) return {};
    const std::uint64_t first = found.front().number;
    for (const PeerTrouble& trouble : troubles_) {
        if (trouble.peer == peer && trouble.number > first) {
            found.push_back({trouble.number, trouble.event});
        }
    }
    // A trouble came before the event with its number.
    std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
        const auto rank = [](const Found& each) {
            return std::pair{each.number, each.event.kind != TraceEvent::Kind::trouble};
        };
        return rank(a) < rank(b);
    });
    const std::size_t left_out = found.size() - std::min(found.size(), events_of_one_max);
    std::vector<TraceEvent> events;
    for (std::size_t i = left_out; i < found.size(); ++i) events.push_back(found[i].event);
    return events;
}

}  // namespace p2pd
