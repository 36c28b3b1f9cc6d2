// tests/store: what was committed is there, whatever fails (Policy P).
#include <cstdlib>
#include <set>

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

/// Commits, checkpoints, marks and deletes; the daemon restarts after each failure and its peers
/// send again what was not acknowledged. Then the power goes, and what was acknowledged is looked
/// for on what the disk really has.
class PowerCut : public StoreTest {
protected:
    PowerCut() {
        store.reset();
        options.checkpoint_bytes = 30000;
    }

    void run_until_power_cut(std::uint64_t failing_operation, std::uint64_t cut_after) {
        vfs_ = std::make_unique<FailingVfs>();
        options.vfs = vfs_->name();
        options.state_dir = folder.path() / ("run" + std::to_string(++runs_));
        acknowledged_.clear();
        sent_.clear();
        vfs_->fail_at(failing_operation, FailingVfs::Kind::io_error);
        for (std::uint64_t step = 1; step <= cut_after; ++step) {
            while (!survives([&] { take_step(std::int64_t(step)); })) {
            }
        }
        check_after_power_cut();
        store.reset();
    }

    bool failed_in_time() const { return vfs_->has_failed(); }

private:
    /// False: the daemon died of it and starts again.
    bool survives(const std::function<void()>& work) {
        try {
            if (!store) open();
            work();
            return true;
        } catch (const StoreFailure&) {
            store.reset();
            return false;
        }
    }

    void take_step(std::int64_t step) {
        const std::string text = std::to_string(step) + std::string(2000, 'x');
        StoreBatch batch;
        batch.received = {received(alice, step, text), part(bob, 10 * step, 1, 2, text),
                          part(bob, 10 * step, 2, 2, text)};
        batch.accepted = {
            outgoing(bob, std::max<std::int64_t>(store->recover(0).last_stamp_us + 1, step), text)};
        batch.accepted[0].request_id = text;
        const BatchResult result = store->commit(batch);
        acknowledged_.insert({text, text + text});
        sent_.insert(result.accepted.at(0).id);
        if (step % 2 == 0) store->mark({}, true, true);
        if (step == 3) store->maintain(at_second(2000));
    }

    void check_after_power_cut() {
        TemporaryFolder left;
        vfs_->power_cut(options.state_dir, left.path(), random_);
        const FailingVfs no_real_syncs;
        StoreOptions after = options;
        after.vfs = no_real_syncs.name();
        after.state_dir = left.path();
        Store survivor(after);
        const std::vector<std::string> there = inbox(survivor);
        EXPECT_EQ(there.size(), acknowledged_.size());
        EXPECT_TRUE(std::set<std::string>(there.begin(), there.end()) == acknowledged_);
        EXPECT_EQ(survivor.get(Ids(sent_.begin(), sent_.end())).size(), sent_.size());
        auto& connection = StoreInspector::rooms(survivor).state.connection();
        EXPECT_EQ(connection.ask("PRAGMA integrity_check"), "ok");
    }

    std::unique_ptr<FailingVfs> vfs_;
    std::mt19937 random_{20261122};
    std::set<std::string> acknowledged_;
    std::set<MessageId> sent_;
    int runs_ = 0;
};

TEST_F(PowerCut, LosesNothingAcknowledgedWhicheverOperationFailedBefore) {
    // P2P_EVERY_OPERATION=1 takes some minutes where others work too.
    const std::uint64_t stride = std::getenv("P2P_EVERY_OPERATION") != nullptr ? 1 : 7;
    for (std::uint64_t k = 1;; k += stride) {
        SCOPED_TRACE("operation " + std::to_string(k) + " fails");
        run_until_power_cut(k, 4);
        if (HasFailure() || !failed_in_time()) break;
    }
}

TEST_F(PowerCut, LosesNothingAcknowledgedAtAnyStep) {
    for (std::uint64_t step = 1; step <= 20; ++step) {
        SCOPED_TRACE("power cut after step " + std::to_string(step));
        run_until_power_cut(0, step);
        if (HasFailure()) break;
    }
}

}  // namespace p2pd::test
