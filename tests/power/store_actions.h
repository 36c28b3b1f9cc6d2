// tests/power: what a store does, one thing at a time. Includes std, daemon/store.
#pragma once

#include <functional>
#include <vector>

#include "daemon/store.h"

namespace p2pd::test {

/// What is there before the fault: read and unread, sent and pending, a part, all in the log; and
/// some of it is not in the index for searching yet.
void furnish(Store& store);

/// One thing that the store does. It says whether it was done, which it must not if it was not.
struct Action {
    const char* name;
    std::function<bool(Store&)> run;
    /// A question whose answer is `done` after it and `undone` before it.
    const char* question;
    const char* undone;
    const char* done;
};

const std::vector<Action>& store_actions();

}  // namespace p2pd::test
