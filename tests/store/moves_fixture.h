// tests/store: a store whose pages go to the database ahead of its checkpoints.
#pragma once

#include <string>
#include <vector>

#include "tests/store/store_fixture.h"

namespace p2pd::test {

/// The first transaction that finds 30,000 bytes in the log has them moved.
class MovesTest : public StoreTest {
protected:
    MovesTest(MoveAhead how, std::string tail) : tail_(std::move(tail)) {
        options.checkpoint_bytes = 400'000;
        options.move_bytes_min = 30'000;
        options.move_ahead = how;
    }

    ReceivedMessage next_received() {
        ++received_;
        return received(alice, received_, std::to_string(received_) + tail_);
    }
    /// Each of them whole, and none twice.
    void expect_all(Store& there) {
        ASSERT_EQ(there.counts().messages, static_cast<std::uint64_t>(received_));
        for (std::int64_t id = 1; id <= received_; ++id) {
            const auto found = there.get(std::vector{static_cast<MessageId>(id)});
            ASSERT_EQ(found.at(0).text, std::to_string(id) + tail_);
        }
    }

    std::int64_t received_ = 0;

private:
    std::string tail_;  ///< of each text
};

}  // namespace p2pd::test
