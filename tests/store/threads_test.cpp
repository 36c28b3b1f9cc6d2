// tests/store: what the store does beside the thread that uses it. Run with a sanitizer for
// threads.
#include "daemon/store_check.h"
#include "tests/store/moves_fixture.h"

namespace p2pd::test {

class Beside : public MovesTest {
protected:
    Beside() : MovesTest(MoveAhead::beside, std::string(900, 'x')) { reopen(); }

    void receive_some(int batches) {
        for (int i = 0; i < batches; ++i) {
            std::vector<ReceivedMessage> messages;
            for (int k = 0; k < 20; ++k) messages.push_back(next_received());
            receive(std::move(messages));
        }
    }
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
