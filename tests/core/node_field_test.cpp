// tests: programs of the field are answered in kind, and never harmed.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

using Texts = std::vector<std::string>;

TEST(Field, AMessageIsAcknowledgedToTheUdpSourceWhateverItClaims) {
    Field field;
    const Endpoint elsewhere = at("192.168.7.7:9");
    FieldProgram third_party(field, elsewhere);
    field.program.send_bytes(field.host.endpoint(),
                             encode(WireMessage{Stamp::of(7), "hi"}, elsewhere,
                                    field.host.endpoint(), Dialect::base, Extension::none));
    field.run_for(1s);
    ASSERT_EQ(field.program.all<WireAck>().size(), 1U);
    EXPECT_EQ(field.program.all<WireAck>()[0].original.us, 7);
    EXPECT_TRUE(third_party.arrived().empty());
    EXPECT_EQ(field.host.store().inbox()[0].claims, "192.168.7.7:9");
    EXPECT_EQ(field.host.store().inbox()[0].peer, field.program.endpoint());
}

TEST(Field, ThePortAloneMayDifferFromTheClaim) {
    Field field;
    Endpoint listening = field.program.endpoint();
    listening.port = 4999;
    field.program.send_bytes(field.host.endpoint(),
                             encode(WireMessage{Stamp::of(7), "hi"}, listening,
                                    field.host.endpoint(), Dialect::base, Extension::none));
    field.run_for(1s);
    EXPECT_EQ(field.host.store().inbox()[0].claims, "10.0.0.9:4999");
}

TEST(Field, AReplyGoesToTheUdpSource) {
    Field field(Dialect::quoted);
    field.program.say(field.host.endpoint(), "hi", 7);
    field.run_for(1s);
    field.host.reply(field.program.endpoint(), "ok");
    field.run_for(1s);
    ASSERT_EQ(field.program.all<WireReply>().size(), 1U);
    EXPECT_EQ(field.program.all<WireReply>()[0].original_text, "hi");
    EXPECT_EQ(field.program.all<WireReply>()[0].text, "ok");
}

TEST(Field, ClaimsAreKeptOnlyWhereTheyDiffer) {
    Field field;
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    EXPECT_EQ(field.host.store().inbox()[0].claims, "");
}

TEST(Field, EachCopyIsAcknowledgedAndStoredOnce) {
    Field field;
    for (int copy = 0; copy < 5; ++copy) {
        field.program.say(field.host.endpoint(), "hi");
        field.run_for(5s);
    }
    EXPECT_EQ(field.program.all<WireAck>().size(), 5U);
    EXPECT_EQ(inbox(field.host), Texts{"hi"});
}

TEST(Field, FurtherCopiesOfTheLastMessageAreCounted) {
    Field field;
    const auto repeats = [&] { return field.host.node().view(field.program.endpoint())->repeats; };
    for (int copy = 0; copy < 3; ++copy) field.program.say(field.host.endpoint(), "hi", 7);
    field.run_for(1s);
    EXPECT_EQ(repeats(), 2U);
    field.program.say(field.host.endpoint(), "something else", 8);
    field.run_for(1s);
    EXPECT_EQ(repeats(), 0U);
}

TEST(Field, WhatTheNetworkSaysOfAPeerIsForgottenOnceItIsHeard) {
    Field field;
    const Endpoint& peer = field.program.endpoint();
    const auto trouble = [&] { return field.host.node().view(peer)->trouble; };
    field.host.send(peer, "hi");
    field.run_for(1s);
    const Now then{Instant{}, WallTime{std::chrono::seconds{1'732'260'000}}};
    field.host.node().trouble(then, peer, Trouble::port_unreachable);
    ASSERT_TRUE(trouble());
    EXPECT_EQ(trouble()->what, Trouble::port_unreachable);
    EXPECT_EQ(trouble()->at, then.wall);
    field.program.say(field.host.endpoint(), "here I am");
    field.run_for(1s);
    EXPECT_FALSE(trouble());
}

TEST(Field, WhatTheNetworkSaysOfNobodyIsNotKept) {
    Field field;
    field.host.node().trouble({}, at("10.3.0.1:5000"), Trouble::port_unreachable);
    EXPECT_FALSE(field.host.node().view(at("10.3.0.1:5000")));
}

TEST(Field, AnAckOlderThanFourSecondsIsDropped) {
    Field field;
    field.host.hold_disk();
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(5s);
    field.host.release_disk();
    field.run_for(1s);
    EXPECT_TRUE(field.program.all<WireAck>().empty());
    EXPECT_EQ(field.host.node().counters().acks_too_late, 1U);
    field.program.say(field.host.endpoint(), "hi");  // the next copy gets a prompt one
    field.run_for(1s);
    EXPECT_EQ(field.program.all<WireAck>().size(), 1U);
    EXPECT_EQ(inbox(field.host), Texts{"hi"});
}

TEST(Field, AnAckThatWaitedForTheSocketTooLongIsDropped) {
    Field field;
    field.host.block_socket(true);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(5s);
    field.host.block_socket(false);
    field.run_for(1s);
    EXPECT_TRUE(field.program.all<WireAck>().empty());
    EXPECT_EQ(field.host.node().counters().acks_too_late, 1U);
}

TEST(Field, AnAckThatTheLastCopyStillWaitsForIsSent) {
    Field field;
    field.host.hold_disk();
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(5s);
    field.program.say(field.host.endpoint(), "hi");
    field.run_for(1s);
    field.host.release_disk();
    field.run_for(1s);
    EXPECT_EQ(field.program.all<WireAck>().size(), 1U);
}

TEST(Field, NothingMalformedIsAnswered) {
    Field field;
    for (const char* bytes : {"", "{}", "[]", "x", "\xff", "{\"ACK\":true}"}) {
        field.program.send_bytes(field.host.endpoint(), bytes);
    }
    field.run_for(10s);
    EXPECT_TRUE(field.program.arrived().empty());
    const auto& dropped = field.host.node().counters().dropped;
    EXPECT_EQ(dropped[std::size_t(DropCause::empty)], 1U);
    EXPECT_EQ(dropped[std::size_t(DropCause::unknown_kind)], 1U);
    EXPECT_EQ(dropped[std::size_t(DropCause::not_object)], 1U);
    EXPECT_EQ(dropped[std::size_t(DropCause::not_json)], 1U);
    EXPECT_EQ(dropped[std::size_t(DropCause::not_utf8)], 1U);
    EXPECT_EQ(dropped[std::size_t(DropCause::missing_member)], 1U);
}

TEST(Field, ATextOverTheLimitIsRefusedForGood) {
    HostOptions options;
    options.limits.text_bytes_max = 100;
    Field field(Dialect::base, options);
    field.program.say(field.host.endpoint(), std::string(101, 'x'));
    field.run_for(1s);
    ASSERT_EQ(field.program.all<WireAck>().size(), 1U);
    EXPECT_FALSE(field.program.all<WireAck>()[0].accepted);
    EXPECT_TRUE(inbox(field.host).empty());
}

TEST(Field, ATextOfExactlyTheLimitIsTaken) {
    HostOptions options;
    options.limits.text_bytes_max = 100;
    Field field(Dialect::base, options);
    field.program.say(field.host.endpoint(), std::string(100, 'x'));
    field.run_for(1s);
    EXPECT_EQ(inbox(field.host).size(), 1U);
}

TEST(Field, OnlyP2pdGetsTheExtensionInAnAck) {
    Field field;
    field.program.say(field.host.endpoint(), "hi", 7);
    field.run_for(1s);
    EXPECT_FALSE(field.program.arrived()[0].datagram.from_p2pd);
    field.program.send(field.host.endpoint(), WireMessage{Stamp::of(8), "ho"}, Extension::p2pd);
    field.run_for(1s);
    EXPECT_TRUE(field.program.arrived()[1].datagram.from_p2pd);
}

TEST(Field, EveryMessageCarriesTheExtensionThatOthersIgnore) {
    Field field;
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    EXPECT_TRUE(field.program.arrived()[0].datagram.from_p2pd);
    EXPECT_LE(field.program.arrived()[0].bytes.size(), datagram_bytes_max);
}

TEST(Field, TextsGoOneAtATimeAndInOrder) {
    Field field;
    for (const char* text : {"1", "2", "3"}) field.host.send(field.program.endpoint(), text);
    field.run_for(1s);
    EXPECT_EQ(field.program.shown(), Texts{"1"});
    field.program.confirm_everything();
    field.run_for(4s);
    EXPECT_EQ(field.program.shown(), (Texts{"1", "1", "2", "3"}));
}

TEST(Field, TheFirstCopyIsGivenThreeSeconds) {
    Field field;
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(2900ms);
    EXPECT_EQ(field.program.shown().size(), 1U);
    field.run_for(200ms);
    EXPECT_EQ(field.program.shown().size(), 2U);
}

TEST(Field, ALongTextIsShownInOrder) {
    Field field;
    field.program.confirm_everything();
    std::string text;
    for (int line = 0; line < 500; ++line) text += std::to_string(line) + '\n';
    field.host.send(field.program.endpoint(), text);
    field.run_for(10s);
    std::string shown;
    for (const std::string& part : field.program.shown()) shown += part;
    EXPECT_EQ(shown, text);
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
}

TEST(Field, AttemptsAreThoseOfThePartThatWasSentMostOften) {
    Field field;
    field.host.send(field.program.endpoint(), std::string(1200, 'x'));
    while (field.program.shown().size() < 2) field.run_for(1s);
    field.program.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp);
    field.run_for(1s);
    EXPECT_EQ(field.program.shown().size(), 3U);
    EXPECT_EQ(field.host.node().outgoing(1)->attempts, 2U);
}

TEST(Field, PartsThatAreConfirmedAreNotShownAgainAfterARestart) {
    Field field;
    field.host.send(field.program.endpoint(), std::string(1200, 'x'));
    field.run_for(1s);
    const Stamp first = field.program.all<WireMessage>()[0].stamp;
    field.program.acknowledge(field.host.endpoint(), first);
    field.run_for(1s);
    field.host.query();
    field.run_for(1s);
    const std::size_t before = field.program.arrived().size();
    field.host.crash();
    field.host.restart();
    field.run_for(10s);
    const auto messages = field.program.all<WireMessage>();
    EXPECT_GT(messages.size(), before);
    for (std::size_t i = before; i < messages.size(); ++i) EXPECT_NE(messages[i].stamp, first);
}

TEST(Field, LinesAreNoBundle) {
    Field field;
    const auto line = [&](std::int64_t us) {
        return encode(WireMessage{Stamp::of(us), "hi"}, field.program.endpoint(),
                      field.host.endpoint(), Dialect::base, Extension::none);
    };
    field.program.send_bytes(field.host.endpoint(), line(7) + "\n" + line(8));
    field.run_for(1s);
    EXPECT_EQ(field.host.node().counters().messages_received, 0U);
    EXPECT_TRUE(field.program.arrived().empty());
}

TEST(Field, ARefusalEndsIt) {
    Field field;
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    field.program.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp,
                              false);
    field.run_for(1min);
    EXPECT_EQ(newest_state(field.host), OutState::refused);
    EXPECT_EQ(field.program.shown().size(), 1U);
    EXPECT_FALSE(field.host.store().outgoing().begin()->second.reason.empty());
}

TEST(Field, TheAckOfSomebodyElseIsUnmatched) {
    Field field;
    FieldProgram other(field, at("10.0.0.10"));
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    other.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp);
    field.run_for(1s);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
    EXPECT_EQ(field.host.node().counters().acks_unmatched, 1U);
}

TEST(Field, AnAckOffByAMicrosecondIsUnmatched) {
    Field field;
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    const std::int64_t us = field.program.all<WireMessage>()[0].stamp.us;
    for (const std::int64_t off : {us - 1, us + 1}) {
        field.program.acknowledge(field.host.endpoint(), Stamp::of(off));
    }
    field.run_for(1s);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
    EXPECT_EQ(field.host.node().counters().acks_unmatched, 2U);
}

TEST(Field, AnAckMayComeFromAnotherPortOfTheHost) {
    Field field;
    FieldProgram other_port(field, at("10.0.0.9:4999"));
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1s);
    other_port.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp);
    field.run_for(1s);
    EXPECT_EQ(newest_state(field.host), OutState::delivered);
}

/// It says from there where it listens, and so that it is no longer away.
TEST(Field, AMessageFromAnotherPortOfTheHostEndsTheWaiting) {
    Field field;
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(1h);
    ASSERT_TRUE(field.host.node().view(field.program.endpoint())->away);
    const std::size_t tries = field.program.arrived().size();
    field.network.transmit(at("10.0.0.9:4999"), field.host.endpoint(),
                           encode(WireMessage{Stamp::of(7), "back"}, field.program.endpoint(),
                                  field.host.endpoint(), Dialect::base, Extension::none));
    field.run_for(5s);
    EXPECT_GT(field.program.arrived().size(), tries);
}

TEST(Field, AnAckForP2pdMayNotComeFromAnotherPort) {
    Field field;
    FieldProgram other_port(field, at("10.0.0.9:4999"));
    field.program.send(field.host.endpoint(), WireMessage{Stamp::of(8), "ho"}, Extension::p2pd);
    field.run_for(1s);
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(100ms);
    other_port.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp);
    field.run_for(100ms);
    EXPECT_EQ(newest_state(field.host), OutState::pending);
}

TEST(Field, UnaskedAcksAreOnlyCounted) {
    Field field;
    field.program.acknowledge(field.host.endpoint(), Stamp::of(7));
    field.run_for(1s);
    EXPECT_EQ(field.host.node().counters().acks_unmatched, 1U);
    EXPECT_FALSE(field.host.node().view(field.program.endpoint()));
}

}  // namespace
}  // namespace p2pd
