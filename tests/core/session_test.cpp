// tests: retransmission, back-off and window of one peer.
#include "daemon/core/session.h"

#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

constexpr std::size_t datagram_bytes = 1200;

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
            if (!session.begin_datagram(now)) break;
            session.transmitted(*part, datagram_bytes, now);
            ++sent;
        }
        return sent;
    }
    /// All that the window lets go in one datagram.
    void send_together() {
        ASSERT_TRUE(session.begin_datagram(now));
        while (const auto part = session.next_to_send()) session.transmitted(*part, 100, now);
    }
    /// An ACK for these.
    std::optional<Session::Acknowledged> confirm(std::initializer_list<std::int64_t> parts) {
        std::optional<Session::Acknowledged> last;
        for (const std::int64_t part : parts) last = session.acknowledged(part, now);
        session.ack_read(now);
        return last;
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

/// A session that has measured a round trip.
class Measured : public Talk {
public:
    explicit Measured(Duration round_trip = 70ms) : Talk(p2pd_peer()) {
        for (std::int64_t us = 1; us <= 20; ++us) {
            session.add(us, 1, 0);
            send_all();
            pass(round_trip);
            confirm({us});
        }
    }
    static constexpr std::int64_t next_us = 21;
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
        ASSERT_TRUE(talk.confirm({us}));
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
    talk.session.heard({talk.now, WallTime{}});
    EXPECT_FALSE(talk.session.away());
    EXPECT_LE(*talk.session.next_timeout(), talk.now);
}

TEST(Session, WhenThePeerIsHeardBackOffEnds) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    for (int i = 0; i < 10; ++i) talk.miss(1.0);
    talk.session.heard({talk.now, WallTime{}});
    EXPECT_EQ(talk.miss(), 1s);
}

TEST(Session, WhenP2pdIsHeardAgainTheOldestGoesFirst) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 3, 0);
    for (int i = 0; i < 5; ++i) talk.miss();
    ASSERT_EQ(talk.send_all(), 1);
    talk.session.heard({talk.now, WallTime{}});
    EXPECT_EQ(talk.session.next_to_send(), 1);
    EXPECT_EQ(talk.session.in_flight(), 0U);
}

TEST(Session, NudgedItTriesEverythingAtOnce) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 3, 0);
    for (int i = 0; i < 10; ++i) talk.miss();
    talk.send_all();
    talk.session.nudge(talk.now);
    EXPECT_EQ(talk.session.in_flight(), 0U);
    EXPECT_EQ(talk.session.next_to_send(), 1);
}

TEST(Session, AnAckOfWhatWasSentOnceIsASample) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    talk.send_all();
    talk.pass(70ms);
    const auto acknowledged = talk.confirm({1});
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
    const auto acknowledged = talk.confirm({1});
    ASSERT_TRUE(acknowledged);
    EXPECT_FALSE(acknowledged->round_trip);
    EXPECT_FALSE(talk.session.round_trip().smoothed());
}

TEST(Session, AnAckOfWhatWasSentInAnEarlierLifeIsTakenAndNoSample) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 2, 3);
    EXPECT_TRUE(talk.confirm({1}));
    talk.send_all();
    talk.pass(70ms);
    EXPECT_FALSE(talk.confirm({2})->round_trip);
}

TEST(Session, AnAckOfWhatWasNeverSentIsNone) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    EXPECT_FALSE(talk.confirm({1}));
    EXPECT_FALSE(talk.confirm({2}));
}

TEST(Session, ASecondAckIsNone) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    talk.send_all();
    EXPECT_TRUE(talk.confirm({1}));
    EXPECT_FALSE(talk.confirm({1}));
}

TEST(Session, WhatThreeLaterAcksHaveOvertakenIsSentAgain) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 6, 0);
    talk.send_all();
    talk.confirm({2});
    talk.confirm({3});
    EXPECT_FALSE(talk.session.next_to_send());
    const std::uint32_t before = talk.session.window();
    talk.confirm({4});
    EXPECT_EQ(talk.session.next_to_send(), 1);
    EXPECT_LT(talk.session.window(), before);
}

TEST(Session, LossesOfOneRoundTripShrinkTheWindowOnce) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 10, 0);
    talk.send_all();
    talk.confirm({8});  // 1 to 5 are lost
    const std::uint32_t shrunk = talk.session.window();
    EXPECT_EQ(shrunk, 11 * datagram_bytes * 85 / 100 / 256);
    talk.confirm({9});  // and 6; what arrives lets it grow a little
    EXPECT_NEAR(talk.session.window(), shrunk, 1);
    EXPECT_EQ(talk.session.next_to_send(), 1);
}

TEST(Session, ALossWhileRoundTripsAreLongerShrinksTheWindowMore) {
    Measured talk;
    talk.session.add(Measured::next_us, 10, 0);
    talk.send_all();
    talk.pass(80ms);
    for (std::int64_t us = 0; us < 4; ++us) talk.confirm({Measured::next_us + us});
    const std::size_t before = talk.session.window_bytes();
    talk.confirm({Measured::next_us + 9});
    EXPECT_EQ(talk.session.window_bytes(), (before + datagram_bytes) * 7 / 10);
}

TEST(Session, WhatLeftInOneDatagramIsNotOvertakenByItsOwnParts) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 10, 0);
    talk.send_together();
    talk.confirm({10});
    EXPECT_EQ(talk.session.in_flight(), 9U);
}

TEST(Session, AnAckIsReadToItsEndBeforeAnythingCountsAsLost) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 6, 0);
    talk.send_all();
    const std::uint32_t before = talk.session.window();
    talk.confirm({6, 5, 4, 3, 2, 1});
    EXPECT_TRUE(talk.session.idle());
    EXPECT_EQ(talk.session.window(), before);
}

/// The older one may have been confirmed by an ACK that was lost.
TEST(Session, TheLatestDatagramOfAnAckIsItsSample) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    talk.send_all();
    talk.pass(50ms);
    talk.session.add(2, 1, 0);
    talk.send_all();
    talk.pass(20ms);
    talk.confirm({1, 2});
    EXPECT_EQ(talk.session.round_trip().smoothed(), 20ms);
}

TEST(Session, AnAckOfWhatLeftBeforeTheLatestConfirmedIsNoSample) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 2, 0);
    talk.send_all();
    talk.pass(20ms);
    talk.confirm({2});
    talk.pass(1ms);
    ASSERT_TRUE(talk.confirm({1}));
    EXPECT_EQ(talk.session.round_trip().smoothed(), 20ms);
}

TEST(Session, NeverMoreIsUnderWayThanThePeerHasRoomFor) {
    Talk talk(p2pd_peer());
    talk.session.set_peer_window(3);
    talk.session.add(1, 100, 0);
    EXPECT_EQ(talk.send_all(), 3);
    talk.session.set_peer_window(0);
    EXPECT_EQ(talk.session.window(), 1U);
}

TEST(Session, AProbeOfWhichAnythingIsConfirmedRaisesTheLimit) {
    Talk talk(p2pd_peer());
    EXPECT_EQ(talk.session.datagram_bytes(), 1200U);
    talk.session.add(1, 4, 0);
    talk.send_together();
    talk.session.probed();
    EXPECT_FALSE(talk.session.probe_bytes(talk.now));
    talk.confirm({3});
    EXPECT_EQ(talk.session.datagram_bytes(), 1452U);
    EXPECT_EQ(talk.session.probe_bytes(talk.now), 8952U);
}

TEST(Session, AProbeThatIsLostIsNoCongestion) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 10, 0);
    ASSERT_TRUE(talk.session.begin_datagram(talk.now));
    talk.session.transmitted(1, datagram_bytes, talk.now);
    talk.session.transmitted(2, datagram_bytes, talk.now);
    talk.session.probed();
    talk.send_all();
    const std::uint32_t before = talk.session.window();
    talk.confirm({3, 4, 5});
    EXPECT_EQ(talk.session.next_to_send(), 1);
    EXPECT_GT(talk.session.window(), before);
    EXPECT_EQ(talk.session.datagram_bytes(), 1200U);
    EXPECT_EQ(talk.session.probe_bytes(talk.now), 1452U);
}

TEST(Session, AProbeThatTheHostRefusesIsSentAgainAtOnceInSmallerDatagrams) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 4, 0);
    talk.send_together();
    talk.session.probed();
    talk.session.too_large(talk.now);
    EXPECT_EQ(talk.session.in_flight(), 0U);
    EXPECT_EQ(talk.session.next_to_send(), 1);
    EXPECT_FALSE(talk.session.probe_bytes(talk.now));
    EXPECT_TRUE(talk.session.probe_bytes(talk.now + 10min));
}

/// What was in it was cancelled, so there is nothing that could time out.
TEST(Session, AProbeOfWhichNothingIsLeftIsLostOnceLaterOnesAreConfirmed) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 4, 0);
    ASSERT_TRUE(talk.session.begin_datagram(talk.now));
    talk.session.transmitted(1, datagram_bytes, talk.now);
    talk.session.probed();
    talk.session.remove(1);
    talk.send_all();
    talk.confirm({2, 3});
    EXPECT_FALSE(talk.session.probe_bytes(talk.now));
    talk.confirm({4});
    EXPECT_EQ(talk.session.probe_bytes(talk.now), 1452U);
}

TEST(Session, WhatTheHostRefusesOfADatagramThatIsNoProbeIsSentAgainInTheSmallestOnes) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 1, 0);
    talk.send_together();
    talk.session.probed();
    talk.confirm({1});
    ASSERT_EQ(talk.session.datagram_bytes(), 1452U);
    talk.session.add(2, 4, 0);
    talk.send_together();
    talk.session.too_large(talk.now);
    EXPECT_EQ(talk.session.datagram_bytes(), 1200U);
    EXPECT_EQ(talk.session.in_flight(), 0U);
    EXPECT_EQ(talk.session.next_to_send(), 2);
    EXPECT_FALSE(talk.session.probe_bytes(talk.now));
}

/// Else it would be sent and refused without end.
TEST(Session, WhatTheHostRefusesOfTheSmallestDatagramsWaitsForItsTimeout) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 4, 0);
    talk.send_together();
    talk.session.too_large(talk.now);
    EXPECT_EQ(talk.session.in_flight(), 4U);
}

TEST(Session, ToP2pdTheWindowIsTenAndGrows) {
    Talk talk(p2pd_peer());
    talk.session.add(1, 100, 0);
    EXPECT_EQ(talk.send_all(), 10);
    for (int us = 1; us <= 10; ++us) talk.confirm({us});
    EXPECT_EQ(talk.send_all(), 20);
}

TEST(Session, ToAProgramOfTheFieldTheWindowIsOne) {
    Talk talk(field_peer());
    talk.session.add(1, 100, 0);
    for (int us = 1; us <= 10; ++us) {
        EXPECT_EQ(talk.session.next_to_send(), us);
        EXPECT_EQ(talk.send_all(), 1);
        talk.confirm({us});
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
    talk.session.add(3, 100, 0);
    EXPECT_EQ(talk.send_all(), 1);  // a window of two
}

TEST(Session, WhetherTheLastDatagramCameIsAskedSoonAndOnce) {
    Measured talk;
    talk.session.add(Measured::next_us, 1, 0);
    talk.send_all();
    const Duration question = *talk.session.next_timeout() - talk.now;
    EXPECT_GT(question, 70ms);
    EXPECT_LT(question, 120ms);
    talk.pass(question);
    talk.session.timed_out(talk.now, 0);
    EXPECT_EQ(talk.session.next_to_send(), Measured::next_us);
    talk.send_all();
    EXPECT_EQ(*talk.session.next_timeout() - talk.now, talk.session.interval());
}

TEST(Session, AQuestionThatIsNotAnsweredIsPutAgainAfterTwiceTheTime) {
    Measured talk(10ms);
    talk.session.add(Measured::next_us, 2, 0);
    talk.send_all();
    const Instant sent = talk.now;
    std::vector<Duration> asked;
    while (talk.session.interval() == RoundTrip::timeout_min) {
        talk.now = *talk.session.next_timeout();
        talk.session.timed_out(talk.now, 0);
        asked.push_back(talk.now - sent);
        talk.send_all();
    }
    // Then there is no time left for an answer before the timeout, which is reckoned from the
    // first.
    ASSERT_EQ(asked.size(), 3U);
    EXPECT_EQ(asked[1], 3 * asked[0]);
    EXPECT_EQ(asked[2], asked[0] + RoundTrip::timeout_min);
}

TEST(Session, AQuestionIsNoSignOfCongestionNorAMiss) {
    Measured talk;
    talk.session.add(Measured::next_us, 4, 0);
    talk.send_all();
    const std::uint32_t before = talk.session.window();
    for (int i = 0; i < 2; ++i) {
        talk.now = *talk.session.next_timeout();
        if (i == 0) talk.session.timed_out(talk.now, 0);
    }
    EXPECT_EQ(talk.session.in_flight(), 3U);
    EXPECT_EQ(talk.session.window(), before);
    EXPECT_EQ(talk.session.interval(), talk.session.round_trip().timeout());
}

TEST(Session, TheAnswerToAQuestionTellsWhatElseIsLost) {
    Measured talk;
    talk.session.add(Measured::next_us, 4, 0);
    talk.send_all();
    talk.now = *talk.session.next_timeout();
    talk.session.timed_out(talk.now, 0);
    talk.send_all();
    talk.pass(70ms);
    talk.confirm({Measured::next_us});
    EXPECT_EQ(talk.session.in_flight(), 0U);
    EXPECT_EQ(talk.session.next_to_send(), Measured::next_us + 1);
}

TEST(Session, AProgramOfTheFieldIsAskedNothing) {
    Talk talk(field_peer());
    talk.session.add(1, 2, 0);
    talk.send_all();
    talk.pass(70ms);
    talk.confirm({1});
    talk.send_all();
    EXPECT_EQ(*talk.session.next_timeout() - talk.now, Session::field_timeout);
}

TEST(Session, WhatOneLaterDatagramHasOvertakenIsLostAfterAnEighthOfARoundTripMore) {
    Measured talk;
    talk.session.add(Measured::next_us, 2, 0);
    talk.send_all();
    const Instant sent = talk.now;
    talk.pass(70ms);
    talk.confirm({Measured::next_us + 1});
    EXPECT_EQ(talk.session.in_flight(), 1U);
    EXPECT_EQ(*talk.session.next_timeout(), sent + Duration{70ms} * 9 / 8);
    const std::uint32_t before = talk.session.window();
    talk.now = *talk.session.next_timeout();
    talk.session.timed_out(talk.now, 0);
    EXPECT_EQ(talk.session.next_to_send(), Measured::next_us);
    EXPECT_LT(talk.session.window(), before);
}

TEST(Session, AWindowThatIsNotUsedDoesNotGrow) {
    Measured talk;  // one at a time
    EXPECT_EQ(talk.session.window(), CongestionWindow::initial_bytes / 256);
}

TEST(Session, WhatIsMoreThanTenDatagramsLeavesSpreadOverTheRoundTrip) {
    Measured talk;
    std::int64_t us = Measured::next_us;
    talk.session.add(us, 1000, 0);
    ASSERT_EQ(talk.send_all(), 10);
    talk.pass(70ms);
    for (int i = 0; i < 10; ++i) talk.confirm({us++});
    // Now the window holds twenty; ten leave at once, and in slow start twice a window a round
    // trip.
    int sent = talk.send_all();
    ASSERT_LE(sent, 11);
    EXPECT_FALSE(talk.session.next_to_send());
    const Instant begun = talk.now;
    while (sent < 20) {
        const Instant due = *talk.session.next_timeout();
        ASSERT_GT(due, talk.now);
        talk.now = due;
        talk.session.timed_out(talk.now, 0);
        sent += talk.send_all();
    }
    EXPECT_GT(talk.now - begun, 15ms);
    EXPECT_LT(talk.now - begun, 35ms);
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
    talk.session.transmitted(1, datagram_bytes, talk.now);
    talk.session.remove(1);
    talk.session.remove(2);
    EXPECT_EQ(talk.session.next_to_send(), 3);
    EXPECT_EQ(talk.session.in_flight(), 0U);
    EXPECT_FALSE(talk.session.next_timeout());
}

}  // namespace
}  // namespace p2pd
