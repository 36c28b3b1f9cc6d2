// daemon: one client of the control socket; part of control_server. Includes std, Asio, common.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/control_request.h"
#include "daemon/control_server.h"

namespace p2pd {

/// Reads lines, begins their methods in order, writes answers as they come. Nothing is read while
/// too much is unanswered or unwritten, so that a client can make the daemon neither wait nor grow.
class ControlClient : public Requester, public std::enable_shared_from_this<ControlClient> {
public:
    ControlClient(ControlServer& server, boost::asio::local::stream_protocol::socket socket);

    void start();
    /// Ends at once.
    void close();
    void write(std::string_view line);
    void answer(std::string_view line, bool holds) override;
    /// There may be more to read for its subscription.
    void pump();

private:
    std::function<void(std::exception_ptr)> ended();
    boost::asio::awaitable<void> read_lines();
    boost::asio::awaitable<bool> read_whole_lines(std::string& buffer);
    boost::asio::awaitable<void> read_some(std::string& buffer, boost::system::error_code& error);
    boost::asio::awaitable<void> until_ready_for_next();
    boost::asio::awaitable<void> write_all();
    void handle(std::string_view line);
    void dispatch(const ControlRequest& request);
    bool subscription_method(std::string_view method, const LineJson& params, Responder& responder);
    void subscribe(const LineJson& params, Responder& responder);
    void take_page(const std::vector<MessageRecord>& page);
    void arm(boost::asio::steady_timer& timer, std::chrono::microseconds after);
    void finish_if_done();
    bool busy() const;

    ControlServer& server_;
    boost::asio::local::stream_protocol::socket socket_;
    boost::asio::steady_timer line_timer_;
    boost::asio::steady_timer write_timer_;
    boost::asio::steady_timer progress_;  ///< never expires; cancelled when something was done
    Caller caller_;
    static constexpr std::size_t read_bytes_min = 4096;
    std::size_t read_bytes_ = read_bytes_min;  ///< room for what is read at once
    std::string out_;
    std::size_t pending_ = 0;
    bool holding_ = false;  ///< a method that is not pipelined is under way
    bool writing_ = false;
    bool reading_ended_ = false;
    bool closed_ = false;
    std::optional<std::uint64_t> subscribed_;  ///< the cursor of the last one given
    bool reading_page_ = false;
};

}  // namespace p2pd
