// tests: virtual time. Whatever happens in a simulated world happens from here, in order.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "daemon/core/time.h"

namespace p2pd {

class EventQueue {
public:
    Instant now() const { return now_; }

    void at(Instant when, std::function<void()> event) {
        events_.emplace(std::pair{std::max(when, now_), ++sequence_}, std::move(event));
    }
    void after(Duration delay, std::function<void()> event) { at(now_ + delay, std::move(event)); }

    /// False when nothing happens any more until `end`; then it is `end`.
    bool run_next(Instant end) {
        if (events_.empty() || events_.begin()->first.first > end) {
            now_ = std::max(now_, end);
            return false;
        }
        auto event = events_.extract(events_.begin());
        now_ = event.key().first;
        event.mapped()();
        return true;
    }
    void run_until(Instant end) {
        while (run_next(end)) {
        }
    }

private:
    Instant now_{};
    std::uint64_t sequence_ = 0;
    std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> events_;
};

}  // namespace p2pd
