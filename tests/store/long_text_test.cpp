// tests/store: long texts that come in parts.
#include <algorithm>
#include <array>

#include "tests/store/store_fixture.h"

namespace p2pd::test {

using Texts = std::vector<std::string>;

class LongText : public StoreTest {};

TEST_F(LongText, IsJoinedInWhateverOrderAndHoweverOftenItsPartsCome) {
    std::array<std::uint32_t, 4> order{1, 2, 3, 4};
    std::int64_t first_us = 100;
    do {
        for (const std::uint32_t number : order) {
            const auto it = part(alice, first_us, number, 4, std::string(number, 'a'));
            receive({it, it});
            receive({it});
        }
        first_us += 10;
    } while (std::next_permutation(order.begin(), order.end()));
    EXPECT_EQ(inbox(), Texts(24, "aaaaaaaaaa"));
    EXPECT_EQ(ask("SELECT count(*) FROM part"), "0");
    EXPECT_EQ(ask("SELECT count(*) FROM long_text"), "0");
}

TEST_F(LongText, IsOneMessageOnceItIsComplete) {
    EXPECT_EQ(receive({part(alice, 100, 2, 2, "b")}).last_cursor, 0U);
    EXPECT_TRUE(inbox().empty());
    reopen();
    EXPECT_EQ(receive({part(alice, 100, 1, 2, "a", at_second(2000))}).last_cursor, 1U);
    const MessageRecord joined = record(1);
    EXPECT_EQ(joined.text, "ab");
    EXPECT_EQ(joined.parts, 2U);
    EXPECT_EQ(joined.sent_at, UtcTime{100});
    EXPECT_EQ(joined.received_at, UtcTime{2000000000});
    EXPECT_EQ(store->answerable(1)->answered.stamp, stamp(100));
}

TEST_F(LongText, ThatComesInOneBatchIsOneMessageToo) {
    const std::vector<ReceivedMessage> parts{part(alice, 100, 1, 3, "a", at_second(2000)),
                                             part(alice, 100, 2, 3, "b", at_second(2001)),
                                             part(alice, 100, 3, 3, "c", at_second(2002))};
    const BatchResult result = receive(parts);
    ASSERT_EQ(result.arrived.size(), 1U);
    EXPECT_EQ(result.arrived.front().received, 2U);
    const MessageRecord whole = record(1);
    EXPECT_EQ(whole.text, "abc");
    EXPECT_EQ(whole.parts, 3U);
    EXPECT_EQ(whole.sent_at, UtcTime{100});
    EXPECT_EQ(whole.received_at, UtcTime{2002000000});
    receive(parts);                                         // all of it again
    receive({parts[1]});                                    // a part again
    receive({part(alice, 100, 2, 3, "b, but another b")});  // which it is not
    EXPECT_EQ(inbox(), (Texts{"abc", "b, but another b"}));
    EXPECT_EQ(ask("SELECT count(*) FROM long_text"), "0");
}

TEST_F(LongText, OfWhichAPartWasThereIsJoinedAllTheSame) {
    receive({part(alice, 100, 2, 2, "b")});
    receive({part(alice, 100, 1, 2, "a"), part(alice, 100, 2, 2, "b")});
    EXPECT_EQ(inbox(), Texts{"ab"});
    receive({part(alice, 200, 1, 2, "c")});
    receive({part(alice, 200, 1, 2, "other"), part(alice, 200, 2, 2, "d")});
    EXPECT_EQ(inbox(), (Texts{"ab", "other", "cd"}));
    EXPECT_EQ(ask("SELECT count(*) FROM part"), "0");
}

TEST_F(LongText, OfAStrangerIsTakenAsFarAsThereIsRoom) {
    store->set_limits(std::chrono::hours{1}, {.host_bytes_max = 3});
    const BatchResult result =
        receive({part(bob, 100, 1, 2, "aa"), part(bob, 100, 2, 2, "bb"), received(bob, 300, "c")});
    EXPECT_EQ(result.turned_away, std::vector<std::size_t>{1});
    EXPECT_EQ(inbox(), Texts{"c"});
}

TEST_F(LongText, LinksToTheMessageItAnswers) {
    const MessageId question = send(outgoing(alice, 50, "?"));
    ReceivedMessage first = part(alice, 100, 1, 2, "a");
    ReceivedMessage second = part(alice, 100, 2, 2, "b");
    first.reply_to = second.reply_to = stamp(50);
    receive({second, first});
    EXPECT_EQ(record(2).reply_to, question);
}

TEST_F(LongText, OfTwoPeersAreKeptApart) {
    receive({part(alice, 100, 1, 2, "a1"), part(bob, 100, 2, 2, "b2"), part(alice, 100, 2, 2, "a2"),
             part(bob, 100, 1, 2, "b1")});
    EXPECT_EQ(inbox(), (Texts{"a1a2", "b1b2"}));
}

TEST_F(LongText, TakesWhatDoesNotFitForMessagesOfTheirOwn) {
    ReceivedMessage wrong_stamp = part(alice, 100, 2, 3, "wrong stamp");
    wrong_stamp.stamp = stamp(500);
    ReceivedMessage a_reply = part(alice, 100, 3, 3, "a reply among messages");
    a_reply.reply_to = stamp(1);
    receive({part(alice, 100, 1, 3, "a"), part(alice, 100, 1, 3, "the same number"),
             part(alice, 100, 2, 4, "another count"), wrong_stamp, a_reply,
             part(alice, 100, 9, 3, "number over count"), part(alice, 100, 0, 3, "number zero"),
             part(alice, 100, 1, 1, "one of one"), part(alice, 900, 1, 5000, "count over all"),
             part(alice, 100, 2, 3, std::string(2 * text_bytes_max, 'x'))});
    EXPECT_EQ(inbox().size(), 9U);
    receive({part(alice, 100, 2, 3, "b"), part(alice, 100, 3, 3, "c")});
    EXPECT_EQ(inbox().back(), "abc");
}

TEST_F(LongText, WithMissingPartsIsShownAfterItsTime) {
    receive({part(alice, 100, 2, 6, "b", at_second(1000)),
             part(alice, 100, 5, 6, "e", at_second(1500))});
    store->maintain(at_second(1500) + options.part_timeout);
    EXPECT_TRUE(inbox().empty());
    store->maintain(at_second(1501) + options.part_timeout);
    EXPECT_EQ(inbox(), Texts{"[part 1 of 6 is missing]b[parts 3 to 4 of 6 are missing]e"
                             "[part 6 of 6 is missing]"});
    EXPECT_EQ(record(1).parts, 2U);
    EXPECT_EQ(record(1).sent_at, UtcTime{101});
}

TEST_F(LongText, ShowsLatePartsAsMessagesAndKnowsTheirCopies) {
    receive({part(alice, 100, 1, 2, "a")});
    store->maintain(at_second(1001) + options.part_timeout);
    receive({part(alice, 100, 1, 2, "a"), part(alice, 100, 2, 2, "b")});
    receive({part(alice, 100, 2, 2, "b")});
    EXPECT_EQ(inbox(), (Texts{"a[part 2 of 2 is missing]", "b"}));
}

TEST_F(LongText, StaysClosedWhenJoined) {
    receive({part(alice, 100, 1, 2, "a"), part(alice, 100, 2, 2, "b")});
    receive({part(alice, 100, 1, 2, "another text")});
    EXPECT_EQ(inbox(), (Texts{"ab", "another text"}));
}

}  // namespace p2pd::test
