// ctl: messages as they arrive and change, waited for. Includes std and common.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "ctl/context.h"
#include "ctl/message_stream.h"

namespace p2pd {

/// A MessageStream for who has nothing else to wait for.
class Subscription {
public:
    /// After `since` (0: all there is), else from now on. `before_waiting` is called whenever there
    /// is nothing more for now.
    Subscription(Context& context, std::optional<std::uint64_t> since,
                 std::function<void()> before_waiting);

    /// The next message that arrived or changed; empty once `deadline` has passed. A connection
    /// that ends is made again as long as the time allows; any other error is thrown as
    /// ControlError.
    std::optional<MessageRecord> next(std::optional<SteadyTime> deadline);

    /// Of the last message given, or where it began; empty until the daemon has said that.
    std::optional<std::uint64_t> cursor() const { return stream_.cursor(); }

private:
    std::optional<Incoming> receive(std::optional<SteadyTime> deadline);
    bool resume(std::optional<SteadyTime> deadline);

    Context& context_;
    std::function<void()> before_waiting_;
    MessageStream stream_;
};

/// The cursor of now: whatever arrives or changes from here on comes after it.
std::uint64_t current_cursor(Context& context);

}  // namespace p2pd
