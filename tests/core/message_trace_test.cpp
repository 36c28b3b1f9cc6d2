// tests: what happened to a message can be seen, for some time and in bounds.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

using Kind = TraceEvent::Kind;
using Kinds = std::vector<Kind>;

std::vector<TraceEvent> trace_of(const SimulatedHost& host) {
    return host.node().trace(host.store().outgoing().rbegin()->second.message);
}

Kinds kinds(const std::vector<TraceEvent>& events) {
    Kinds kinds;
    for (const TraceEvent& event : events) kinds.push_back(event.kind);
    return kinds;
}

TEST(TraceOfAMessage, HasItsAttemptAndItsAckWithTheRoundTrip) {
    Pair pair;
    pair.get_acquainted();
    const auto events = trace_of(pair.alice);
    ASSERT_EQ(kinds(events), (Kinds{Kind::sent, Kind::confirmed}));
    EXPECT_EQ(events[0].attempt, 1U);
    EXPECT_EQ(events[0].text_bytes, std::string_view("good morning").size());
    EXPECT_EQ(events[0].objects, 1U);
    EXPECT_GT(events[0].datagram_bytes, events[0].text_bytes);
    EXPECT_EQ(events[1].attempt, 1U);
    EXPECT_EQ(Duration{events[1].rtt_us}, events[1].at - events[0].at);
}

TEST(TraceOfAMessage, HasEachAttemptAndNoRoundTripWhereNobodyKnowsWhoseAckItIs) {
    Field field;
    field.network.set_faults({.loss = 1.0});
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(4s);
    field.network.set_faults({});
    field.program.confirm_everything();
    field.run_for(1min);
    const auto events = trace_of(field.host);
    ASSERT_EQ(kinds(events), (Kinds{Kind::sent, Kind::sent, Kind::sent, Kind::confirmed}));
    EXPECT_EQ(events[2].attempt, 3U);
    EXPECT_GE(events[1].at - events[0].at, Session::field_timeout * 3 / 4);
    EXPECT_EQ(events[3].attempt, 3U);
    EXPECT_EQ(events[3].rtt_us, -1);
}

TEST(TraceOfAMessage, HasTheRefusal) {
    Field field;
    field.host.send(field.program.endpoint(), "hi");
    field.run_for(100ms);
    field.program.acknowledge(field.host.endpoint(), field.program.all<WireMessage>()[0].stamp,
                              false);
    field.run_for(1s);
    EXPECT_EQ(kinds(trace_of(field.host)), (Kinds{Kind::sent, Kind::refused}));
}

TEST(TraceOfAMessage, HasWhatTheNetworkSaidOfItsPeerMeanwhile) {
    Field field;
    const Endpoint& peer = field.program.endpoint();
    field.host.node().trouble(field.host.now(), peer, Trouble::prohibited);
    field.host.send(peer, "hi");
    field.run_for(100ms);
    field.host.node().trouble(field.host.now(), peer, Trouble::port_unreachable);
    field.host.node().trouble(field.host.now(), at("10.0.0.77"), Trouble::host_unreachable);
    field.run_for(4s);
    const auto events = trace_of(field.host);
    ASSERT_EQ(kinds(events), (Kinds{Kind::sent, Kind::trouble, Kind::sent}));
    EXPECT_EQ(events[1].trouble, Trouble::port_unreachable);
}

TEST(TraceOfAMessage, TellsWhatSharedTheDatagram) {
    Pair pair;
    pair.get_acquainted();
    pair.alice.block_socket(true);
    for (int i = 0; i < 3; ++i) pair.alice.send(pair.bob.endpoint(), "one of three");
    pair.run_for(100ms);  // until they are durable
    pair.alice.block_socket(false);
    pair.run_for(1s);
    EXPECT_EQ(trace_of(pair.alice)[0].objects, 3U);
}

TEST(TraceOfAMessage, HasAllItsParts) {
    Pair pair;
    pair.get_acquainted();
    pair.alice.send(pair.bob.endpoint(), std::string(2000, 'x'));
    pair.run_for(1s);
    std::uint32_t bytes = 0;
    std::size_t confirmed = 0;
    for (const TraceEvent& event : trace_of(pair.alice)) {
        bytes += event.text_bytes;
        confirmed += event.kind == Kind::confirmed ? 1U : 0U;
    }
    EXPECT_EQ(bytes, 2000U);
    EXPECT_EQ(confirmed, 3U);
}

TEST(TraceOfAMessage, OfASocketThatTakesNothingHasNoDatagram) {
    MessageTrace trace;
    trace.add({.part_us = 7});
    EXPECT_EQ(trace.of({}, 7, 1).at(0).datagram_bytes, 0U);
}

TEST(TraceOfAMessage, IsForgottenWhenOthersNeedTheRoom) {
    MessageTrace trace;
    for (std::int64_t us = 1; us <= std::int64_t{MessageTrace::events_max} + 1; ++us) {
        trace.add({.part_us = us});
    }
    EXPECT_TRUE(trace.of({}, 1, 1).empty());
    EXPECT_EQ(trace.of({}, 2, 1).size(), 1U);
    trace.set_datagram(0, 2, 99);
    EXPECT_EQ(trace.of({}, 2, 1)[0].datagram_bytes, 99U);
    EXPECT_EQ(trace.of({}, 3, 1)[0].datagram_bytes, 0U);
}

TEST(TraceOfAMessage, GivesTheNewestEventsOfOne) {
    MessageTrace trace;
    for (std::uint32_t attempt = 1; attempt <= 1000; ++attempt) {
        trace.add({.part_us = 7, .attempt = attempt});
    }
    const auto events = trace.of({}, 7, 1);
    EXPECT_EQ(events.size(), MessageTrace::events_of_one_max);
    EXPECT_EQ(events.back().attempt, 1000U);
}

TEST(TraceOfAMessage, KeepsATroubleOnlyForSomeTime) {
    MessageTrace trace;
    trace.add({.part_us = 7});
    const Endpoint peer = at("10.0.0.5");
    for (std::size_t i = 0; i < MessageTrace::troubles_max + 1; ++i) {
        trace.trouble({}, i == 0 ? peer : at("10.0.0.6"), Trouble::prohibited);
    }
    EXPECT_EQ(trace.of(peer, 7, 1).size(), 1U);
}

}  // namespace
}  // namespace p2pd
