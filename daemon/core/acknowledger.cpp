// core: the ACKs that wait for the socket. Includes std, core.
#include "daemon/core/acknowledger.h"

#include <algorithm>
#include <map>

#include "daemon/core/stamp_clock.h"

namespace p2pd {

namespace {

/// An ACK without its ranges, whatever its addresses are.
constexpr std::size_t ack_bytes_max = 512;

/// One ACK, as long as it fits.
class Joined {
public:
    Joined(const Stamp& first, std::size_t room) : last_us_(first.us), room_(room) {
        ack.original = first;
    }

    /// False: it is full. `us` is above those before.
    bool add(std::int64_t us) {
        if (confirms == acks_max) return false;
        const StampRange alone{us, 1};
        const bool follows = us == last_us_ + 1;
        if (follows && !ack.also.empty()) {
            ++ack.also.back().count;  // a digit more now and then: ack_bytes_max has room for it
        } else {
            const std::size_t bytes = range_bytes_max(last_us_, {&alone, 1});
            if (bytes > room_) return false;
            room_ -= bytes;
            ack.also.push_back(alone);
        }
        last_us_ = us;
        ++confirms;
        return true;
    }

    WireAck ack;
    std::uint32_t confirms = 1;

private:
    std::int64_t last_us_;
    std::size_t room_;
};

}  // namespace

void Acknowledger::confirm(Now now, const std::vector<AckDue>& dues, const FormOf& form_of) {
    struct Sender {
        Form form;
        std::vector<const AckDue*> dues;
    };
    std::map<RecentAcks::Path, Sender> senders;
    auto sender = senders.end();
    for (const AckDue& due : dues) {
        const RecentAcks::Path path{due.peer, due.local};
        // Most come in rows from one.
        if (sender == senders.end() || sender->first != path) sender = senders.find(path);
        if (sender != senders.end()) {
            sender->second.dues.push_back(&due);
        } else if (const auto form = form_of(due.peer); !form) {
            ++dropped_;
        } else if (!form->joined) {
            push(now, due, true, *form);
        } else {
            sender = senders.try_emplace(path).first;
            sender->second.form = *form;
            sender->second.dues.push_back(&due);
        }
    }
    if (senders.empty()) return;
    const auto window = static_cast<std::uint32_t>(Inbox::messages_max / senders.size());
    for (auto& [path, one] : senders) join(now, one.dues, one.form, std::max(window, 1U));
}

void Acknowledger::join(Now now, std::vector<const AckDue*>& dues, const Form& form,
                        std::uint32_t window) {
    const auto us_of = [](const AckDue* due) { return due->stamp.us; };
    std::ranges::sort(dues, {}, us_of);
    // The same timestamp with another content is another message, but one number confirms both.
    const auto copies = std::unique(dues.begin(), dues.end(), [&](const auto* a, const auto* b) {
        return us_of(a) == us_of(b);
    });
    dues.erase(copies, dues.end());
    const std::size_t room = form.datagram_bytes - std::min(form.datagram_bytes, ack_bytes_max);
    for (std::size_t i = 0; i < dues.size();) {
        const AckDue& first = *dues[i++];
        Joined joined(first.stamp, room);
        while (i < dues.size() && joined.add(us_of(dues[i]))) ++i;
        if (waiting_.size() >= waiting_max) {
            dropped_ += joined.confirms;
            continue;
        }
        joined.ack.stamp = Stamp::of(StampClock::clamp(now.wall));
        joined.ack.window = window;
        recent_.repeat({first.peer, first.local}, joined.ack, room, now.monotonic);
        Transmit transmit{first.peer, first.local, {}, form.dialect, Extension::p2pd};
        transmit.objects.emplace_back(std::move(joined.ack));
        waiting_.push_back({std::move(transmit), first.arrived, joined.confirms});
    }
}

void Acknowledger::refuse(Now now, const ReceivedMessage& message, const Form& form) {
    push(now, {message.peer, message.local, message.stamp, now.monotonic}, false, form);
}

void Acknowledger::push(Now now, const AckDue& due, bool accepted, const Form& form) {
    if (waiting_.size() >= waiting_max) {
        ++dropped_;
        return;
    }
    WireAck ack{due.stamp, Stamp::of(StampClock::clamp(now.wall)), accepted};
    Transmit transmit{
        due.peer, due.local, {}, form.dialect, form.to_p2pd ? Extension::p2pd : Extension::none};
    transmit.objects.emplace_back(std::move(ack));
    waiting_.push_back({std::move(transmit), due.arrived});
}

std::optional<Transmit> Acknowledger::next(Instant now) {
    while (!waiting_.empty()) {
        Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        if (next.transmit.extension == Extension::none && now - next.arrived > age_max) {
            ++too_late_;
            continue;
        }
        sent_ += next.confirms;
        return std::move(next.transmit);
    }
    return std::nullopt;
}

}  // namespace p2pd
