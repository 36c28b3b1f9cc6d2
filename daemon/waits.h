// daemon: clients that wait for messages to become final. Includes std, Asio, core, common.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/control_protocol.h"
#include "daemon/core/node.h"

namespace p2pd {

/// What a record says of an outgoing message, without its text.
MessageRecord outgoing_record(const OutgoingMessage& message);
/// Puts a final state into a record.
void apply(const OutgoingUpdate& update, MessageRecord& record);
bool is_final(SendState state);

/// A wait begins with the ids that are not final yet and ends when all are, or at its time.
class Waits {
public:
    /// Called once with the records in the order of the ids, whatever their state is then.
    using Done = std::function<void(std::vector<MessageRecord>)>;

    explicit Waits(boost::asio::io_context& loop) : loop_(loop) {}

    void begin(std::vector<MessageRecord> records, std::chrono::milliseconds timeout, Done done);
    /// An outgoing message has reached a final state.
    void finished(const Finished& event);
    struct Recent {
        Endpoint peer;
        MessageRecord record;  ///< without the peer's name
    };
    /// A message that became final a short time ago, maybe before the store knows it; nullptr: it
    /// is none of these. For use at once.
    const Recent* recent(MessageId id) const;
    /// It is being sent anew.
    void reopened(MessageId id) { recent_.erase(id); }
    /// Fills in what the Node knows by now, for a wait that ends before its messages do.
    void set_attempts(std::function<std::optional<std::uint32_t>(MessageId)> attempts) {
        attempts_ = std::move(attempts);
    }

private:
    struct Wait {
        std::vector<MessageRecord> records;
        std::size_t open = 0;
        Done done;
        std::unique_ptr<boost::asio::steady_timer> timer;
    };

    void end(const std::shared_ptr<Wait>& wait);
    void remember(Recent recent);

    boost::asio::io_context& loop_;
    std::multimap<MessageId, std::shared_ptr<Wait>> waiting_;
    std::unordered_map<MessageId, Recent> recent_;
    std::deque<MessageId> recent_order_;  ///< may hold ids that are gone from recent_
    std::function<std::optional<std::uint32_t>(MessageId)> attempts_;
};

}  // namespace p2pd
