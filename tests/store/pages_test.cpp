// tests/store: pages of messages.
#include "tests/store/store_fixture.h"

namespace p2pd::test {

using Texts = std::vector<std::string>;

/// Ten messages: odd ids from alice, even ids to bob; at second 1000 * id.
class Page : public StoreTest {
protected:
    Page() {
        for (std::int64_t id = 1; id <= 10; ++id) {
            const std::string text = std::to_string(id);
            if (id % 2 == 1) {
                receive({received(alice, id, text, at_second(1000 * id))});
            } else {
                send(outgoing(bob, id, text, at_second(1000 * id)));
            }
        }
        params.box = Box::all;
    }
    Texts list() { return texts(store->list(params, std::nullopt)); }

    ListParams params;
};

TEST_F(Page, HasTheNewestOldestFirst) {
    params.limit = 3;
    const MessagesResult page = store->list(params, std::nullopt);
    EXPECT_EQ(texts(page), (Texts{"8", "9", "10"}));
    EXPECT_TRUE(page.more);
}

TEST_F(Page, GoesBackFromAnId) {
    params.limit = 3;
    params.before = 4;
    const MessagesResult page = store->list(params, std::nullopt);
    EXPECT_EQ(texts(page), (Texts{"1", "2", "3"}));
    EXPECT_FALSE(page.more);
}

TEST_F(Page, GoesOnFromAnId) {
    params.limit = 3;
    params.after = 2;
    EXPECT_EQ(list(), (Texts{"3", "4", "5"}));
    params.before = 5;
    EXPECT_EQ(list(), (Texts{"3", "4"}));
}

TEST_F(Page, ShowsOneBox) {
    params.box = Box::inbox;
    EXPECT_EQ(list(), (Texts{"1", "3", "5", "7", "9"}));
    params.box = Box::sent;
    EXPECT_EQ(list(), (Texts{"2", "4", "6", "8", "10"}));
}

TEST_F(Page, ShowsSentOnesInOrderWhateverTheirState) {
    update({.id = 4, .state = OutState::delivered});
    update({.id = 8, .state = OutState::refused});
    params.box = Box::sent;
    params.limit = 4;
    EXPECT_EQ(list(), (Texts{"4", "6", "8", "10"}));
}

TEST_F(Page, ShowsUnreadOnes) {
    store->mark(std::vector<MessageId>{3, 9}, false, true);
    params.unread = true;
    EXPECT_EQ(list(), (Texts{"1", "5", "7"}));
    params.box = Box::inbox;
    EXPECT_EQ(list(), (Texts{"1", "5", "7"}));
    params.box = Box::sent;
    EXPECT_EQ(list(), Texts{});
}

TEST_F(Page, ShowsOnePeer) {
    send(outgoing(alice, 100, "to alice"));
    EXPECT_EQ(texts(store->list(params, alice)), (Texts{"1", "3", "5", "7", "9", "to alice"}));
    params.box = Box::inbox;
    EXPECT_EQ(texts(store->list(params, bob)), Texts{});
    EXPECT_EQ(texts(store->list(params, endpoint("1.2.3.4:5"))), Texts{});
}

TEST_F(Page, ShowsASpanOfTime) {
    params.since = UtcTime{3000000000};
    params.until = UtcTime{7000000000};
    EXPECT_EQ(list(), (Texts{"3", "4", "5", "6"}));
    params.limit = 2;
    EXPECT_EQ(list(), (Texts{"5", "6"}));
    params.after = 1;
    EXPECT_EQ(list(), (Texts{"3", "4"}));
    params.since = UtcTime{11000000000};
    params.until.reset();
    EXPECT_EQ(list(), Texts{});
}

TEST_F(Page, ShowsASpanOfTimeOfAThread) {
    ThreadParams thread;
    thread.since = UtcTime{3000000000};
    thread.until = UtcTime{9000000000};
    EXPECT_EQ(texts(store->thread(thread, alice)), (Texts{"3", "5", "7"}));
    thread.before = 7;
    EXPECT_EQ(texts(store->thread(thread, alice)), (Texts{"3", "5"}));
}

TEST_F(Page, ShowsASpanOfTimeAmongDeletedOnes) {
    store->remove(std::vector<MessageId>{3, 5, 7});
    params.since = UtcTime{2500000000};
    params.until = UtcTime{8500000000};
    EXPECT_EQ(list(), (Texts{"4", "6", "8"}));
}

TEST_F(Page, KeepsTheClocksOwnTimeWhenItStepsBack) {
    receive({received(alice, 50, "late", at_second(500))});
    EXPECT_EQ(record(11).received_at, UtcTime{500000000});
    params.since = UtcTime{10000000000};
    EXPECT_EQ(list(), (Texts{"10", "late"}));  // the order of ids holds
}

TEST_F(Page, EndsBeforeItGetsTooLong) {
    const std::string text(text_bytes_max, 'x');
    for (std::int64_t i = 0; i < 10; ++i) receive({received(alice, 100 + i, text)});
    const MessagesResult page = store->list(params, std::nullopt);
    EXPECT_EQ(page.messages.size(), 8U);
    EXPECT_TRUE(page.more);
    EXPECT_EQ(page.messages.back().id, 20U);
}

TEST_F(Page, LimitsAreHeldToOneAndFiveHundred) {
    params.limit = 0;
    EXPECT_EQ(list(), Texts{"10"});
    params.limit = 4000000000;
    EXPECT_EQ(list().size(), 10U);
}

TEST_F(Page, OfImpossibleIdsIsEmpty) {
    params.after = ~std::uint64_t{0};
    EXPECT_EQ(list(), Texts{});
    params.after.reset();
    params.before = ~std::uint64_t{0};
    EXPECT_EQ(list().size(), 10U);
    EXPECT_TRUE(store->get(std::vector<MessageId>{~std::uint64_t{0}, 0}).empty());
}

TEST_F(Page, OfAThreadHasBothDirections) {
    send(outgoing(alice, 100, "to alice"));
    ThreadParams thread;
    thread.limit = 2;
    const MessagesResult page = store->thread(thread, alice);
    EXPECT_EQ(texts(page), (Texts{"9", "to alice"}));
    EXPECT_TRUE(page.more);
    thread.before = 5;
    EXPECT_EQ(texts(store->thread(thread, alice)), (Texts{"1", "3"}));
}

TEST_F(Page, OfChangesIsInTheirOrder) {
    update({.id = 2, .state = OutState::delivered});
    store->mark(std::vector<MessageId>{1}, false, true);  // no change to watchers
    EXPECT_EQ(texts(store->changes(8, 10)), (Texts{"9", "10", "2"}));
    const MessagesResult first = store->changes(0, 1);
    EXPECT_EQ(texts(first), Texts{"1"});
    EXPECT_TRUE(first.more);
    EXPECT_TRUE(store->changes(11, 10).messages.empty());
}

TEST_F(Page, OfGivenIdsIsInTheirOrder) {
    const auto found = store->get(std::vector<MessageId>{9, 99, 2, 9});
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].id, 9U);
    EXPECT_EQ(found[1].id, 2U);
    EXPECT_EQ(found[2].id, 9U);
}

TEST_F(Page, OfPendingOnesEndsByNumberOrBytes) {
    update({.id = 2, .state = OutState::delivered});
    LoadedPage page = store->load({bob, 0, 2, 1000});
    ASSERT_EQ(page.messages.size(), 2U);
    EXPECT_EQ(page.messages[0].text, "4");
    EXPECT_TRUE(page.more);
    page = store->load({bob, 6, 100, 1});
    ASSERT_EQ(page.messages.size(), 1U);
    EXPECT_EQ(page.messages[0].text, "8");
    EXPECT_TRUE(page.more);
    page = store->load({bob, 8, 100, 0});
    EXPECT_EQ(page.messages.size(), 1U);
    EXPECT_FALSE(page.more);
    EXPECT_TRUE(store->load({alice, 0, 100, 1000}).messages.empty());
}

}  // namespace p2pd::test
