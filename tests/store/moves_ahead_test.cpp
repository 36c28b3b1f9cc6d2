// tests/store: pages that go to the database ahead of a checkpoint, and what may go wrong then.
#include "daemon/store_check.h"
#include "tests/store/failing_vfs.h"
#include "tests/store/moves_fixture.h"

namespace p2pd::test {

class Ahead : public MovesTest {
protected:
    Ahead() : MovesTest(MoveAhead::next, std::string(5000, 'x')) {
        options.vfs = vfs.name();
        reopen();
    }
    ~Ahead() override { store.reset(); }  // before its VFS

    bool receive_some(int count) {
        for (int i = 0; i < count; ++i) {
            if (receive({next_received()}).full) return false;
        }
        return true;
    }
    /// Of so many large messages.
    std::uint64_t bytes_of_a_checkpoint(int messages) {
        for (int i = 0; i < messages; ++i) {
            receive({received(bob, ++numbers_, std::string(50'000, 'x'))});
        }
        const std::uint64_t before = vfs.written_bytes();
        store->checkpoint();
        return vfs.written_bytes() - before;
    }
    std::uintmax_t log_bytes() {
        return std::filesystem::file_size(options.state_dir / "p2pd.db-wal");
    }

    FailingVfs vfs;
    std::int64_t numbers_ = 0;
};

TEST_F(Ahead, LeavesACheckpointLittleToWrite) {
    options.checkpoint_bytes = 2'000'000;
    reopen();
    const std::uint64_t with = bytes_of_a_checkpoint(17);
    options.move_ahead = MoveAhead::never;
    reopen();
    const std::uint64_t without = bytes_of_a_checkpoint(17);
    EXPECT_LT(2 * with, without);
}

TEST_F(Ahead, KeepsEveryMessageAndEveryPageWhole) {
    receive_some(300);
    expect_all(*store);
    reopen();
    expect_all(*store);
    store.reset();
    EXPECT_EQ(check_store(options.state_dir).damage, std::vector<std::string>{});
}

TEST_F(Ahead, LosesNothingIfTheProcessEndsAtAnyMessage) {
    for (int i = 0; i < 60; ++i) {
        receive_some(1);
        options.vfs.clear();
        expect_all(*open_copy());
        options.vfs = vfs.name();
    }
}

TEST_F(Ahead, KeepsTheLogShort) {
    receive_some(600);
    EXPECT_LT(log_bytes(), 2 * options.checkpoint_bytes + 100'000);
}

TEST_F(Ahead, PagesThatWereGivenUpAreCutOff) {
    receive_some(100);
    store->mark({}, true, true);
    EXPECT_EQ(store->purge(at_second(5000)), 100U);
    received_ = 0;
    store->checkpoint();
    expect_all(*store);
    reopen();
    receive({received(alice, 200, "after")});
    EXPECT_EQ(inbox(), std::vector<std::string>{"after"});
    store.reset();
    EXPECT_EQ(check_store(options.state_dir).damage, std::vector<std::string>{});
}

TEST_F(Ahead, AFailedWriteEndsTheStoreForGood) {
    // A commit is some writes and one sync, so one of these is in a move.
    for (std::uint64_t operation = 1; operation <= 60; ++operation) {
        vfs.fail_at(operation, FailingVfs::Kind::io_error);
        try {
            receive_some(20);
        } catch (const StoreFailure&) {
            EXPECT_THROW(inbox(), StoreFailure);
            --received_;
        }
        ASSERT_TRUE(vfs.has_failed());
        vfs.fail_never();
        reopen();
        const std::uint64_t kept = store->counts().messages;
        ASSERT_TRUE(kept == static_cast<std::uint64_t>(received_) ||
                    kept == static_cast<std::uint64_t>(received_) + 1);
        received_ = static_cast<std::int64_t>(kept);
        expect_all(*store);
    }
}

TEST_F(Ahead, AFullDiskIsLeftToTheCheckpoint) {
    for (std::uint64_t operation = 1; operation <= 60; ++operation) {
        vfs.fail_at(operation, FailingVfs::Kind::full);
        if (!receive_some(20)) --received_;
        ASSERT_TRUE(vfs.has_failed());
        expect_all(*store);
    }
    reopen();
    expect_all(*store);
}

}  // namespace p2pd::test
