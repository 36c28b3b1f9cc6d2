// core: what a p2pd was told of late, to be told again. Includes std, core.
#include "daemon/core/recent_acks.h"

#include <algorithm>
#include <iterator>

namespace p2pd {

namespace {

using Ranges = std::vector<StampRange>;

std::int64_t end_of(const StampRange& range) {
    return range.first_us + range.count;
}

/// Both rise; so does the result, in which ranges that touch are one.
Ranges united(const Ranges& a, const Ranges& b) {
    Ranges all;
    all.reserve(a.size() + b.size());
    std::ranges::merge(a, b, std::back_inserter(all), {}, &StampRange::first_us,
                       &StampRange::first_us);
    Ranges apart;
    for (const StampRange& range : all) {
        if (apart.empty() || range.first_us > end_of(apart.back())) {
            apart.push_back(range);
            continue;
        }
        StampRange& last = apart.back();
        last.count =
            static_cast<std::uint32_t>(std::max(end_of(last), end_of(range)) - last.first_us);
    }
    return apart;
}

/// All that the ACK confirms.
Ranges ranges_of(const WireAck& ack) {
    return united({{ack.original.us, 1}}, ack.also);
}

/// What it confirms beside its first timestamp.
Ranges without_first(Ranges ranges) {
    StampRange& first = ranges.front();
    ++first.first_us;
    if (--first.count == 0) ranges.erase(ranges.begin());
    return ranges;
}

std::uint64_t count_of(const Ranges& ranges) {
    std::uint64_t count = 0;
    for (const StampRange& range : ranges) count += range.count;
    return count;
}

std::size_t decimal_digits(std::uint64_t number) {
    std::size_t digits = 1;
    for (; number >= 10; number /= 10) ++digits;
    return digits;
}

}  // namespace

std::size_t range_bytes_max(std::int64_t original_us, std::span<const StampRange> ranges) {
    constexpr std::size_t count_bytes = 8;  // a space, a plus, and the digits of acks_max
    std::size_t bytes = 0;
    std::int64_t last_us = original_us;
    for (const StampRange& range : ranges) {
        bytes += decimal_digits(static_cast<std::uint64_t>(range.first_us - last_us)) + count_bytes;
        last_us = end_of(range) - 1;
    }
    return bytes;
}

void RecentAcks::repeat(const Path& path, WireAck& ack, std::size_t room, Instant now) {
    if (paths_.size() >= paths_max && !paths_.contains(path)) paths_.clear();
    Acks& acks = paths_[path];
    while (!acks.empty() && acks.back().at + age_max < now) acks.pop_back();
    Told told{ack.original, ranges_of(ack), now};
    Ranges all = told.ranges;
    for (const Told& earlier : acks) {
        Ranges more = united(all, earlier.ranges);
        const Stamp& first = std::min(ack.original, earlier.first,
                                      [](const Stamp& a, const Stamp& b) { return a.us < b.us; });
        if (count_of(more) > acks_max || range_bytes_max(first.us, without_first(more)) > room) {
            break;
        }
        all = std::move(more);
        ack.original = first;
    }
    ack.also = without_first(std::move(all));
    if (told.ranges.size() > ranges_kept_max) return;
    acks.push_front(std::move(told));
    if (acks.size() > acks_kept_max) acks.pop_back();
}

}  // namespace p2pd
