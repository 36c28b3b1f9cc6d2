// core: the ACKs that wait for the socket. Includes std, core.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "daemon/core/inbox.h"
#include "daemon/core/recent_acks.h"
#include "daemon/core/transmit.h"

namespace p2pd {

/// An ACK to a program of the field is a datagram, and is dropped when it is late; those to one
/// p2pd are joined: one object confirms all that a batch has made durable, as far as a datagram
/// goes, and what those before it did.
class Acknowledger {
public:
    static constexpr std::size_t waiting_max = 65536;
    /// A program of the field takes a late ACK for that of its next message, and skips it.
    static constexpr Duration age_max = std::chrono::seconds{4};

    /// How an ACK to a peer is written.
    struct Form {
        Dialect dialect = Dialect::base;
        bool to_p2pd = false;
        bool joined = false;  ///< it takes one ACK for many objects, of at most datagram_bytes
        std::size_t datagram_bytes = 0;
    };
    /// Empty: the peer has been forgotten.
    using FormOf = std::function<std::optional<Form>(const Endpoint& peer)>;

    /// Durable: the ACKs of a batch. Each sender hears how many objects it may have under way, an
    /// equal share of the inbox.
    void confirm(Now now, const std::vector<AckDue>& dues, const FormOf& form_of);
    /// For ever: the sender need not try again.
    void refuse(Now now, const ReceivedMessage& message, const Form& form);

    /// The next datagram.
    std::optional<Transmit> next(Instant now);

    std::size_t waiting() const { return waiting_.size(); }  ///< datagrams, at most waiting_max
    std::uint64_t sent() const { return sent_; }             ///< messages confirmed or refused
    std::uint64_t too_late() const { return too_late_; }
    std::uint64_t dropped() const { return dropped_; }  ///< too many waited

private:
    struct Waiting {
        Transmit transmit;
        Instant arrived;  ///< of the copy that it answers
        std::uint32_t confirms = 1;
    };

    void push(Now now, const AckDue& due, bool accepted, const Form& form);
    void join(Now now, std::vector<const AckDue*>& dues, const Form& form, std::uint32_t window);

    std::deque<Waiting> waiting_;
    RecentAcks recent_;
    std::uint64_t sent_ = 0;
    std::uint64_t too_late_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace p2pd
