// tests/power: the power fails once more while a store starts after a failed sync.
#include <gtest/gtest.h>

#include "daemon/store_implementation.h"
#include "tests/power/memory_vfs.h"

namespace p2pd::test {

namespace {

ReceivedMessage long_message(std::int64_t us) {
    ReceivedMessage received;
    received.peer = parse_endpoint("10.0.0.5:5000", 0).value();
    received.stamp = {"1." + std::to_string(1000000 + us).substr(1), false, us};
    received.text = std::string(3000, static_cast<char>('a' + us));
    return received;
}

/// Two transactions are in the log that touch other pages of the main file each; the sync of the
/// second fails.
void fail_a_sync(MemoryDisk& disk, Store& store) {
    StoreBatch many;
    for (std::int64_t us = 1; us <= 40; ++us) many.received.push_back(long_message(us));
    store.commit(many);
    store.checkpoint();
    store.mark(std::vector<MessageId>{40}, false, true);
    disk.fail({.operation = DiskOperation::sync});
    EXPECT_THROW(store.remove(std::vector<MessageId>{1, 2, 3, 4, 5, 6, 7, 8}), StoreFailure);
}

/// False when the start is over before its `at`-th operation.
bool cut_during_start(std::uint64_t seed, std::uint64_t at) {
    MemoryDisk disk(seed);
    MemoryVfs vfs(disk);
    auto store = std::make_unique<Store>(vfs.options());
    fail_a_sync(disk, *store);
    store.reset();
    disk.fail({.at = at, .kind = DiskFault::Kind::power_cut});
    try {
        store = std::make_unique<Store>(vfs.options());
        return false;
    } catch (const StoreFailure&) {
    }
    store = std::make_unique<Store>(vfs.options());
    auto& connection = StoreInspector::rooms(*store).state.connection();
    EXPECT_EQ(connection.ask("PRAGMA integrity_check"), "ok");
    const std::string messages = connection.ask("SELECT count(*) FROM each_message");
    EXPECT_EQ(messages, std::to_string(store->counts().messages));
    EXPECT_TRUE(messages == "40" || messages == "32") << messages;
    EXPECT_EQ(connection.ask("SELECT count(*) FROM each_message WHERE tray = 1"), "1");
    return true;
}

}  // namespace

/// What the disk has of the log is older than what the page cache showed, and the main file has
/// some of the newer pages: the old log must not be replayed over those.
TEST(Restart, LosesNothingWhenThePowerFailsInTheMiddleOfIt) {
    for (std::uint64_t seed = 0; seed < 5 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        for (std::uint64_t at = 1; cut_during_start(seed, at); ++at) {
            if (testing::Test::HasFailure()) FAIL() << "at operation " << at;
        }
    }
}

}  // namespace p2pd::test
