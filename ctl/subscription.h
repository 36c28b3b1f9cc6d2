// ctl: messages as they arrive and change, over any number of connections. Includes std and common.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "ctl/context.h"

namespace p2pd {

/// History after a cursor, then what comes. The cursor survives a broken connection, so nothing is
/// given twice and nothing is left out.
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

    /// Of the last message given, or where it began; 0 until the daemon has said that.
    std::uint64_t cursor() const { return cursor_.value_or(0); }

private:
    void subscribe();
    std::optional<Incoming> receive(std::optional<SteadyTime> deadline);
    std::optional<MessageRecord> take(const Incoming& incoming);
    bool resume(std::optional<SteadyTime> deadline);

    Context& context_;
    std::function<void()> before_waiting_;
    std::optional<std::uint64_t> cursor_;
    std::uint64_t request_ = 0;
    bool begun_ = false;
    std::chrono::milliseconds delay_;
};

/// The cursor of now: whatever arrives or changes from here on comes after it.
std::uint64_t current_cursor(Context& context);

}  // namespace p2pd
