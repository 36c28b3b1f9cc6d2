// tests/store: what the store does beside the thread that uses it. Run with a sanitizer for
// threads.
#include "daemon/store_check.h"
#include "tests/store/store_fixture.h"

namespace p2pd::test {

class Beside : public StoreTest {
protected:
    Beside() {
        options.checkpoint_bytes = 400'000;
        options.move_bytes_min = 30'000;
        options.move_ahead = MoveAhead::beside;
        reopen();
    }

    void receive_some(int batches) {
        for (int i = 0; i < batches; ++i) {
            std::vector<ReceivedMessage> messages;
            for (int k = 0; k < 20; ++k) {
                ++received_;
                messages.push_back(
                    received(alice, received_, std::to_string(received_) + std::string(900, 'x')));
            }
            receive(std::move(messages));
        }
    }
    void expect_all(Store& there) {
        ASSERT_EQ(there.counts().messages, static_cast<std::uint64_t>(received_));
        for (std::int64_t id = 1; id <= received_; ++id) {
            const auto found = there.get(std::vector{static_cast<MessageId>(id)});
            ASSERT_EQ(found.at(0).text, std::to_string(id) + std::string(900, 'x'));
        }
    }

    std::int64_t received_ = 0;
};

TEST_F(Beside, MessagesAreReadAndWrittenWhilePagesMove) {
    for (int i = 0; i < 30; ++i) {
        receive_some(10);
        EXPECT_EQ(store->get(std::vector{static_cast<MessageId>(received_ - 5)}).size(), 1U);
    }
    expect_all(*store);
    reopen();
    expect_all(*store);
    store.reset();
    EXPECT_EQ(check_store(options.state_dir).damage, std::vector<std::string>{});
}

TEST_F(Beside, AStoreIsClosedWhilePagesMove) {
    for (int i = 0; i < 20; ++i) {
        receive_some(3);
        reopen();
    }
    expect_all(*store);
}

TEST_F(Beside, AStoreIsCopiedWhilePagesMove) {
    for (int i = 0; i < 20; ++i) {
        receive_some(4);
        BackupStep step;
        do {
            step = store->backup(at_second(1000 + i));
        } while (!step.done);
        EXPECT_EQ(step.error, "");
    }
    expect_all(*store);
}

}  // namespace p2pd::test
