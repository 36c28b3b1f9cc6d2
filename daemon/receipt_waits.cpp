// daemon: clients that wait until a peer has read their message. Includes std, Asio, core, common.
#include "daemon/receipt_waits.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace p2pd {

namespace {

Receipt receipt_of(ReceiptWord word) {
    switch (word) {
        case ReceiptWord::off:
            return Receipt::off;
        case ReceiptWord::unread:
            return Receipt::unread;
        case ReceiptWord::read:
            return Receipt::read;
        case ReceiptWord::handled:
            return Receipt::handled;
        case ReceiptWord::both:
            return Receipt::read_and_handled;
        case ReceiptWord::unknown:
        case ReceiptWord::ask:
            break;
    }
    return Receipt::unknown;
}

}  // namespace

bool ends_wait(Receipt receipt, ReadMark until) {
    switch (receipt) {
        case Receipt::no_answer:
        case Receipt::unread:
            return false;
        case Receipt::read:
            return until == ReadMark::read;
        case Receipt::handled:
            return until == ReadMark::handled;
        case Receipt::read_and_handled:
        case Receipt::not_p2pd:
        case Receipt::off:
        case Receipt::unknown:
            break;
    }
    return true;
}

void ReceiptWaits::begin(const ReceiptKey& about, ReadMark until, std::chrono::milliseconds timeout,
                         Done done) {
    const auto wait = std::make_shared<Wait>();
    wait->until = until;
    wait->done = std::move(done);
    wait->timer = std::make_unique<boost::asio::steady_timer>(loop_, timeout);
    wait->timer->async_wait(
        [this, about, weak = std::weak_ptr(wait)](const boost::system::error_code& error) {
            const auto self = weak.lock();
            if (!error && self) end(about, self);
        });
    waiting_.emplace(about, wait);
}

void ReceiptWaits::heard(const ReceiptHeard& event) {
    std::vector<std::shared_ptr<Wait>> over;
    const auto [first, last] = waiting_.equal_range(event.about);
    for (auto entry = first; entry != last; ++entry) {
        Wait& wait = *entry->second;
        wait.last = receipt_of(event.word);
        if (ends_wait(wait.last, wait.until)) over.push_back(entry->second);
    }
    for (const auto& wait : over) end(event.about, wait);
}

void ReceiptWaits::end(const ReceiptKey& about, const std::shared_ptr<Wait>& wait) {
    if (!wait->done) return;
    wait->timer->cancel();
    const auto [first, last] = waiting_.equal_range(about);
    const auto found =
        std::find_if(first, last, [&](const auto& entry) { return entry.second == wait; });
    if (found != last) waiting_.erase(found);
    if (!waiting_.contains(about)) stop_asking_(about);
    const Done done = std::exchange(wait->done, nullptr);
    done(wait->last);
}

}  // namespace p2pd
