// daemon: clients that wait for all messages of one request. Includes std, Asio, core, common.
#include "daemon/span_waits.h"

#include <algorithm>

#include "daemon/recent_ends.h"

namespace p2pd {

namespace {

MessageId end_of(const SentRun& run) {
    return run.first_id + run.count;
}

/// The same is to be said of both, and the second follows the first.
bool continues(const SentRun& run, const SentRun& next) {
    return end_of(run) == next.first_id && run.state == next.state &&
           run.attempts == next.attempts && run.acked_at == next.acked_at &&
           run.rtt_ms == next.rtt_ms && run.reason == next.reason;
}

void append_run(std::vector<SentRun>& runs, const SentRun& run) {
    if (!runs.empty() && continues(runs.back(), run)) {
        runs.back().count += run.count;
    } else {
        runs.push_back(run);
    }
}

}  // namespace

SentRun sent_run(const OutgoingUpdate& update) {
    SentRun run{update.id, 1, send_state(update.state, update.attempts), update.attempts};
    if (update.acked_at) run.acked_at = utc(*update.acked_at);
    if (update.rtt) run.rtt_ms = milliseconds_of(*update.rtt);
    if (!update.reason.empty()) run.reason = update.reason;
    return run;
}

SentRun sent_run(const MessageRecord& record) {
    return {record.id,    1, record.state, record.attempts, record.acked_at, record.rtt_ms,
            record.reason};
}

bool insert_run(std::vector<SentRun>& runs, const SentRun& run) {
    // Messages mostly end in their order.
    const auto next = std::ranges::upper_bound(runs, run.first_id, {}, &SentRun::first_id);
    if (next != runs.end() && next->first_id < end_of(run)) return false;
    if (next == runs.begin()) {
        runs.insert(next, run);
        return true;
    }
    const auto before = std::prev(next);
    if (run.first_id < end_of(*before)) return false;
    if (!continues(*before, run)) {
        runs.insert(next, run);
        return true;
    }
    before->count += run.count;
    if (next != runs.end() && continues(*before, *next)) {
        before->count += next->count;
        runs.erase(next);
    }
    return true;
}

void SpanWaits::begin(MessageId first, std::uint32_t count, std::vector<SentRun> ended,
                      std::chrono::milliseconds timeout, Done done) {
    auto wait = std::make_shared<Wait>();
    wait->first = first;
    wait->count = wait->open = count;
    wait->done = std::move(done);
    for (const SentRun& run : ended) wait->open -= run.count;
    wait->ended = std::move(ended);
    waits_.emplace(first, wait);
    if (wait->open == 0 || timeout.count() == 0) return end(wait);
    wait->timer = std::make_unique<boost::asio::steady_timer>(loop_, timeout);
    wait->timer->async_wait([this, weak = std::weak_ptr(wait)](const boost::system::error_code& e) {
        const auto self = weak.lock();
        if (!e && self) end(self);
    });
}

void SpanWaits::finished(const OutgoingUpdate& update, std::uint32_t count) {
    if (waits_.empty()) return;
    SentRun run = sent_run(update);
    // The same requests wait for all from one first id to the next.
    for (const MessageId end = update.id + count; run.first_id < end; run.first_id = end_of(run)) {
        const auto next = waits_.upper_bound(run.first_id);
        const MessageId until = next == waits_.end() ? end : std::min(end, next->first);
        run.count = static_cast<std::uint32_t>(until - run.first_id);
        if (next != waits_.begin()) finished(std::prev(next)->first, run);
    }
}

/// To those that wait from the id `first` on.
void SpanWaits::finished(MessageId first_id, const SentRun& run) {
    const auto [first, last] = waits_.equal_range(first_id);
    std::vector<std::shared_ptr<Wait>> ready;
    for (auto entry = first; entry != last; ++entry) {
        add(*entry->second, run);
        if (entry->second->open == 0) ready.push_back(entry->second);
    }
    for (const auto& wait : ready) end(wait);
}

/// What lies behind the last one that it waits for is not its own. What is said twice counts once.
void SpanWaits::add(Wait& wait, SentRun run) {
    const MessageId end = std::min(end_of(run), wait.first + wait.count);
    if (run.first_id >= end) return;
    run.count = static_cast<std::uint32_t>(end - run.first_id);
    if (insert_run(wait.ended, run)) {
        wait.open -= run.count;
        return;
    }
    for (run.count = 1; run.first_id < end; ++run.first_id) {
        if (insert_run(wait.ended, run)) --wait.open;
    }
}

void SpanWaits::end(const std::shared_ptr<Wait>& wait) {
    const auto [first, last] = waits_.equal_range(wait->first);
    const auto own =
        std::find_if(first, last, [&](const auto& entry) { return entry.second == wait; });
    if (own == last) return;  // it has ended before
    waits_.erase(own);
    if (wait->timer) wait->timer->cancel();
    wait->done(all_runs(*wait));
}

std::vector<SentRun> SpanWaits::all_runs(const Wait& wait) const {
    std::vector<SentRun> runs;
    MessageId next = wait.first;
    const auto fill = [&](MessageId end) {
        for (; next < end; ++next) append_run(runs, unfinished(next));
    };
    for (const SentRun& run : wait.ended) {
        fill(run.first_id);
        append_run(runs, run);
        next = end_of(run);
    }
    fill(wait.first + wait.count);
    return runs;
}

SentRun SpanWaits::unfinished(MessageId id) const {
    const std::uint32_t attempts = attempts_(id).value_or(0);
    return {id, 1, send_state(OutState::pending, attempts), attempts};
}

}  // namespace p2pd
