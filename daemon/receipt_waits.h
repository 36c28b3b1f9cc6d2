// daemon: clients that wait until a peer has read their message. Includes std, Asio, core, common.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/control_protocol.h"
#include "daemon/core/node.h"

namespace p2pd {

/// Whether nothing further need be waited for: what was asked for is so, or will never be known.
bool ends_wait(Receipt receipt, ReadMark until);

/// A peer is asked about a message for as long as somebody waits.
class ReceiptWaits {
public:
    /// Called once with the last that was heard.
    using Done = std::function<void(Receipt)>;

    /// `stop_asking` is called when nobody waits for a message any more.
    ReceiptWaits(boost::asio::io_context& loop, std::function<void(const ReceiptKey&)> stop_asking)
        : loop_(loop), stop_asking_(std::move(stop_asking)) {}

    /// The peer is being asked.
    void begin(const ReceiptKey& about, ReadMark until, std::chrono::milliseconds timeout,
               Done done);
    void heard(const ReceiptHeard& event);

private:
    struct Wait {
        ReadMark until = ReadMark::read;
        Receipt last = Receipt::no_answer;
        Done done;
        std::unique_ptr<boost::asio::steady_timer> timer;
    };
    using Waiting = std::multimap<ReceiptKey, std::shared_ptr<Wait>>;

    void end(const ReceiptKey& about, const std::shared_ptr<Wait>& wait);

    boost::asio::io_context& loop_;
    std::function<void(const ReceiptKey&)> stop_asking_;
    Waiting waiting_;
};

}  // namespace p2pd
