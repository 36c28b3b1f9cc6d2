// daemon: clients that wait for messages to become final. Includes std, Asio, core, common.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/control_protocol.h"
#include "daemon/core/node.h"
#include "daemon/recent_ends.h"

namespace p2pd {

/// A wait begins with the ids that are not final yet and ends when all are, or at its time.
class Waits {
public:
    /// Called once with the records in the order of the ids, whatever their state is then.
    using Done = std::function<void(std::vector<MessageRecord>)>;

    explicit Waits(boost::asio::io_context& loop) : loop_(loop) {}

    void begin(std::vector<MessageRecord> records, std::chrono::milliseconds timeout, Done done);
    /// Outgoing messages have reached a final state.
    void finished(const Finished& event);
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

    void finished(MessageId id, const OutgoingUpdate& update);
    void end(const std::shared_ptr<Wait>& wait);

    boost::asio::io_context& loop_;
    std::multimap<MessageId, std::shared_ptr<Wait>> waiting_;
    std::function<std::optional<std::uint32_t>(MessageId)> attempts_;
};

}  // namespace p2pd
