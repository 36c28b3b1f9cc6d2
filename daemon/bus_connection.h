// bus_server: one connection to a message bus, driven by the loop. Includes std, Asio, sd-bus,
// common.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/config.h"
#include "daemon/bus_handles.h"

namespace p2pd {

/// Keeps a connection to the bus and makes a new one when it is lost, after a while that doubles.
/// No call waits for the bus.
class BusConnection {
public:
    struct Handlers {
        /// There is a new connection, of which nothing is processed yet. May throw BusFailure.
        std::function<void()> opened;
        /// The connection is no more, or could not be made.
        std::function<void(const std::string& why)> lost;
    };

    BusConnection(boost::asio::io_context& loop, MessageBus which, Handlers handlers);
    ~BusConnection();
    BusConnection(const BusConnection&) = delete;
    BusConnection& operator=(const BusConnection&) = delete;

    void start();
    /// For good.
    void stop();
    /// Null while there is no connection.
    sd_bus* get() const { return bus_.get(); }
    /// Something was put into the connection: to be called after every such turn.
    void sent();
    /// This connection is of no use; it ends soon, not within this call.
    void give_up(const std::string& why);
    /// It is of use: the next one that is lost is tried again soon.
    void settled();

private:
    void open();
    void process();
    void arm();
    void arm_timer();
    void wait(boost::asio::posix::stream_descriptor::wait_type type, bool& waiting);
    void lose(const std::string& why);
    void forget();

    MessageBus which_;
    Handlers handlers_;
    boost::asio::posix::stream_descriptor descriptor_;  ///< sd-bus's own: released, never closed
    boost::asio::steady_timer timer_;                   ///< what sd-bus wants to be called for
    boost::asio::steady_timer retry_;
    std::chrono::milliseconds retry_after_;
    BusHandle bus_;
    std::string problem_;  ///< why the connection is to be given up
    bool reading_ = false;
    bool writing_ = false;
    bool stopped_ = false;
};

}  // namespace p2pd
