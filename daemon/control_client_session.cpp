// daemon: one client of the control socket; part of control_server. Includes std, Asio, common.
#include "daemon/control_client_session.h"

#include <algorithm>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace p2pd {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_bytes_max = std::size_t{64} * 1024;
constexpr std::size_t unwritten_bytes_max = 2 * 1024 * 1024;
constexpr std::size_t subscription_bytes_max = 256 * 1024;

Caller peer_credentials(int descriptor) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return {static_cast<std::uint32_t>(-1), -1};  // nobody: no right depends on it
    }
    return {credentials.uid, credentials.pid};
}

}  // namespace

void Responder::finish(std::string_view line) const {
    if (const auto client = client_.lock()) client->answer(line, holds_);
}

void Responder::finish_result(std::string_view line) const {
    if (line.size() <= control_line_bytes_max) return finish(line);
    error(error_internal, "the answer is longer than a line may be", "ask for fewer");
}

void Responder::error(const ErrorKind& kind, std::string_view message,
                      std::string_view hint) const {
    finish(id_ ? error_line(*id_, kind, message, hint) : std::string{});
}

ControlClient::ControlClient(ControlServer& server, asio::local::stream_protocol::socket socket)
    : server_(server),
      socket_(std::move(socket)),
      line_timer_(socket_.get_executor()),
      write_timer_(socket_.get_executor()),
      progress_(socket_.get_executor()),
      caller_(peer_credentials(socket_.native_handle())) {
    progress_.expires_at(asio::steady_timer::time_point::max());
}

void ControlClient::start() {
    asio::co_spawn(
        socket_.get_executor(), [self = shared_from_this()] { return self->read_lines(); },
        ended());
}

/// What a coroutine throws (out of memory, say) ends its client and no more.
std::function<void(std::exception_ptr)> ControlClient::ended() {
    return [self = shared_from_this()](const std::exception_ptr& problem) {
        if (!problem) return;
        try {
            std::rethrow_exception(problem);
        } catch (const std::exception& error) {
            self->server_.warn_(std::string("a control client was dropped: ") + error.what());
        }
        self->close();
    };
}

void ControlClient::close() {
    if (closed_) return;
    closed_ = true;
    boost::system::error_code ignored;  // it is closed in any case
    socket_.close(ignored);
    line_timer_.cancel();
    write_timer_.cancel();
    progress_.cancel();
    server_.clients_.erase(this);
}

bool ControlClient::busy() const {
    return holding_ || pending_ >= server_.limits_.pending_max ||
           out_.size() >= unwritten_bytes_max;
}

asio::awaitable<void> ControlClient::until_ready_for_next() {
    while (busy() && !closed_) {
        boost::system::error_code cancelled;  // that is how progress is told
        co_await progress_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
}

asio::awaitable<void> ControlClient::read_lines() {
    const auto self = shared_from_this();
    std::string buffer;
    while (!closed_ && co_await read_whole_lines(buffer)) {
        std::size_t begin = 0;
        std::size_t end = buffer.find('\n');
        while (end != std::string::npos && !closed_) {
            handle(std::string_view{buffer}.substr(begin, end - begin));
            begin = end + 1;
            end = buffer.find('\n', begin);
            if (busy()) co_await until_ready_for_next();  // a coroutine for each line costs more
        }
        buffer.erase(0, begin);
    }
    reading_ended_ = true;
    finish_if_done();
}

/// Reads until `buffer` has a whole line, or more; false when no further one can come.
asio::awaitable<bool> ControlClient::read_whole_lines(std::string& buffer) {
    boost::system::error_code error;
    if (buffer.empty()) {
        // Between lines a client may be quiet for as long as it likes.
        co_await socket_.async_wait(asio::socket_base::wait_read,
                                    asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return false;
    }
    arm(line_timer_, server_.limits_.line_timeout);
    std::size_t searched = 0;
    while (!error && buffer.find('\n', searched) == std::string::npos) {
        searched = buffer.size();
        if (searched == control_line_bytes_max) {
            error = asio::error::message_size;
            write(error_line({}, error_line_too_long, "a line may have at most 1048576 bytes",
                             "send the text in several messages"));
        } else {
            co_await read_some(buffer, error);
        }
    }
    line_timer_.cancel();
    co_return !error;
}

/// Whoever fills the room that there was is given more the next time.
asio::awaitable<void> ControlClient::read_some(std::string& buffer,
                                               boost::system::error_code& error) {
    const std::size_t before = buffer.size();
    const std::size_t room = std::min(read_bytes_, control_line_bytes_max - before);
    buffer.resize(before + room);
    const std::size_t read =
        co_await socket_.async_read_some(asio::buffer(buffer.data() + before, room),
                                         asio::redirect_error(asio::use_awaitable, error));
    buffer.resize(before + read);
    read_bytes_ =
        std::clamp(read == room ? 2 * read_bytes_ : 2 * read, read_bytes_min, read_bytes_max);
}

void ControlClient::arm(asio::steady_timer& timer, std::chrono::microseconds after) {
    timer.expires_after(after);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self) self->close();
    });
}

void ControlClient::handle(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return;
    const auto read = server_.reader_->read(line);
    if (const auto* problem = std::get_if<ControlRequestProblem>(&read)) {
        return write(error_line({}, problem->kind, problem->what, problem->hint));
    }
    dispatch(std::get<ControlRequest>(read));
}

void ControlClient::dispatch(const ControlRequest& request) {
    ++pending_;
    const ControlMethod* const method = server_.find_method(request.method);
    const bool holds = method != nullptr && !method->pipelined;
    Responder responder(weak_from_this(), request.id, holds);
    if (subscription_method(request.method, request.params, responder)) return;
    holding_ = holds;
    server_.call(caller_, request, method, responder);
}

bool ControlClient::subscription_method(std::string_view method, const LineJson& params,
                                        Responder& responder) {
    try {
        if (method == "subscribe") {
            subscribe(params, responder);
            return true;
        }
        if (method == "unsubscribe") {
            NoParams none;
            read_fields(params, none);
            subscribed_.reset();
            responder.result(none);
            return true;
        }
    } catch (const FieldError& error) {
        responder.error(error_params, error.what());
        return true;
    }
    return false;
}

void ControlClient::subscribe(const LineJson& params, Responder& responder) {
    SubscribeParams asked;
    read_fields(params, asked);
    subscribed_ = asked.since.value_or(server_.last_cursor_);
    responder.result(SubscribeResult{*subscribed_});
    pump();
}

/// Reads on only while the client takes what it has: a slow one lags behind and loses nothing.
void ControlClient::pump() {
    if (closed_ || !subscribed_ || reading_page_ || out_.size() >= subscription_bytes_max ||
        *subscribed_ >= server_.last_cursor_) {
        return;
    }
    reading_page_ = true;
    server_.changes_(*subscribed_,
                     [weak = weak_from_this()](const std::vector<MessageRecord>& page) {
                         if (const auto self = weak.lock()) self->take_page(page);
                     });
}

void ControlClient::take_page(const std::vector<MessageRecord>& page) {
    reading_page_ = false;
    if (!subscribed_) return;
    // An empty page: what had changed has been deleted since.
    if (page.empty()) subscribed_ = std::max(*subscribed_, server_.last_cursor_);
    for (const MessageRecord& record : page) {
        if (record.cursor <= *subscribed_) continue;
        subscribed_ = record.cursor;
        write(notification_line("message", record));
    }
    pump();
}

void ControlClient::answer(std::string_view line, bool holds) {
    --pending_;
    if (holds) holding_ = false;
    progress_.cancel();
    if (!line.empty()) write(line);
    finish_if_done();
}

void ControlClient::write(std::string_view line) {
    if (closed_) return;
    out_ += line;
    if (writing_) return;
    writing_ = true;
    asio::co_spawn(
        socket_.get_executor(), [self = shared_from_this()] { return self->write_all(); }, ended());
}

asio::awaitable<void> ControlClient::write_all() {
    const auto self = shared_from_this();
    while (!out_.empty() && !closed_) {
        const std::string chunk = std::exchange(out_, {});
        boost::system::error_code error;
        arm(write_timer_, server_.limits_.write_timeout);
        co_await asio::async_write(socket_, asio::buffer(chunk),
                                   asio::redirect_error(asio::use_awaitable, error));
        write_timer_.cancel();
        if (error) co_return close();
        progress_.cancel();
        pump();
    }
    writing_ = false;
    finish_if_done();
}

/// A client that has only ended its sending side still gets every answer.
void ControlClient::finish_if_done() {
    if (reading_ended_ && pending_ == 0 && out_.empty() && !writing_ && !subscribed_) close();
}

}  // namespace p2pd
