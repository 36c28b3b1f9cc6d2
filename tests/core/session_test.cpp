// tests: retransmission, back-off and window of one peer.
#include "daemon/core/session.h"

#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

PeerFacts p2pd_peer() {
    return {.endpoint = at("10.0.0.5"), .is_p2pd = true};
}
PeerFacts field_peer() {
    return {.endpoint = at("10.0.0.9")};
}

/// A session and the time that passes for it.
class Talk {
public:
    explicit Talk(const PeerFacts& facts) : session(facts) {}

    Session session;
    Instant now{};

    void pass(Duration time) { now += time; }
    /// Sends what the window lets go; gives how much that was.
    int send_all() {
        int sent = 0;
        while (const auto part = session.next_to_send()) {
            session.transmitted(*part, now);
            ++sent;
        }
        return sent;
    }
    /// Sends, waits in vain until the timeout, and gives how long that was.
    Duration miss(double jitter = 0) {
        send_all();
        const Instant due = *session.next_timeout();
        const Duration waited = due - now;
        now = due;
        session.timed_out(now, jitter);
        return waited;
    }
};

TEST(Session, ToP2pdTheFirstTimeoutIsASecond) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    EXPECT_EQ(talk.miss(), 1s);
}

TEST(Session, ToAProgramOfTheFieldTheFirstTimeoutIsThreeSeconds) {
    Talk talk(field_peer());
    talk.session.add(1, 1, 0);
    EXPECT_EQ(talk.miss(), 3s);
}

TEST(Session, ToAProgramOfTheFieldAFastPathDoesNotShortenIt) {
    Talk talk(field_peer());
    for (int us = 1; us < 20; ++us) {
        talk.session.add(us, 1, 0);
        talk.send_all();
        talk.pass(1ms);
        ASSERT_TRUE(talk.session.acknowledged(us, talk.now));
    }
    talk.session.add(20, 1, 0);
    EXPECT_EQ(talk.miss(), 3s);
}

TEST(Session, BackOffDoubles) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    for (const Duration expected : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s}) {
        EXPECT_EQ(talk.miss(), expected);
    }
}

TEST(Session, BackOffIsCappedAtFiveMinutesAndAfterAnHourAtThirty) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    std::set<Duration> intervals;
    while (talk.now < Instant{} + 1h) intervals.insert(talk.miss());
    EXPECT_EQ(*intervals.rbegin(), 5min);
    for (int i = 0; i < 20; ++i) intervals.insert(talk.miss());
    EXPECT_EQ(*intervals.rbegin(), 30min);
    EXPECT_EQ(talk.miss(), 30min);
}

TEST(Session, JitterSpreadsTheNextAttemptByAQuarter) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    talk.miss(1.0);
    EXPECT_EQ(talk.miss(-1.0), 2500ms);
    EXPECT_EQ(talk.miss(0.0), 3s);
}

TEST(Session, IsAwayAfterFiveMisses) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 20, 0);
    for (int i = 0; i < 4; ++i) talk.miss();
    EXPECT_FALSE(talk.session.away());
    talk.miss();
    EXPECT_TRUE(talk.session.away());
}

TEST(Session, AwayIsProbedWithTheOldestAlone) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 20, 0);
    for (int i = 0; i < 5; ++i) talk.miss();
    EXPECT_EQ(talk.session.next_to_send(), 1);
    EXPECT_EQ(talk.send_all(), 1);
}

TEST(Session, WhenThePeerIsHeardWhatWaitsMayGo) {
    Talk talk(field_peer());
    talk.session.add(1, 1, 0);
    for (int i = 0; i < 10; ++i) talk.miss();
    talk.send_all();
    talk.pass(10s);
    EXPECT_GT(*talk.session.next_timeout(), talk.now);
    talk.session.heard(WallTime{});
    EXPECT_FALSE(talk.session.away());
    EXPECT_LE(*talk.session.next_timeout(), talk.now);
}

TEST(Session, WhenThePeerIsHeardBackOffEnds) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    for (int i = 0; i < 10; ++i) talk.miss(1.0);
    talk.session.heard(WallTime{});
    EXPECT_EQ(talk.miss(), 1s);
}

TEST(Session, NudgedItTriesEverythingAtOnce) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 3, 0);
    for (int i = 0; i < 10; ++i) talk.miss();
    talk.send_all();
    talk.session.nudge();
    EXPECT_EQ(talk.session.in_flight(), 0U);
    EXPECT_EQ(talk.session.next_to_send(), 1);
}

TEST(Session, AnAckOfWhatWasSentOnceIsASample) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    talk.send_all();
    talk.pass(70ms);
    const auto acknowledged = talk.session.acknowledged(1, talk.now);
    ASSERT_TRUE(acknowledged);
    EXPECT_EQ(acknowledged->round_trip, 70ms);
    EXPECT_EQ(talk.session.round_trip().smoothed(), 70ms);
    EXPECT_TRUE(talk.session.idle());
}

TEST(Session, AnAckOfWhatWasSentTwiceIsNoSample) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    talk.miss();
    talk.send_all();
    talk.pass(70ms);
    const auto acknowledged = talk.session.acknowledged(1, talk.now);
    ASSERT_TRUE(acknowledged);
    EXPECT_FALSE(acknowledged->round_trip);
    EXPECT_FALSE(talk.session.round_trip().smoothed());
}

TEST(Session, AnAckOfWhatWasSentInAnEarlierLifeIsTakenAndNoSample) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 2, 3);
    EXPECT_TRUE(talk.session.acknowledged(1, talk.now));
    talk.send_all();
    talk.pass(70ms);
    EXPECT_FALSE(talk.session.acknowledged(2, talk.now)->round_trip);
}

TEST(Session, AnAckOfWhatWasNeverSentIsNone) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    EXPECT_FALSE(talk.session.acknowledged(1, talk.now));
    EXPECT_FALSE(talk.session.acknowledged(2, talk.now));
}

TEST(Session, ASecondAckIsNone) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    talk.send_all();
    EXPECT_TRUE(talk.session.acknowledged(1, talk.now));
    EXPECT_FALSE(talk.session.acknowledged(1, talk.now));
}

TEST(Session, WhatThreeLaterAcksHaveOvertakenIsSentAgain) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 6, 0);
    talk.send_all();
    talk.session.acknowledged(2, talk.now);
    talk.session.acknowledged(3, talk.now);
    EXPECT_FALSE(talk.session.next_to_send());
    const std::uint32_t before = talk.session.window();
    talk.session.acknowledged(4, talk.now);
    EXPECT_EQ(talk.session.next_to_send(), 1);
    EXPECT_LT(talk.session.window(), before);
}

TEST(Session, LossesOfOneRoundTripHalveTheWindowOnce) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 10, 0);
    talk.send_all();
    talk.session.acknowledged(8, talk.now);  // 1 to 5 are lost
    const std::uint32_t halved = talk.session.window();
    EXPECT_EQ(halved, 5U);
    talk.session.acknowledged(9, talk.now);  // and 6
    EXPECT_EQ(talk.session.window(), halved);
    EXPECT_EQ(talk.session.next_to_send(), 1);
}

TEST(Session, ToP2pdTheWindowIsTenAndGrows) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 100, 0);
    EXPECT_EQ(talk.send_all(), 10);
    for (int us = 1; us <= 10; ++us) talk.session.acknowledged(us, talk.now);
    EXPECT_EQ(talk.send_all(), 20);
}

TEST(Session, ToAProgramOfTheFieldTheWindowIsOne) {
    Talk talk(field_peer());
    talk.session.add(1, 100, 0);
    for (int us = 1; us <= 10; ++us) {
        EXPECT_EQ(talk.session.next_to_send(), us);
        EXPECT_EQ(talk.send_all(), 1);
        talk.session.acknowledged(us, talk.now);
    }
}

TEST(Session, ATimeoutTakesBackOnlyWhatIsLate) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    talk.send_all();
    talk.pass(900ms);
    talk.session.add(2, 1, 0);
    talk.send_all();
    talk.pass(100ms);
    talk.session.timed_out(talk.now, 0);
    EXPECT_EQ(talk.session.in_flight(), 1U);
    EXPECT_EQ(talk.session.window(), 1U);
}

TEST(Session, ATimeoutThatIsNotDueDoesNothing) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    talk.send_all();
    talk.pass(999ms);
    talk.session.timed_out(talk.now, 0);
    EXPECT_EQ(talk.session.in_flight(), 1U);
    EXPECT_EQ(*talk.session.next_timeout(), talk.now + 1ms);
}

TEST(Session, WhatIsRemovedIsNotSentAnyMore) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 3, 0);
    talk.session.transmitted(1, talk.now);
    talk.session.remove(1);
    talk.session.remove(2);
    EXPECT_EQ(talk.session.next_to_send(), 3);
    EXPECT_EQ(talk.session.in_flight(), 0U);
    EXPECT_FALSE(talk.session.next_timeout());
}

}  // namespace
}  // namespace p2pd
