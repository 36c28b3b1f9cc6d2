// tests/store: full-text search.
#include "tests/store/store_fixture.h"

namespace p2pd::test {

using Texts = std::vector<std::string>;

class Search : public StoreTest {
protected:
    Texts find(std::string words, const std::optional<Endpoint>& peer = std::nullopt) {
        SearchParams params;
        params.words = std::move(words);
        return texts(store->search(params, peer));
    }
    void receive_texts(const Texts& all) {
        for (const std::string& text : all) receive({received(alice, ++us_, text)});
    }

private:
    std::int64_t us_ = 0;
};

TEST_F(Search, FindsAllWordsInAnyOrderNewestLast) {
    receive_texts({"the quick brown fox", "a fox, quick", "slow fox"});
    EXPECT_EQ(find("quick fox"), (Texts{"the quick brown fox", "a fox, quick"}));
    EXPECT_EQ(find("fox"), (Texts{"the quick brown fox", "a fox, quick", "slow fox"}));
    EXPECT_EQ(find("wolf"), Texts{});
}

TEST_F(Search, FindsPhrasesAndBeginnings) {
    receive_texts({"good morning all", "morning, good day", "goodness"});
    EXPECT_EQ(find("\"good morning\""), Texts{"good morning all"});
    EXPECT_EQ(find("good*"), (Texts{"good morning all", "morning, good day", "goodness"}));
    EXPECT_EQ(find("\"good mor\"*"), Texts{"good morning all"});
}

TEST_F(Search, IsBlindToCaseAndAccents) {
    receive_texts({"Olá João, até amanhã"});
    EXPECT_EQ(find("joao AMANHA ate").size(), 1U);
    EXPECT_EQ(find("João").size(), 1U);
}

TEST_F(Search, TakesAnythingForWords) {
    receive_texts({"a AND b", "it's 50% off!"});
    for (const char* words :
         {"\"",        "\"\"",   "*",        "**",   "(",        ")",        "AND", "OR NOT",
          "NEAR(a b)", "text:a", "peer : 1", "-a",   "^a",       "a + b",    "{a}", "'",
          ";",         "\\",     "?",        "a\"b", "\"a\" \"", "\xff\xfe", ""}) {
        EXPECT_NO_THROW(find(words)) << words;
    }
    EXPECT_NO_THROW(find(std::string("a\0b", 3)));
    EXPECT_EQ(find("AND"), Texts{"a AND b"});
    EXPECT_EQ(find("it's ! 50%"), Texts{"it's 50% off!"});
    EXPECT_EQ(find("!"), Texts{});
    EXPECT_EQ(find("  "), Texts{});
}

TEST_F(Search, StaysWithOnePeer) {
    receive({received(alice, 1, "word"), received(bob, 1, "word 1")});
    send(outgoing(bob, 10, "word sent"));
    EXPECT_EQ(find("word", bob), (Texts{"word 1", "word sent"}));
    EXPECT_EQ(find("1", alice), Texts{});
    EXPECT_EQ(find("word", endpoint("1.2.3.4:5")), Texts{});
}

TEST_F(Search, GoesPageByPage) {
    receive_texts({"x 1", "x 2", "x 3"});
    SearchParams params;
    params.words = "x";
    params.limit = 2;
    const MessagesResult newest = store->search(params, std::nullopt);
    EXPECT_EQ(texts(newest), (Texts{"x 2", "x 3"}));
    EXPECT_TRUE(newest.more);
    params.before = newest.messages.front().id;
    const MessagesResult rest = store->search(params, std::nullopt);
    EXPECT_EQ(texts(rest), Texts{"x 1"});
    EXPECT_FALSE(rest.more);
}

TEST_F(Search, FindsInASpanOfTime) {
    for (std::int64_t second = 1; second <= 5; ++second) {
        receive({received(alice, second, "word " + std::to_string(second), at_second(second))});
    }
    SearchParams params;
    params.words = "word";
    params.since = UtcTime{2000000};
    params.until = UtcTime{5000000};
    EXPECT_EQ(texts(store->search(params, std::nullopt)), (Texts{"word 2", "word 3", "word 4"}));
    params.limit = 1;
    EXPECT_TRUE(store->search(params, std::nullopt).more);
    params.since = UtcTime{9000000};
    EXPECT_EQ(texts(store->search(params, std::nullopt)), Texts{});
}

TEST_F(Search, FindsWhatIsNotIndexedYet) {
    StoreBatch batch;
    for (std::int64_t us = 1; us <= 1300; ++us) batch.received.push_back(received(alice, us, "x"));
    batch.received.push_back(received(alice, 2000, "needle"));
    store->commit(batch);
    EXPECT_TRUE(store->maintain(at_second(1000)).more);
    EXPECT_EQ(find("needle"), Texts{"needle"});
}

TEST_F(Search, ForgetsWhatIsDeleted) {
    receive_texts({"alpha one", "alpha two"});
    EXPECT_EQ(find("alpha").size(), 2U);
    receive_texts({"alpha three"});  // deleted before it is indexed
    store->remove(std::vector<MessageId>{1, 3});
    EXPECT_EQ(find("alpha"), Texts{"alpha two"});
    EXPECT_EQ(find("one"), Texts{});
    reopen();
    EXPECT_EQ(find("alpha"), Texts{"alpha two"});
}

TEST_F(Search, FindsWordsBehindAZero) {
    const std::string text("before\0after", 12);
    receive_texts({text});
    EXPECT_EQ(find("after"), Texts{text});
    store->remove(std::vector<MessageId>{1});
    EXPECT_EQ(find("after"), Texts{});
    EXPECT_EQ(find("before"), Texts{});
}

}  // namespace p2pd::test
