// tests/daemon: what clients that wait for all messages of one request are told.
#include "daemon/span_waits.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "daemon/recent_ends.h"

namespace p2pd {
namespace {

constexpr std::chrono::milliseconds for_ever = std::chrono::hours{1};

OutgoingUpdate delivered(MessageId id, Duration rtt = Duration{800}) {
    return {.id = id, .state = OutState::delivered, .attempts = 1, .rtt = rtt};
}

class SpanWaitsTest : public testing::Test {
protected:
    void begin(MessageId first, std::uint32_t count, std::chrono::milliseconds timeout = for_ever) {
        waits.begin(first, count, {}, timeout, [this](std::vector<SentRun> runs) {
            ++answers;
            told = std::move(runs);
        });
    }

    /// The state of each id; fails if the runs leave one out or name one twice.
    std::map<MessageId, SendState> states(MessageId first) const {
        std::map<MessageId, SendState> found;
        MessageId next = first;
        for (const SentRun& run : told) {
            EXPECT_EQ(run.first_id, next);
            for (std::uint32_t i = 0; i < run.count; ++i) found.emplace(next++, run.state);
        }
        return found;
    }

    boost::asio::io_context loop;
    std::map<MessageId, std::uint32_t> attempts;
    SpanWaits waits{loop, [this](MessageId id) -> std::optional<std::uint32_t> {
                        const auto found = attempts.find(id);
                        return found == attempts.end() ? std::nullopt
                                                       : std::optional(found->second);
                    }};
    std::vector<SentRun> told;
    int answers = 0;
};

TEST_F(SpanWaitsTest, TellsOnceAllHaveEndedAndNotBefore) {
    begin(10, 3);
    waits.finished(delivered(10));
    waits.finished(delivered(12));
    waits.finished(delivered(12));  // said twice it is one
    EXPECT_EQ(answers, 0);
    waits.finished(delivered(11));
    EXPECT_EQ(answers, 1);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].first_id, 10U);
    EXPECT_EQ(told[0].count, 3U);
    EXPECT_EQ(told[0].rtt_ms, 0.8);
}

TEST_F(SpanWaitsTest, OneEndOfManyIsThatOfEach) {
    begin(10, 3);
    begin(13, 4);
    begin(13, 2);
    waits.finished(delivered(11));
    waits.finished(delivered(9), 6);  // of 11 it is known
    EXPECT_EQ(answers, 2);
    EXPECT_EQ(states(13).size(), 2U);
    waits.finished(delivered(15), 9);  // nobody waits for what is behind 16
    EXPECT_EQ(answers, 3);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].first_id, 13U);
    EXPECT_EQ(told[0].count, 4U);
}

TEST_F(SpanWaitsTest, WhatEndedOtherwiseIsToldApart) {
    begin(1, 5);
    for (const MessageId id : {1, 2, 5}) waits.finished(delivered(id));
    waits.finished({.id = 3, .state = OutState::refused, .reason = "the peer refused it"});
    waits.finished(delivered(4, Duration{900}));
    ASSERT_EQ(told.size(), 4U);
    EXPECT_EQ(told[0].count, 2U);
    EXPECT_EQ(told[1].state, SendState::refused);
    EXPECT_EQ(told[1].reason, "the peer refused it");
    EXPECT_EQ(told[2].rtt_ms, 0.9);
}

TEST_F(SpanWaitsTest, InWhateverOrderTheyEndTheRunsAreThatOfTheIds) {
    std::mt19937 random{1};
    for (int turn = 0; turn < 100; ++turn) {
        std::vector<MessageId> ids(50);
        std::iota(ids.begin(), ids.end(), 7);
        std::ranges::shuffle(ids, random);
        std::map<MessageId, SendState> expected;
        begin(7, 50);
        for (const MessageId id : ids) {
            const OutState state = random() % 4 == 0 ? OutState::expired : OutState::delivered;
            expected.emplace(id, send_state(state, 0));
            waits.finished({.id = id, .state = state});
        }
        ASSERT_EQ(answers, turn + 1);
        EXPECT_EQ(states(7), expected);
        for (std::size_t i = 1; i < told.size(); ++i) EXPECT_NE(told[i - 1].state, told[i].state);
    }
}

TEST_F(SpanWaitsTest, AtItsTimeItTellsHowFarTheOthersAre) {
    attempts = {{2, 3}, {3, 0}};
    begin(1, 4, std::chrono::milliseconds{1});
    waits.finished(delivered(1));
    loop.run();
    EXPECT_EQ(answers, 1);
    EXPECT_EQ(states(1), (std::map<MessageId, SendState>{{1, SendState::delivered},
                                                         {2, SendState::sending},
                                                         {3, SendState::queued},
                                                         {4, SendState::queued}}));
    EXPECT_EQ(told[1].attempts, 3U);
    waits.finished(delivered(2));  // nobody waits any more
    EXPECT_EQ(answers, 1);
}

TEST_F(SpanWaitsTest, WithoutATimeItTellsAtOnce) {
    begin(1, 2, std::chrono::milliseconds{0});
    EXPECT_EQ(answers, 1);
    EXPECT_EQ(states(1).at(2), SendState::queued);
}

TEST_F(SpanWaitsTest, TheSameMessagesMayBeWaitedForTwice) {
    begin(1, 2);
    begin(1, 2);
    begin(3, 1);
    for (const MessageId id : {1, 2}) waits.finished(delivered(id));
    EXPECT_EQ(answers, 2);
    waits.finished(delivered(3));
    EXPECT_EQ(answers, 3);
}

TEST(RecentEnds, AnEndIsKnownUntilAnotherTakesItsPlaceOrItIsForgotten) {
    RecentEnds ends;
    EXPECT_FALSE(ends.find(1));
    const auto end = [&](MessageId id, std::uint32_t count = 1) {
        auto message = std::make_shared<OutgoingMessage>();
        message->id = id;
        message->part_ends = {2};
        ends.add({delivered(id), message, count});
    };
    end(1);
    ASSERT_TRUE(ends.find(1));
    EXPECT_EQ(ends.find(1)->record().state, SendState::delivered);
    end(1 + 8192);
    EXPECT_FALSE(ends.find(1));
    ends.forget(1);
    EXPECT_TRUE(ends.find(1 + 8192));
    ends.forget(1 + 8192);
    EXPECT_FALSE(ends.find(1 + 8192));
    end(20, 3);
    ends.forget(21);
    EXPECT_EQ(ends.find(20)->record().id, 20U);
    EXPECT_FALSE(ends.find(21));
    EXPECT_EQ(ends.find(22)->record().id, 22U);
    EXPECT_FALSE(ends.find(23));
}

}  // namespace
}  // namespace p2pd
