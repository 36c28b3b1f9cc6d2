// daemon: the control socket: clients, lines, limits. Includes std, Asio, common.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/control_protocol.h"

namespace p2pd {

/// The control socket cannot be made; the text says why.
class ControlSocketError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct ControlLimits {
    std::size_t clients_max = 64;
    std::size_t pending_max = 1024;  ///< requests of one client that are not answered yet
    std::chrono::microseconds line_timeout = std::chrono::seconds{10};
    std::chrono::microseconds write_timeout = std::chrono::seconds{30};
};

/// Who asks, as the kernel says it (SO_PEERCRED).
struct Caller {
    std::uint32_t uid = 0;
    std::int32_t pid = 0;
};

class ControlClient;
class ControlRequestReader;
class LineJson;
struct ControlRequest;

/// Who takes the answers of its requests: a client of the socket, or another way in.
class Requester {
public:
    virtual ~Requester() = default;
    /// One request is answered; `line` is empty for a notification's. `holds`: as Responder has it.
    virtual void answer(std::string_view line, bool holds) = 0;
};

/// Answers one request exactly once, now or later. The client may have gone by then.
class Responder {
public:
    /// An empty id: a notification, which gets no answer (JSON-RPC 2.0, section 4.1).
    Responder(std::weak_ptr<Requester> client, std::optional<RequestId> id, bool holds)
        : client_(std::move(client)), id_(std::move(id)), holds_(holds) {}

    /// `result` is whatever append_json() takes.
    template <class Result>
    void result(const Result& result) const {
        finish_result(id_ ? result_line(*id_, result) : std::string{});
    }
    void error(const ErrorKind& kind, std::string_view message, std::string_view hint = {}) const;

private:
    /// `line` is empty for a notification's.
    void finish(std::string_view line) const;
    void finish_result(std::string_view line) const;

    std::weak_ptr<Requester> client_;
    std::optional<RequestId> id_;
    bool holds_;
};

/// One JSON-RPC method. Requests of one client are begun in their order; a `pipelined` one lets
/// the next begin before it is answered, any other holds the client's line until then.
struct ControlMethod {
    using Call = std::function<void(const Caller&, const LineJson& params, Responder)>;
    Call call;
    bool pipelined = false;
};

/// What a subscription reads: messages that changed after a cursor, in its order.
using ChangesSource =
    std::function<void(std::uint64_t since, std::function<void(std::vector<MessageRecord>)>)>;

class ControlServer {
public:
    /// Makes the socket, mode 0660 from the start, and removes a stale one. Throws
    /// ControlSocketError, also when another daemon answers there.
    ControlServer(boost::asio::io_context& loop, const std::filesystem::path& path,
                  const std::string& group, const ControlLimits& limits);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    void add_method(std::string name, ControlMethod method);
    /// `subscribe` and `unsubscribe` are the server's own; this is where they read from.
    void set_changes(ChangesSource changes) { changes_ = std::move(changes); }
    /// One request of `caller` that came in another way; all but the subscriptions, of any order.
    void request(const Caller& caller, std::string_view line, const std::shared_ptr<Requester>& by);
    void start();
    /// No new clients; what is answered already is still written, as far as clients take it.
    void stop();

    void set_limits(const ControlLimits& limits) { limits_ = limits; }
    /// The store's cursor has moved: subscribers read on.
    void changed(std::uint64_t cursor);
    std::size_t clients() const { return clients_.size(); }
    /// Told what could not be done but need not stop the daemon, for the log.
    using Warn = std::function<void(const std::string& what)>;
    void set_warn(Warn warn);

private:
    friend class ControlClient;

    void call(const Caller& caller, const ControlRequest& request, const ControlMethod* method,
              const Responder& responder);
    const ControlMethod* find_method(std::string_view name) const;
    void accept();
    void refuse(boost::asio::local::stream_protocol::socket socket);
    void bind(const std::filesystem::path& path);
    void set_group(const std::filesystem::path& path, const std::string& group);

    boost::asio::io_context& loop_;
    std::filesystem::path path_;
    ControlLimits limits_;
    boost::asio::local::stream_protocol::acceptor acceptor_;
    boost::asio::steady_timer accept_again_;
    std::unique_ptr<ControlRequestReader> reader_;  ///< of all clients, one after the other
    std::map<std::string, ControlMethod, std::less<>> methods_;
    std::map<const ControlClient*, std::shared_ptr<ControlClient>> clients_;
    ChangesSource changes_;
    std::uint64_t last_cursor_ = 0;
    std::vector<std::string> warnings_;  ///< until there is somebody to tell
    Warn warn_;
};

}  // namespace p2pd
