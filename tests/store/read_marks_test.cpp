// tests/store: what a sender may learn of its message: whether it was read, or dealt with.
#include "tests/store/store_fixture.h"

namespace p2pd::test {

using Ids = std::vector<MessageId>;

class ReadMark : public StoreTest {
protected:
    std::string marks_of(const Endpoint& peer, std::int64_t us) {
        const auto marks = store->read_marks({peer, us});
        if (!marks) return "none";
        return std::to_string(marks->id) + (marks->read ? " read" : "") +
               (marks->handled ? " handled" : "");
    }
};

TEST_F(ReadMark, BelongsToTheMessageOfOnePeer) {
    receive({received(alice, 7, "a"), received(bob, 7, "b")});
    store->mark(Ids{1}, false, true);
    EXPECT_EQ(marks_of(alice, 7), "1 read");
    EXPECT_EQ(marks_of(bob, 7), "2");
    EXPECT_EQ(marks_of(alice, 8), "none");
    EXPECT_EQ(marks_of(endpoint("10.0.0.9:5000"), 7), "none");
}

TEST_F(ReadMark, OfHandlingStandsBesideThatOfReading) {
    receive({received(alice, 7, "a"), received(alice, 8, "b")});
    const MessageId sent = send(outgoing(bob, 10, "x"));
    EXPECT_EQ(store->mark_handled(Ids{1, 1, sent, 99}), 1U);
    EXPECT_EQ(marks_of(alice, 7), "1 handled");
    EXPECT_EQ(store->counts().unread, 2U);
    store->mark(Ids{1}, false, true);
    EXPECT_EQ(marks_of(alice, 7), "1 read handled");
    EXPECT_EQ(store->mark_handled(Ids{1}), 0U);
    reopen();
    EXPECT_EQ(marks_of(alice, 7), "1 read handled");
    EXPECT_EQ(marks_of(alice, 8), "2");
}

TEST_F(ReadMark, OfALongTextIsFoundByItsFirstTimestamp) {
    receive({part(alice, 7, 2, 2, "b")});
    EXPECT_EQ(marks_of(alice, 7), "none");
    receive({part(alice, 7, 1, 2, "a")});
    EXPECT_EQ(marks_of(alice, 7), "1");
    EXPECT_EQ(marks_of(alice, 8), "none");
}

TEST_F(ReadMark, OfWhatIsDeletedIsNoMore) {
    receive({received(alice, 7, "a")});
    store->remove(Ids{1});
    EXPECT_EQ(marks_of(alice, 7), "none");
    receive({received(alice, 7, "a"), received(alice, 7, "another")});
    EXPECT_EQ(marks_of(alice, 7), "2");
}

TEST_F(ReadMark, OfWhatWeHaveSentIsNotAPeersBusiness) {
    send(outgoing(bob, 10, "x"));
    EXPECT_EQ(marks_of(bob, 10), "none");
}

}  // namespace p2pd::test
