// tests/store: a full disk is no failure.
#include <csignal>
#include <numeric>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/store/failing_vfs.h"
#include "tests/store/store_fixture.h"

namespace p2pd::test {

using Ids = std::vector<MessageId>;

class FullDisk : public StoreTest {
protected:
    /// Receives until the disk is full; how many are stored then.
    std::uint64_t fill() {
        options.pages_max = static_cast<std::uint32_t>(std::stoul(ask("PRAGMA page_count"))) + 40;
        reopen();
        for (std::int64_t us = 1; us < 100000; ++us) {
            if (receive({received(alice, us, std::string(500, 'x'))}).full) break;
        }
        return store->counts().messages;
    }
};

TEST_F(FullDisk, TakesNothingOfABatchAndGoesOn) {
    const std::uint64_t stored = fill();
    StoreBatch batch;
    batch.received = {received(alice, 200000, std::string(5000, 'y'))};
    batch.accepted = {outgoing(bob, 300000, std::string(50000, 'z'))};
    batch.last_stamp_us = 300000;
    const BatchResult result = store->commit(batch);
    EXPECT_TRUE(result.full);
    EXPECT_TRUE(result.accepted.empty());
    EXPECT_EQ(result.last_cursor, stored);
    EXPECT_EQ(result.pending_messages, 0U);
    EXPECT_EQ(store->recover(10).last_stamp_us, 0);
    EXPECT_EQ(store->counts().messages, stored);
    EXPECT_EQ(inbox().size(), std::min<std::size_t>(stored, page_messages_max));
    reopen();
    EXPECT_EQ(store->counts().messages, stored);
}

TEST_F(FullDisk, TakesTheSameBatchOnceThereIsRoom) {
    const std::uint64_t stored = fill();
    options.pages_max = 0;
    reopen();
    EXPECT_FALSE(receive({received(alice, std::int64_t(stored) + 1, "again")}).full);
    EXPECT_EQ(inbox().back(), "again");
}

TEST_F(FullDisk, LetsMessagesBeDeletedAndThenTakesNewOnes) {
    const std::uint64_t stored = fill();
    Ids ids(stored);
    std::iota(ids.begin(), ids.end(), 1);
    EXPECT_EQ(store->remove(ids), stored);
    EXPECT_FALSE(receive({received(alice, 200000, std::string(500, 'y'))}).full);
}

TEST_F(FullDisk, GivesTheRoomOfTheBallastToDeletingAndMakesItAgain) {
    const auto ballast = options.state_dir / "ballast";
    ASSERT_GE(std::filesystem::file_size(ballast), 1024U * 1024U);
    receive({received(alice, 1, "a"), received(alice, 2, "b")});
    FailingVfs vfs;
    options.vfs = vfs.name();
    reopen();
    vfs.full_while_there_is(ballast);
    EXPECT_TRUE(receive({received(alice, 3, "c")}).full);
    EXPECT_EQ(store->mark(Ids{1, 2}, false, true), 2U);
    EXPECT_EQ(store->remove(Ids{1}), 1U);
    EXPECT_EQ(store->purge(at_second(5000)), 1U);
    EXPECT_TRUE(std::filesystem::exists(ballast));
    store.reset();
}

/// Each of them takes a pack apart, which are more pages than have room at once.
TEST_F(FullDisk, LetsWhatIsPackedBeMarkedInPieces) {
    Ids ids;
    for (int pack = 0; pack < 20; ++pack) {
        std::vector<ReceivedMessage> messages;
        for (int i = 0; i < 60; ++i) {
            messages.push_back(received(alice, 1 + pack * 60 + i, std::string(500, 'x')));
        }
        receive(std::move(messages));
        ids.push_back(MessageId(1 + pack * 60));
    }
    FailingVfs vfs;
    options.vfs = vfs.name();
    reopen();
    vfs.full_after(100);
    EXPECT_EQ(store->mark(ids, false, true), 20U);
    EXPECT_EQ(store->counts().unread, 20U * 60U - 20U);
    store.reset();
}

/// Else the checkpoint that every start needs could not be made.
TEST_F(FullDisk, SetsRoomAsideForWhatIsOnlyInTheLog) {
    receive({received(alice, 1, std::string(100000, 'x'))});
    struct stat status {};
    ASSERT_EQ(stat((options.state_dir / "p2pd.db").c_str(), &status), 0);
    EXPECT_GE(status.st_blocks * 512, std::stol(ask("PRAGMA page_count")) * 4096);
}

TEST_F(FullDisk, OnlyDelaysWhatCanWait) {
    const MessageId id = send(outgoing(bob, 1, "x", at_second(0)));
    FailingVfs vfs;
    options.vfs = vfs.name();
    reopen();
    vfs.fail_at(1, FailingVfs::Kind::full);
    EXPECT_TRUE(store->maintain(at_second(1000000)).expired.empty());
    EXPECT_EQ(record(id).state, SendState::queued);
    EXPECT_EQ(store->maintain(at_second(1000000)).expired, Ids{id});
    store.reset();
}

TEST_F(FullDisk, MayBeAQuota) {
    FailingVfs vfs;
    options.vfs = vfs.name();
    reopen();
    vfs.fail_at(1, FailingVfs::Kind::quota);
    EXPECT_TRUE(receive({received(alice, 1, "a")}).full);
    EXPECT_FALSE(receive({received(alice, 1, "a")}).full);
    EXPECT_EQ(inbox(), std::vector<std::string>{"a"});
    store.reset();
}

/// No file may be longer than so many bytes, as `ulimit -f` and systemd's LimitFSIZE= say it.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &old_);
        const rlimit limit{bytes, old_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &old_);
        std::signal(SIGXFSZ, old_handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    void (*old_handler_)(int);
    rlimit old_{};
};

TEST_F(FullDisk, MayBeALimitOfTheFilesSize) {
    std::int64_t us = 1;
    {
        const FileSizeLimit limit(300000);
        options.checkpoint_bytes = 100000;
        reopen();
        while (!receive({received(alice, us, std::string(5000, 'x'))}).full) {
            ASSERT_LT(++us, 1000);
        }
        EXPECT_TRUE(receive({received(alice, us, std::string(5000, 'x'))}).full);
        EXPECT_EQ(store->counts().messages, static_cast<std::uint64_t>(us - 1));
        EXPECT_EQ(store->mark(Ids{1}, false, true), 1U);
        EXPECT_EQ(store->remove(Ids{1}), 1U);
        store->maintain(at_second(2000));
        reopen();
        EXPECT_EQ(store->counts().messages, static_cast<std::uint64_t>(us - 2));
    }
    store->maintain(at_second(2000));
    EXPECT_FALSE(receive({received(alice, us, std::string(5000, 'x'))}).full);
    EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
}

/// The log meets the limit before the main file does.
TEST_F(FullDisk, MayBeALimitOfTheLogsSize) {
    std::int64_t us = 1;
    {
        const FileSizeLimit limit(300000);
        for (;; ++us) {
            if (receive({received(alice, us, "x")}).full) break;
            ASSERT_LT(us, 1000);
        }
        store->maintain(at_second(2000));
        EXPECT_FALSE(receive({received(alice, us, "x")}).full);
    }
    EXPECT_EQ(store->counts().messages, static_cast<std::uint64_t>(us));
    EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
}

/// Wherever a write finds no room, all or nothing of a batch is there, and it can come again.
TEST_F(FullDisk, AtAnyWriteLosesAndDoublesNothing) {
    FailingVfs vfs;
    options.vfs = vfs.name();
    options.checkpoint_bytes = 20000;
    reopen();
    std::int64_t us = 1;
    std::uint64_t expected = 0;
    for (std::uint64_t k = 1;; ++k) {
        vfs.fail_at(k, FailingVfs::Kind::full);
        for (int i = 0; i < 3; ++i) {
            const std::vector<ReceivedMessage> batch{received(alice, ++us, "a"),
                                                     received(bob, ++us, std::string(9000, 'b'))};
            if (receive(batch).full) {
                EXPECT_EQ(store->counts().messages, expected);
                ASSERT_FALSE(receive(batch).full);
            }
            expected += 2;
            ASSERT_EQ(store->counts().messages, expected);
        }
        if (!vfs.has_failed()) break;
    }
    vfs.fail_never();
    reopen();
    EXPECT_EQ(store->counts().messages, expected);
    EXPECT_EQ(ask("SELECT count(*) FROM each_message"), std::to_string(expected));
    EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
    store.reset();
}

}  // namespace p2pd::test
