// tests: several objects in a datagram, to p2pd alone.
#include "daemon/core/transmit.h"

#include <gtest/gtest.h>

#include "tests/core/json_builder.h"
#include "tests/core/world.h"

namespace p2pd {
namespace {

constexpr std::int64_t first_us = 1'732'260'000'000'000;

using Texts = std::vector<std::string_view>;

Texts split_lines(std::string_view bytes) {
    Texts lines;
    do {
        lines.push_back(take_line(bytes));
    } while (!bytes.empty());
    return lines;
}

TEST(Lines, OfOneObjectAreTheWhole) {
    EXPECT_EQ(split_lines("{}"), Texts{"{}"});
    EXPECT_EQ(split_lines(""), Texts{""});
    EXPECT_EQ(split_lines("{\"a\":\n1}"), Texts{"{\"a\":\n1}"});
}

TEST(Lines, AreCutBetweenObjects) {
    EXPECT_EQ(split_lines("{1}\n{2}\n{3}   "), (Texts{"{1}", "{2}", "{3}   "}));
}

TEST(Transmit, HasAnObjectALine) {
    Transmit transmit{at("10.0.0.5"), {}, {}, Dialect::base, Extension::p2pd};
    transmit.objects.emplace_back(WireMessage{Stamp::of(first_us), "a\nb"});
    transmit.objects.emplace_back(WireMessage{Stamp::of(first_us + 1), "}\n{"});
    const std::string bytes = encode(transmit, at("10.0.0.4"));
    const auto lines = split_lines(bytes);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(std::get<WireMessage>(std::get<Datagram>(decode(lines[1])).object).text, "}\n{");
}

TEST(Transmit, AProbeIsFilledUpWithSpaces) {
    Transmit transmit{at("10.0.0.5"), {}, {}, Dialect::base, Extension::p2pd, 1452};
    transmit.objects.emplace_back(WireMessage{Stamp::of(first_us), "hi"});
    const std::string bytes = encode(transmit, at("10.0.0.4"));
    EXPECT_EQ(bytes.size(), 1452U);
    EXPECT_TRUE(std::holds_alternative<Datagram>(decode(bytes)));
}

/// Counts what goes over the wire.
class Wire : public Observer {
public:
    std::vector<Transmit> sent;
    std::size_t largest_bytes = 0;

    void transmits(SimulatedHost&, const Transmit& transmit, const std::string& bytes) override {
        sent.push_back(transmit);
        largest_bytes = std::max(largest_bytes, bytes.size());
    }
};

class Bundles : public testing::Test {
protected:
    Bundles() {
        alice.send(bob.endpoint(), "good morning");
        world.run_for(1s);
        wire.sent.clear();
    }

    void send(int count) {
        for (int i = 0; i < count; ++i) alice.send(bob.endpoint(), "text " + std::to_string(i));
        world.run_for(10s);
    }

    World world;
    Wire wire;
    SimulatedHost alice{at("10.0.0.4"), world.events, world.network, world.random, wire, {}};
    SimulatedHost bob{at("10.0.0.5"), world.events, world.network, world.random, wire, {}};
};

TEST_F(Bundles, ManyMessagesTakeFewDatagramsAndFewAcks) {
    send(1000);
    EXPECT_EQ(inbox(bob).size(), 1001U);
    EXPECT_EQ(alice.node().pending_messages(), 0U);
    EXPECT_LT(wire.sent.size(), 200U);
    EXPECT_EQ(alice.node().counters().retransmissions, 0U);
}

TEST_F(Bundles, GrowToWhatThePathTakes) {
    send(2000);
    EXPECT_EQ(wire.largest_bytes, 65487U);
}

TEST_F(Bundles, StayBelowWhatThePathTakes) {
    world.network.set_sizes(65507, 9000);
    send(3000);
    EXPECT_EQ(inbox(bob).size(), 3001U);
    EXPECT_EQ(alice.node().view(bob.endpoint())->window > 10, true);
    wire.sent.clear();
    wire.largest_bytes = 0;
    send(1000);
    EXPECT_LE(wire.largest_bytes, 8952U);
}

TEST_F(Bundles, AreNotSentAgainWhenTheHostsOwnLinkIsSmaller) {
    world.network.set_sizes(1500, 1500);
    const Instant begin = world.events.now();
    for (int i = 0; i < 200; ++i) alice.send(bob.endpoint(), "text " + std::to_string(i));
    while (alice.node().pending_messages() > 0 || inbox(bob).size() < 201) {
        world.run_for(1ms);
        ASSERT_LT(world.events.now(), begin + 1s) << "nothing may wait for a timeout";
    }
}

TEST_F(Bundles, ARefusalOfOnePartEndsTheWholeMessage) {
    FieldProgram program(world, at("10.0.0.9"));
    program.send(alice.endpoint(), WireMessage{Stamp::of(first_us), "I am p2pd"}, Extension::p2pd);
    world.run_for(1s);
    alice.send(program.endpoint(), std::string(3000, 'x'));
    world.run_for(100ms);
    const WireObject& part = program.arrived().back().datagram.object;
    WireAck refusal{std::get<WireMessage>(part).stamp, Stamp::of(first_us), false};
    refusal.original.us -= 1;
    refusal.original = Stamp::of(refusal.original.us);
    refusal.also = {{refusal.original.us + 1, 1000}};
    program.send(alice.endpoint(), refusal, Extension::p2pd);
    world.run_for(1s);
    EXPECT_EQ(newest_state(alice), OutState::refused);
    EXPECT_EQ(alice.node().pending_messages(), 0U);
}

TEST_F(Bundles, AStrangersBundleCountsObjectByObjectAgainstItsRate) {
    Node node({.admission = {.stranger_rate = 2, .strangers_rate = 2}}, {}, 1);
    std::string bytes;
    for (int i = 0; i < 10; ++i) {
        if (i > 0) bytes += '\n';
        bytes += message_json()
                     .set("Timestamp da mensagem", std::to_string(i))
                     .set("p2pd", R"({"v":1})")
                     .text();
    }
    node.receive({}, at("10.0.0.8"), at("10.0.0.4"), bytes);
    EXPECT_LT(node.counters().messages_received, 10U);
    EXPECT_GT(node.counters().turned_away.at(static_cast<std::size_t>(TurnedAway::stranger_rate)),
              0U);
}

TEST_F(Bundles, ADocumentOfSeveralLinesFromTheFieldIsOneObject) {
    FieldProgram program(world, at("10.0.0.9"));
    program.send_bytes(bob.endpoint(), message_json().set("x", "[{}\n,{\n}\n,\n{}\n]").text());
    program.send_bytes(
        bob.endpoint(),
        message_json().set("x", "[{\"a\":{}\n},\n{}]").set("Mensagem", "\"b\"").text());
    world.run_for(1s);
    EXPECT_EQ(inbox(bob).size(), 3U);
}

}  // namespace
}  // namespace p2pd
