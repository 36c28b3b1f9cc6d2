// tests: a peer's dialect is learnt from what it sends, and answered in kind.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

class NodeDialect : public testing::TestWithParam<Dialect> {};

TEST_P(NodeDialect, IsLearntAndAcknowledgedInKind) {
    Field field(GetParam());
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    EXPECT_EQ(field.facts().dialect, GetParam());
    ASSERT_EQ(field.program.all<WireAck>().size(), 1U);
    const Dialect answered = field.program.arrived()[0].datagram.dialect;
    EXPECT_EQ(answered, GetParam() == Dialect::short_ ? Dialect::quoted : GetParam());
}

TEST_P(NodeDialect, IsSpokenFromThenOn) {
    Field field(GetParam());
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    field.host.send(field.program.endpoint(), "ho");
    field.run_for(1s);
    EXPECT_EQ(field.program.arrived().back().datagram.dialect, GetParam());
    EXPECT_EQ(field.program.shown().back(), "ho");
}

TEST_P(NodeDialect, IsKeptOverARestart) {
    Field field(GetParam());
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    field.host.crash();
    field.host.restart();
    field.host.send(field.program.endpoint(), "ho");
    field.run_for(1s);
    EXPECT_EQ(field.program.arrived().back().datagram.dialect, GetParam());
}

TEST_P(NodeDialect, CanBeSetByHandForAPeerThatNeverWrote) {
    Field field;
    field.host.set_dialect(field.program.endpoint(), GetParam());
    field.run_for(1s);
    EXPECT_TRUE(field.host.store().peers().at(field.program.endpoint()).dialect_by_hand);
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    EXPECT_EQ(field.program.arrived()[0].datagram.dialect, GetParam());
}

TEST_P(NodeDialect, AcksInItAreUnderstood) {
    Field field(GetParam());
    field.host.set_dialect(field.program.endpoint(), GetParam());
    field.program.confirm_everything();
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
    EXPECT_EQ(field.facts().dialect, GetParam());  // also of short, whose ACKs look like quoted
}

INSTANTIATE_TEST_SUITE_P(All, NodeDialect,
                         testing::Values(Dialect::base, Dialect::upper, Dialect::quoted,
                                         Dialect::short_));

TEST(NodeDialects, WhatAPeerWritesWinsOverWhatWasSetByHand) {
    Field field(Dialect::upper);
    field.host.set_dialect(field.program.endpoint(), Dialect::quoted);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    EXPECT_EQ(field.facts().dialect, Dialect::upper);
    EXPECT_FALSE(field.facts().dialect_by_hand);
}

TEST(NodeDialects, APeerThatIsNoLongerP2pdIsNoLongerTakenForIt) {
    Field field;
    field.program.send(field.host.endpoint(), WireMessage{Stamp::of(7), "hi"}, Extension::p2pd);
    field.run_for(1s);
    EXPECT_TRUE(field.facts().is_p2pd);
    field.program.send(field.host.endpoint(), WireMessage{Stamp::of(8), "hi"});
    field.run_for(1s);
    EXPECT_FALSE(field.facts().is_p2pd);
}

TEST(NodeDialects, AReplyToAnUpperPeerIsSentFiveTimesAsNoneIsEverConfirmed) {
    Field field(Dialect::upper);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    field.host.reply(field.program.endpoint(), "ok");
    field.run_for(1h);
    EXPECT_EQ(field.program.all<WireReply>().size(), 5U);
    EXPECT_EQ(newest_state(field.host), OutState::expired);
    EXPECT_NE(field.host.store().outgoing().begin()->second.reason.find("never confirms"),
              std::string::npos);
}

TEST(NodeDialects, ALongReplyToAnUpperPeerIsSentWhole) {
    Field field(Dialect::upper);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    const std::string answer(3000, 'x');
    field.host.reply(field.program.endpoint(), answer);
    field.run_for(5h);
    std::map<std::int64_t, std::string> parts;
    for (const WireReply& reply : field.program.all<WireReply>()) {
        parts[reply.stamp.us] = reply.text;
    }
    std::string shown;
    for (const auto& [us, text] : parts) shown += text;
    EXPECT_EQ(shown, answer);
    EXPECT_EQ(newest_state(field.host), OutState::expired);
}

TEST(NodeDialects, AReplyOfWhichAPartWasGivenUpIsNeverCalledDelivered) {
    Field field(Dialect::upper);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    field.host.reply(field.program.endpoint(), std::string(1200, 'x'));
    const auto last_part_came = [&] {
        const auto replies = field.program.all<WireReply>();
        return replies.size() > 1 && replies.back().stamp.us != replies.front().stamp.us;
    };
    while (!last_part_came()) field.run_for(1s);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
    field.program.acknowledge(field.host.endpoint(), field.program.all<WireReply>().back().stamp);
    field.run_for(1s);
    EXPECT_EQ(newest_state(field.host), OutState::expired);
}

TEST(NodeDialects, AMessageToAnUpperPeerIsConfirmedLikeAnyOther) {
    Field field(Dialect::upper);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    field.host.send(field.program.endpoint(), "ho");
    field.run_for(10min);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
    field.program.confirm_everything();
    field.run_for(10min);
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
}

TEST(NodeDialects, OfSeveralInADatagramTheLastIsLearnt) {
    Field field;
    const auto in = [&](Dialect dialect, std::int64_t us) {
        return encode(WireMessage{Stamp::of(us), "hi"}, field.program.endpoint(),
                      field.host.endpoint(), dialect, Extension::p2pd);
    };
    field.program.send_bytes(field.host.endpoint(), in(Dialect::base, 1'000'000) + '\n' +
                                                        in(Dialect::base, 1'000'001) + '\n' +
                                                        in(Dialect::upper, 1'000'002));
    field.run_for(1s);
    EXPECT_EQ(field.host.store().inbox().size(), 3U);
    EXPECT_EQ(field.facts().dialect, Dialect::upper);
}

}  // namespace
}  // namespace p2pd
