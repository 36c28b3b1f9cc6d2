// ctl: one connection to p2pd's control socket. Includes std, POSIX and common.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/control_protocol.h"
#include "ctl/control_error.h"
#include "ctl/file_descriptor.h"

namespace p2pd {

using SteadyTime = std::chrono::steady_clock::time_point;

/// How long p2pd may take for an ordinary answer before p2pctl calls it hung.
inline constexpr std::chrono::seconds answer_timeout{30};

/// One line from the daemon: the answer to the request `id`, or a notification `method`.
struct Incoming {
    std::optional<std::uint64_t> id;
    std::string method;
    Json body;  ///< the result, or the parameters of the notification
    std::optional<ControlError> error;
};

/// The socket to use: `given` (--socket), $P2PD_SOCKET, that of the user's own daemon if it is
/// there, or the system's.
std::string choose_socket(const std::optional<std::string>& given);

/// Requests go out in the order of post(), pipelined, `hello` before the first of them in the
/// same write. Not a request is lost silently: what is unanswered when the connection ends shows
/// as ConnectionLost.
class ControlClient {
public:
    /// What to do when more clients wait to be taken than the socket has room for.
    enum class Backlog { wait, fail };

    /// Connects to the socket at `path`; throws ControlError that says what to do.
    explicit ControlClient(std::string path, Backlog full = Backlog::wait);

    /// Queues a request and returns its id; nothing is written yet.
    /// `params`: Json, or what has a table of fields.
    template <class Params>
    std::uint64_t post(std::string_view method, const Params& params) {
        const std::uint64_t id = ++next_id_;
        output_ += request_line(id, method, params);
        return id;
    }

    /// Writes what is queued and reads what is there, without blocking. The end of the connection
    /// is reported by take(), after the last line was taken.
    void transfer();

    /// The next line already read, if any. Throws ControlError on another protocol version.
    std::optional<Incoming> take();

    /// Blocks until a line comes or `deadline` passes (then empty).
    std::optional<Incoming> receive(std::optional<SteadyTime> deadline);

    /// Asks and waits for the answer, at most `timeout` if given. Notifications that come before
    /// it are dropped. An error of the daemon is thrown as ControlError.
    Json call(std::string_view method, const Json& params,
              std::optional<std::chrono::milliseconds> timeout = answer_timeout);

    int fd() const { return socket_.get(); }
    std::size_t bytes_to_write() const { return output_.size(); }
    const std::string& path() const { return path_; }
    /// What the daemon said of itself; its version is empty until the first answer.
    const HelloResult& daemon() const { return daemon_; }

private:
    void write_some();
    void read_some();
    Incoming parse(std::string_view line);
    void check_hello(const Incoming& answer);

    std::string path_;
    FileDescriptor socket_;
    std::uint64_t next_id_ = 0;
    std::uint64_t hello_id_ = 0;
    std::string output_;
    std::string input_;
    std::size_t input_taken_ = 0;   ///< bytes of input_ that were taken
    std::size_t input_looked_ = 0;  ///< bytes of input_ known to have no further line break
    bool ended_ = false;
    HelloResult daemon_{.version = ""};
};

/// Waits until `fd` has one of poll()'s `events`, or until `deadline`; false when that came first.
bool wait_for_fd(int fd, short events, std::optional<SteadyTime> deadline);

/// Milliseconds until `deadline` as poll() takes them, rounded up: -1 without one.
int poll_timeout(std::optional<SteadyTime> deadline);

}  // namespace p2pd
