// tests/power: the disk itself, and a store on it.
#include <gtest/gtest.h>

#include "tests/power/memory_vfs.h"

namespace p2pd::test {

namespace {

std::string text_of(MemoryDisk& disk, const char* name) {
    MemoryFile* file = disk.find(name);
    return file == nullptr ? "(none)" : std::string(file->cache);
}

}  // namespace

TEST(MemoryDisk, KeepsOverAPowerCutWhatWasSynced) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        MemoryDisk disk(seed);
        MemoryFile& file = *disk.open("/a", true);
        disk.write(file, std::string(2000, 'x'), 0);
        ASSERT_EQ(disk.sync(file), DiskResult::ok);
        ASSERT_EQ(disk.sync_folder(), DiskResult::ok);
        disk.power_cut();
        EXPECT_EQ(text_of(disk, "/a"), std::string(2000, 'x'));
    }
}

/// All the ends that a power cut can make of an unsynced overwrite, extension and entry come up.
TEST(MemoryDisk, KeepsDropsAndTearsWhatWasNotSynced) {
    std::map<std::string, int> ends;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        MemoryDisk disk(seed);
        MemoryFile& file = *disk.open("/a", true);
        disk.write(file, std::string(512, 'o'), 0);
        disk.sync(file);
        if (seed % 2 == 0) disk.sync_folder();
        disk.write(file, std::string(1024, 'n'), 0);
        disk.power_cut();
        const std::string text = text_of(disk, "/a");
        if (text == "(none)") {
            ++ends[text];
            continue;
        }
        ASSERT_TRUE(text.size() == 512 || text.size() == 1024);
        const bool all_new = text.find('o') == std::string::npos;
        const bool all_old = text.substr(0, 512).find('n') == std::string::npos;
        ++ends[all_new ? "kept" : all_old ? "dropped" : "torn"];
        ++ends[std::to_string(text.size())];
    }
    EXPECT_EQ(ends.size(), 6U);
}

TEST(MemoryDisk, AFailedSyncMayLoseForGoodWhatReadsStillShow) {
    int lost = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        MemoryDisk disk(seed);
        MemoryFile& file = *disk.open("/a", true);
        disk.sync_folder();
        disk.write(file, "old", 0);
        disk.sync(file);
        disk.write(file, "new", 0);
        disk.fail({.operation = DiskOperation::sync});
        ASSERT_EQ(disk.sync(file), DiskResult::failed);
        EXPECT_EQ(file.cache, "new");
        ASSERT_EQ(disk.sync(file), DiskResult::ok);
        disk.power_cut();
        lost += text_of(disk, "/a") == "old" ? 1 : 0;
    }
    EXPECT_GT(lost, 10);
}

TEST(MemoryDisk, HasNoRoomBeyondWhatIsUsedAndReserved) {
    MemoryDisk disk(1);
    MemoryFile& file = *disk.open("/a", true);
    disk.write(file, "12", 0);
    ASSERT_TRUE(disk.reserve(file, 4));
    ASSERT_TRUE(disk.set_ballast(2));
    disk.set_full(true);
    EXPECT_EQ(disk.write(file, "1234", 0), DiskResult::ok);
    EXPECT_EQ(disk.write(file, "5", 4), DiskResult::full);
    EXPECT_FALSE(disk.reserve(file, 5));
    EXPECT_TRUE(disk.set_ballast(0));
    EXPECT_EQ(disk.write(file, "56", 4), DiskResult::ok);
    EXPECT_FALSE(disk.set_ballast(2));
    disk.set_full(false);
    EXPECT_TRUE(disk.set_ballast(2));
}

/// Else a commit that was answered "full" could be whole in the log.
TEST(MemoryDisk, AWriteThatFindsNoRoomWritesLessThanAll) {
    MemoryDisk disk(1);
    for (int i = 0; i < 100; ++i) {
        MemoryFile& file = *disk.open("file" + std::to_string(i), true);
        disk.fail({.kind = DiskFault::Kind::full});
        EXPECT_EQ(disk.write(file, "12", 0), DiskResult::full);
        EXPECT_LT(file.cache.size(), 2U);
    }
}

TEST(MemoryDisk, CarriesAStoreOverAPowerCut) {
    MemoryDisk disk(1);
    MemoryVfs vfs(disk);
    auto store = std::make_unique<Store>(vfs.options());
    StoreBatch batch;
    ReceivedMessage& message = batch.received.emplace_back();
    message.peer = parse_endpoint("10.0.0.5:5000", 0).value();
    message.stamp = {"1.000000", false, 1000000};
    message.text = "hello";
    store->commit(batch);
    disk.power_cut();
    store = std::make_unique<Store>(vfs.options());
    EXPECT_EQ(store->list({}, std::nullopt).messages.at(0).text, "hello");
    store->commit(batch);
    EXPECT_EQ(store->counts().messages, 1U);
}

}  // namespace p2pd::test
