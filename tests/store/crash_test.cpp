// tests/store: what was committed is there, whatever fails (Policy P). Power cuts: see tests/power.
#include "tests/store/failing_vfs.h"
#include "tests/store/store_fixture.h"

namespace p2pd::test {

using Ids = std::vector<MessageId>;

class Crash : public StoreTest {};

TEST_F(Crash, LeavesEverythingCommitted) {
    receive({received(alice, 1, "a"), part(alice, 50, 1, 2, "half ")});
    const MessageId id = send(outgoing(bob, 100, "out"));
    update({.id = id, .attempts = 3});
    store->mark(Ids{1}, false, true);
    store->set_name(bob, "bob", Dialect::upper);
    const auto copy = open_copy();
    EXPECT_EQ(copy->recover(10).last_stamp_us, 100);
    EXPECT_EQ(copy->recover(10).pending_messages, 1U);
    EXPECT_EQ(copy->get(Ids{1}).at(0).read, true);
    EXPECT_EQ(copy->get(Ids{id}).at(0).attempts, 3U);
    EXPECT_EQ(copy->get(Ids{id}).at(0).name, "bob");
    StoreBatch batch;
    batch.received = {received(alice, 1, "a"), part(alice, 50, 2, 2, "and half")};
    copy->commit(batch);
    EXPECT_EQ(inbox(*copy), (std::vector<std::string>{"a", "half and half"}));
}

TEST_F(Crash, FailedSyncEndsTheStoreForGood) {
    FailingVfs vfs;
    options.vfs = vfs.name();
    reopen();
    vfs.fail_at(1, FailingVfs::Kind::io_error);
    EXPECT_THROW(receive({received(alice, 1, "a")}), StoreFailure);
    EXPECT_THROW(receive({received(alice, 1, "a")}), StoreFailure);
    EXPECT_THROW(inbox(), StoreFailure);
    EXPECT_THROW(store->maintain(at_second(1)), StoreFailure);
    EXPECT_THROW(store->checkpoint(), StoreFailure);
    store.reset();
}

TEST_F(Crash, FailedCheckpointEndsTheStore) {
    FailingVfs vfs;
    options.vfs = vfs.name();
    reopen();
    receive({received(alice, 1, "a")});
    vfs.fail_at(1, FailingVfs::Kind::io_error);
    EXPECT_THROW(store->checkpoint(), StoreFailure);
    store.reset();
}

TEST_F(Crash, OpeningFailsIfWhatWasRecoveredCannotBeSynced) {
    receive({received(alice, 1, "a")});
    FailingVfs vfs;
    options.vfs = vfs.name();
    store.reset();
    vfs.fail_at(1, FailingVfs::Kind::io_error);
    EXPECT_THROW(open(), StoreFailure);
    open();
    EXPECT_EQ(inbox(), std::vector<std::string>{"a"});
    store.reset();
}

}  // namespace p2pd::test
