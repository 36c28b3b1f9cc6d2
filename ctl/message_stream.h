// ctl: messages as they come, over restarts of the daemon. Includes std and common.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "ctl/control_client.h"

namespace p2pd {

/// A subscription that goes on where it stopped: its cursor survives a broken connection, so
/// nothing is given twice and nothing is left out. It has a connection of its own, on which other
/// requests may be sent too.
class MessageStream {
public:
    /// Connects to the socket at `path` and subscribes: to what follows the cursor `since`, or
    /// without one to what is new from now on. Throws ControlError.
    MessageStream(std::string path, std::optional<std::uint64_t> since);

    /// Of the last message, or where it began; empty until the daemon has said that.
    std::optional<std::uint64_t> cursor() const { return cursor_; }
    /// Whether there is a connection; without one client() must not be asked for.
    bool connected() const { return client_.has_value(); }
    ControlClient& client() { return *client_; }

    /// Whether it is known from where on messages come.
    bool started() const { return cursor_.has_value(); }

    /// The message, if `incoming` is one; whatever else is about the subscription is done here.
    /// Throws what the daemon has against it.
    std::optional<MessageRecord> take_message(const Incoming& incoming);

    /// To be called when the connection has ended (ConnectionLost).
    void lost();
    /// When reconnect() is to be tried next.
    SteadyTime next_try() const { return next_try_; }
    /// Connects again and resumes; false when the daemon is not there, and next_try() is later.
    bool reconnect();

private:
    void connect();
    void subscribe();
    void try_later();

    std::string path_;
    std::optional<std::uint64_t> cursor_;
    std::optional<ControlClient> client_;
    std::uint64_t subscription_ = 0;
    std::chrono::milliseconds delay_;
    SteadyTime next_try_;
};

}  // namespace p2pd
