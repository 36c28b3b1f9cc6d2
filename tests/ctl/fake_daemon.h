// tests/ctl: a daemon that says what the test wants. Includes std, POSIX and common.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/control_protocol.h"

namespace p2pd::test {

/// One request, and the ways to answer it. Nothing at all is one of them.
class Question {
public:
    Question(int client, Json id, Json parameters)
        : params(std::move(parameters)), client_(client), id_(std::move(id)) {}

    const Json params;

    void result(const Json& result) const;
    void error(const ErrorKind& kind, std::string_view message, std::string_view hint = {}) const;
    void notify(std::string_view method, const Json& parameters) const;
    void raw(std::string_view line) const;
    /// Ends the connection, as a daemon that crashes.
    void hang_up() const;
    /// Ctrl-C for whoever asked.
    void interrupt() const;

private:
    int client_;
    Json id_;
};

/// Listens on a socket in a temporary folder. `hello` is answered by itself.
class FakeDaemon {
public:
    using Handler = std::function<void(const Question& question)>;

    FakeDaemon();
    ~FakeDaemon();
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;

    /// What to do for `method`; to be said before p2pctl runs.
    void on(const std::string& method, Handler handler);
    /// The parameters of every request of `method` so far.
    std::vector<Json> requests(const std::string& method) const;

    const std::string& socket_path() const { return path_; }
    const std::string& folder() const { return folder_; }

private:
    void serve();
    void accept_client();
    bool read_client(int client);
    void answer(int client, const std::string& line);

    std::string folder_;
    std::string path_;
    int listener_ = -1;
    int stop_read_ = -1;
    int stop_write_ = -1;
    std::map<int, std::string> clients_;  ///< what they sent that is no whole line yet
    mutable std::mutex mutex_;
    std::map<std::string, Handler> handlers_;
    std::map<std::string, std::vector<Json>> requests_;
    std::thread thread_;
};

/// What `send` answers.
Json accepted(std::uint64_t id, std::string_view peer = "10.0.0.5:5000");

/// What `send_many` answers.
Json accepted_many(std::vector<SentRun> runs);

/// A message of the inbox or of what was sent.
MessageRecord received_message(std::uint64_t id, std::string_view text);
MessageRecord sent_message(std::uint64_t id, SendState state);

/// A peer, as `peers.show` answers it.
PeerRecord peer_record(std::optional<std::string> name, std::string_view address);

/// The messages as `list`, `get` and the like answer them.
Json page_of(const std::vector<MessageRecord>& messages, bool more = false);

}  // namespace p2pd::test
