// daemon: clients that wait for all messages of one request. Includes std, Asio, core, common.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/control_protocol.h"
#include "daemon/core/node.h"

namespace p2pd {

/// Ids that follow one another, told in runs of those that ended alike: what is waited for in
/// thousands must cost little for each.
class SpanWaits {
public:
    /// Called once; the runs are in the order of ids, without a gap.
    using Done = std::function<void(std::vector<SentRun>)>;
    using Attempts = std::function<std::optional<std::uint32_t>(MessageId)>;

    /// `attempts` says how often an unfinished message has been sent, if it is in memory.
    SpanWaits(boost::asio::io_context& loop, Attempts attempts)
        : loop_(loop), attempts_(std::move(attempts)) {}

    /// Ends when all `count` ids from `first` on are final, or at its time; at once, if that is 0.
    /// `ended`: those that are already, in the order of ids.
    void begin(MessageId first, std::uint32_t count, std::vector<SentRun> ended,
               std::chrono::milliseconds timeout, Done done);
    /// `count` outgoing messages from update.id on have reached this final state.
    void finished(const OutgoingUpdate& update, std::uint32_t count = 1);

private:
    struct Wait {
        MessageId first = 0;
        std::uint32_t count = 0;
        std::uint32_t open = 0;
        std::vector<SentRun> ended;
        Done done;
        std::unique_ptr<boost::asio::steady_timer> timer;
    };
    /// By their first id. The same request may be there twice; else they do not overlap.
    using Waits = std::multimap<MessageId, std::shared_ptr<Wait>>;

    void finished(MessageId first_id, const SentRun& run);
    static void add(Wait& wait, SentRun run);
    void end(const std::shared_ptr<Wait>& wait);
    std::vector<SentRun> all_runs(const Wait& wait) const;
    SentRun unfinished(MessageId id) const;

    boost::asio::io_context& loop_;
    Attempts attempts_;
    Waits waits_;
};

/// What a final state says of one message.
SentRun sent_run(const OutgoingUpdate& update);
SentRun sent_run(const MessageRecord& record);
/// Puts `run` in its place, and makes one of it and its neighbours where they are alike. False, and
/// nothing is changed, if any of its ids is there.
bool insert_run(std::vector<SentRun>& runs, const SentRun& run);

}  // namespace p2pd
