// tests/power: what a start after a failed sync makes durable.
#include <gtest/gtest.h>

#include "tests/power/memory_vfs.h"

namespace p2pd::test {

namespace {

StoreBatch message(std::int64_t us) {
    StoreBatch batch;
    ReceivedMessage& received = batch.received.emplace_back();
    received.peer = parse_endpoint("10.0.0.5:5000", 0).value();
    received.stamp = {"1." + std::to_string(1000000 + us).substr(1), false, us};
    received.text = std::to_string(us);
    return batch;
}

}  // namespace

/// A sync fails, the store starts again, finds the message in the page cache and so confirms a copy
/// of it. The old log, which the disk has without that message, must not come back and be replayed.
TEST(Restart, KeepsWhatAFailedSyncLeftInThePageCache) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        SCOPED_TRACE(seed);
        MemoryDisk disk(seed);
        MemoryVfs vfs(disk);
        auto store = std::make_unique<Store>(vfs.options());
        store->commit(message(1));
        disk.fail({.operation = DiskOperation::sync});
        EXPECT_THROW(store->commit(message(2)), StoreFailure);
        store = std::make_unique<Store>(vfs.options());
        store->commit(message(2));  // a copy, or new: confirmed now
        ASSERT_EQ(store->counts().messages, 2U);
        disk.power_cut();
        store = std::make_unique<Store>(vfs.options());
        ASSERT_EQ(store->counts().messages, 2U);
    }
}

}  // namespace p2pd::test
