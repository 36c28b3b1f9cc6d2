// core: whether messages were read, asked of other p2pd and told to them. Includes std, core.
#include "daemon/core/node.h"

namespace p2pd {

bool Node::ask_receipt(Now now, const PeerFacts& peer, std::int64_t message_us) {
    remember(peer);
    return receipts_.ask(now.monotonic, {peer.endpoint, message_us});
}

/// A question is answered to those alone that have been heard before, and names nobody else's
/// message. What nobody has asked for is not listened to.
void Node::receive_receipt(Now now, const Endpoint& from, const WireReceipt& receipt) {
    ++counters_.receipts_received;
    const ReceiptKey about{from, receipt.message_us};
    if (receipt.word != ReceiptWord::ask) {
        if (receipts_.heard(now.monotonic, about)) {
            events_.emplace_back(ReceiptHeard{about, receipt.word});
        }
    } else if (find_peer(from) != nullptr) {
        if (limits_.read_receipts) {
            receipts_.asked(now.monotonic, about);
        } else {
            receipts_.refuse(about);
        }
    }
}

void Node::answer_receipt(Now now, const ReceiptKey& about, const std::optional<ReadMarks>& marks) {
    receipts_.answer(now.monotonic, about, marks);
}

/// Empty: nothing waits. To programs of the field nothing goes, whatever was asked.
std::optional<Transmit> Node::next_receipt(Now now) {
    while (const auto out = receipts_.next()) {
        const Endpoint& to = out->about.peer;
        const Peer* const peer = find_peer(to);
        if (peer == nullptr || !peer->session.facts().is_p2pd) continue;
        Transmit transmit{to, peer->local, {}, peer->session.facts().dialect, Extension::p2pd};
        transmit.objects.emplace_back(
            WireReceipt{out->about.message_us, out->word, Stamp::of(StampClock::clamp(now.wall))});
        return transmit;
    }
    return std::nullopt;
}

}  // namespace p2pd
