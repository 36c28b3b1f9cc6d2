// tests/store: what a page costs, counted in steps of SQLite's machine rather than in time.
#include "tests/store/store_fixture.h"

namespace p2pd::test {

class Cost : public StoreTest {
protected:
    sqlite3* handle(Store& of) { return StoreInspector::rooms(of).state.connection().handle(); }

    std::vector<sqlite3_stmt*> statements(Store& of) {
        std::vector<sqlite3_stmt*> all;
        sqlite3_stmt* next = nullptr;
        while ((next = sqlite3_next_stmt(handle(of), next)) != nullptr) all.push_back(next);
        return all;
    }

    int steps(Store& of, const std::function<void(Store&)>& work) {
        for (sqlite3_stmt* it : statements(of)) {
            sqlite3_stmt_status(it, SQLITE_STMTSTATUS_VM_STEP, 1);
        }
        work(of);
        int sum = 0;
        for (sqlite3_stmt* it : statements(of)) {
            sum += sqlite3_stmt_status(it, SQLITE_STMTSTATUS_VM_STEP, 0);
        }
        return sum;
    }

    /// Half received, half sent, most of both with alice; one in a hundred is still open.
    void fill(Store& to, std::int64_t count) {
        StoreBatch batch;
        for (std::int64_t i = 1; i <= count; ++i) {
            const Endpoint& peer = i % 10 < 8 ? alice : bob;
            const std::string text = i % 10 == 9 ? "rare word" : "common";
            if (i % 2 == 0) {
                batch.received.push_back(received(peer, i, text, at_second(i)));
            } else {
                batch.accepted.push_back(outgoing(peer, i, text, at_second(i)));
            }
            if (i % 5000 != 0 && i != count) continue;
            const BatchResult result = to.commit(batch);
            StoreBatch finish;
            for (const auto& accepted : result.accepted) {
                if (accepted.id % 51 != 0) {
                    finish.updates.push_back({.id = accepted.id, .state = OutState::delivered});
                }
            }
            to.commit(finish);
            batch = {};
        }
        while (to.maintain(at_second(0)).more) {
        }
    }
};

/// Every statement that the store ever prepared: no table is read from end to end, nothing sorted.
TEST_F(Cost, NoStatementScansOrSorts) {
    options.parse_ahead = true;
    reopen();
    int checked = 0;
    for (sqlite3_stmt* it : statements(*store)) {
        const std::string sql = sqlite3_sql(it);
        if (sql.find("message_fts_") != std::string::npos || !sql.starts_with("SELECT")) continue;
        sqlite::Statement plan(StoreInspector::rooms(*store).state.connection(),
                               "EXPLAIN QUERY PLAN " + sql);
        sqlite::Run row = plan.run();
        while (row.step()) {
            row.skip(3);
            const auto detail = row.next<std::string>();
            const bool scan = detail.find("SCAN") != std::string::npos &&
                              detail.find("VIRTUAL TABLE INDEX") == std::string::npos;
            EXPECT_FALSE(scan) << detail << "\n" << sql;
            EXPECT_EQ(detail.find("TEMP B-TREE"), std::string::npos) << detail << "\n" << sql;
        }
        ++checked;
    }
    EXPECT_GT(checked, 40);
}

TEST_F(Cost, OfPagesIsTheSameWithAHundredThousandMessages) {
    TemporaryFolder other;
    StoreOptions small_options;
    small_options.state_dir = other.path();
    Store small(small_options);
    fill(small, 1000);
    fill(*store, 100000);

    struct Page {
        const char* name;
        std::function<void(Store&)> work;
    };
    const auto list = [](ListParams params, std::optional<Endpoint> peer) {
        return [=](Store& of) { EXPECT_EQ(of.list(params, peer).messages.size(), params.limit); };
    };
    const auto times = [](Store& of) {
        const auto newest = std::int64_t(of.counts().newest_id);
        ListParams params;
        params.box = Box::all;
        params.since = UtcTime{newest / 4 * 1000000};
        params.until = UtcTime{newest / 2 * 1000000};
        EXPECT_EQ(of.list(params, std::nullopt).messages.size(), params.limit);
    };
    ListParams params;
    params.limit = 5;
    ListParams middle = params;
    middle.after = 500;
    ListParams unread = params;
    unread.unread = true;
    ListParams sent = params;
    sent.box = Box::sent;
    ListParams all = params;
    all.box = Box::all;
    ThreadParams thread;
    thread.limit = 5;
    SearchParams rare;
    rare.words = "rare";
    rare.limit = 5;
    const std::vector<Page> pages{
        {"inbox", list(params, std::nullopt)},
        {"inbox from the middle", list(middle, std::nullopt)},
        {"inbox of a peer", list(params, bob)},
        {"unread", list(unread, std::nullopt)},
        {"unread of a peer", list(unread, bob)},
        {"sent", list(sent, std::nullopt)},
        {"all", list(all, std::nullopt)},
        {"all of a peer", list(all, bob)},
        {"thread", [&](Store& of) { EXPECT_TRUE(of.thread(thread, bob).more); }},
        {"pending",
         [&](Store& of) {
             EXPECT_FALSE(of.load({alice, 0, 5, 9999}).messages.empty());
         }},
        {"changes", [](Store& of) { EXPECT_TRUE(of.changes(500, 5).more); }},
        {"recovery", [](Store& of) { EXPECT_EQ(of.recover(10).pending_peers.size(), 2U); }},
    };
    for (const Page& page : pages) {
        const int few = steps(small, page.work);
        const int many = steps(*store, page.work);
        // Some of the messages are packed, some are not, which takes other steps.
        EXPECT_LE(many, few + few / 2 + 20) << page.name;
    }
    // Some more halvings, some more levels of the index: by the logarithm. Each looks for a row and
    // for a pack, and so does what is merged.
    EXPECT_LE(steps(*store, times), steps(small, times) + 4000);
    const auto search = [&](Store& of) { EXPECT_TRUE(of.search(rare, bob).more); };
    EXPECT_LE(steps(*store, search), steps(small, search) + 500);
}

}  // namespace p2pd::test
