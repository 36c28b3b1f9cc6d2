// tests/power: every operation of the disk and every allocation fails once, and from there on, in
// everything that the store does. Its own program, since it replaces operator new.
#include <cstdlib>
#include <memory>
#include <new>

#include <gtest/gtest.h>

#include "daemon/store_implementation.h"
#include "tests/core/sanitized.h"
#include "tests/power/failing_memory.h"
#include "tests/power/memory_vfs.h"
#include "tests/power/store_actions.h"

namespace p2pd::test {

namespace {

/// The fault of one round, in the disk or in the memory.
struct Fault {
    enum class Place { disk, power, our_memory, memory_of_sqlite };
    Place place = Place::disk;
    bool for_ever = false;
};

const char* name_of(Fault::Place place) {
    static constexpr std::array names{"Disk", "Power", "OurMemory", "MemoryOfSqlite"};
    return names.at(static_cast<std::size_t>(place));
}

std::ostream& operator<<(std::ostream& out, Fault::Place place) {
    return out << name_of(place);
}

class Round {
public:
    explicit Round(std::uint64_t seed) : disk_(seed), vfs_(disk_) {}

    MemoryDisk& disk() { return disk_; }
    const char* vfs() const { return vfs_.name(); }

    void set(const Fault& fault, std::uint64_t at) {
        if (fault.place == Fault::Place::our_memory ||
            fault.place == Fault::Place::memory_of_sqlite) {
            return fail_allocation({fault.place == Fault::Place::our_memory, at, fault.for_ever});
        }
        const auto kind = fault.place == Fault::Place::power ? DiskFault::Kind::power_cut
                                                             : DiskFault::Kind::io_error;
        disk_.fail({.operation = {}, .at = at, .for_ever = fault.for_ever, .kind = kind});
        fail_allocation({.at = 0});
    }
    void heal() {
        heal_memory();
        disk_.heal();
    }
    bool has_failed() const { return disk_.has_failed() || memory_has_failed(); }

    std::unique_ptr<Store> open() { return std::make_unique<Store>(vfs_.options()); }

    /// Whether `work` was done. What it throws must be one of what the daemon expects.
    template <class Work>
    bool survives(Work&& work) {
        try {
            return work();
        } catch (const StoreFailure&) {
        } catch (const std::bad_alloc&) {
        }
        return false;
    }

private:
    MemoryDisk disk_;
    MemoryVfs vfs_;
};

std::string ask(Store& store, const char* question) {
    return StoreInspector::rooms(store).state.connection().ask(question);
}

void check(Store& store, const Action& action, bool done) {
    EXPECT_EQ(ask(store, "PRAGMA integrity_check"), "ok");
    EXPECT_EQ(ask(store, "SELECT messages - (SELECT count(*) FROM each_message) FROM meta"), "0");
    EXPECT_EQ(ask(store, "SELECT count(*) FROM body"), ask(store, "SELECT count(*) FROM message"));
    EXPECT_EQ(ask(store, "SELECT count(*) FROM each_message WHERE text IS NULL"), "0");
    const std::string answer = ask(store, action.question);
    EXPECT_TRUE(answer == action.done || (!done && answer == action.undone)) << answer;
}

class WatchedMemory : public ::testing::Environment {
public:
    void SetUp() override { ASSERT_TRUE(watch_sqlite_memory()); }
};
const auto* const watched_memory = ::testing::AddGlobalTestEnvironment(new WatchedMemory);

using Case = std::tuple<std::size_t, Fault::Place, bool>;

class EachFault : public ::testing::TestWithParam<Case> {
protected:
    const Action& action() const { return store_actions().at(std::get<0>(GetParam())); }
    Fault fault() const { return {std::get<1>(GetParam()), std::get<2>(GetParam())}; }
};

/// False: there is no k-th operation any more.
bool play(const Action& action, const Fault& fault, std::uint64_t k) {
    Round round(k);
    auto store = round.open();
    furnish(*store);
    if (action.name == std::string("start")) store.reset();
    if (action.name == std::string("load")) {
        store.reset();
        store = round.open();  // nothing is in SQLite's cache
    }
    round.set(fault, k);
    const bool done = round.survives([&] {
        if (!store) store = round.open();
        return action.run(*store);
    });
    const bool has_failed = round.has_failed();
    round.heal();
    // A store that did not fail must be able to go on, and else the process starts again.
    const bool goes_on = store && round.survives([&] {
        check(*store, action, done);
        return true;
    });
    EXPECT_TRUE(goes_on || has_failed);
    if (!goes_on || k % 2 == 0) {
        round.disk().end_process();
        store.reset();
        if (k % 3 == 0) round.disk().power_cut();
        store = round.open();
        check(*store, action, done);
    }
    if (!done) {
        EXPECT_TRUE(action.run(*store) || action.name == std::string("expire"));
        check(*store, action, true);
    }
    return has_failed;
}

/// SQLite makes hundreds of allocations, and in a start thousands, of which a run by default takes
/// some. All of them, with P2P_EVERY_OPERATION=1, take some minutes.
std::uint64_t stride_of(const Fault& fault, bool is_start) {
    if (std::getenv("P2P_EVERY_OPERATION") != nullptr) return 1;
    const bool many = fault.place == Fault::Place::memory_of_sqlite;
    return (!many ? 1 : is_start ? 17 : 3) * (sanitized ? 11 : 1);
}

}  // namespace

/// k = 1, 2, ... until nothing fails any more.
TEST_P(EachFault, LosesNothingConfirmed) {
    const bool long_one = action().name == std::string("start");
    const std::uint64_t stride = stride_of(fault(), long_one);
    std::uint64_t k = 1;
    for (bool failed = true; failed; k += stride) {
        SCOPED_TRACE("operation " + std::to_string(k));
        failed = play(action(), fault(), k);
        if (HasFailure()) break;
    }
    RecordProperty("operations", std::to_string(k));
    const bool none =
        action().name == std::string("checkpoint") && fault().place == Fault::Place::our_memory;
    EXPECT_EQ(k > stride + 1, !none);
}

INSTANTIATE_TEST_SUITE_P(
    Store, EachFault,
    ::testing::Combine(::testing::Range(std::size_t{0}, store_actions().size()),
                       ::testing::Values(Fault::Place::disk, Fault::Place::power,
                                         Fault::Place::our_memory, Fault::Place::memory_of_sqlite),
                       ::testing::Bool()),
    [](const auto& test) {
        return std::string(store_actions().at(std::get<0>(test.param)).name) + "_" +
               name_of(std::get<1>(test.param)) + (std::get<2>(test.param) ? "_ForEver" : "_Once");
    });

class Start : public ::testing::TestWithParam<std::tuple<Fault::Place, bool>> {
protected:
    /// A start on what `prepare` left meets the k-th fault; after the next one `check` looks.
    template <class Prepare, class Check>
    void meet_each_fault(Prepare&& prepare, Check&& check) {
        const Fault fault{std::get<0>(GetParam()), std::get<1>(GetParam())};
        const std::uint64_t stride = stride_of(fault, true);
        bool failed = true;
        for (std::uint64_t k = 1; failed && !HasFailure(); k += stride) {
            SCOPED_TRACE("operation " + std::to_string(k));
            Round round(k);
            prepare(round);
            round.set(fault, k);
            std::unique_ptr<Store> store;
            const bool done = round.survives([&] {
                store = round.open();
                return true;
            });
            failed = round.has_failed();
            round.heal();
            EXPECT_TRUE(done || failed);
            round.disk().end_process();
            store.reset();
            if (k % 2 == 0) round.disk().power_cut();
            store = round.open();
            check(*store);
            EXPECT_EQ(ask(*store, "PRAGMA integrity_check"), "ok");
        }
    }
};

/// It makes the file and all tables.
TEST_P(Start, ForTheFirstTime) {
    meet_each_fault([](Round&) {},
                    [](Store& store) {
                        furnish(store);
                        EXPECT_EQ(store.counts().messages, 14U);
                    });
}

/// What a p2pd with the first schema left; every step from there on is taken.
TEST_P(Start, OnAStoreOfVersion1) {
    meet_each_fault(
        [](Round& round) {
            sqlite::Connection connection("/p2pd.db", round.vfs());
            connection.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL");
            migrate(connection, store_migrations().first(1));
            connection.execute(
                "INSERT INTO peer (id, address) VALUES (1, '10.0.0.5:5000');"
                "INSERT INTO message (id, tray, peer_id, cursor, time_us, late_us, stamp_us, "
                "parts, "
                "stamp, stamp_is_text) VALUES (1, 0, 1, 1, 1, 0, 1, 1, '0.000001', 0);"
                "INSERT INTO body (id, text) VALUES (1, 'from version 1');"
                "UPDATE meta SET last_id = 1, last_cursor = 1, messages = 1, unread = 1, peers = "
                "1");
        },
        [](Store& store) {
            EXPECT_EQ(store.list({}, std::nullopt).messages.at(0).text, "from version 1");
            EXPECT_EQ(ask(store, "PRAGMA user_version"), std::to_string(store_migrations().size()));
        });
}

INSTANTIATE_TEST_SUITE_P(
    Store, Start,
    ::testing::Combine(::testing::Values(Fault::Place::disk, Fault::Place::power,
                                         Fault::Place::our_memory, Fault::Place::memory_of_sqlite),
                       ::testing::Bool()),
    [](const auto& test) {
        return std::string(name_of(std::get<0>(test.param))) +
               (std::get<1>(test.param) ? "_ForEver" : "_Once");
    });

}  // namespace p2pd::test
