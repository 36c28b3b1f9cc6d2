// tests: whose datagrams are looked at, and how many of strangers.
#include "daemon/core/admission.h"

#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

using Verdict = Admission::Verdict;

constexpr std::uint64_t key = 1;

Instant at_ms(std::int64_t milliseconds) {
    return Instant{std::chrono::milliseconds{milliseconds}};
}

AdmissionLimits rates(std::uint32_t one, std::uint32_t all) {
    AdmissionLimits limits;
    limits.stranger_rate = one;
    limits.strangers_rate = all;
    return limits;
}

int admitted(Admission& admission, Instant now, const Endpoint& from, int datagrams) {
    int admitted = 0;
    for (int i = 0; i < datagrams; ++i) {
        const Verdict verdict = admission.judge(now, from);
        admitted += verdict == Verdict::stranger || verdict == Verdict::known ? 1 : 0;
    }
    return admitted;
}

TEST(Network, IsReadWithAndWithoutBits) {
    EXPECT_TRUE(parse_network("10.0.0.5")->contains(at("10.0.0.5:77")));
    EXPECT_FALSE(parse_network("10.0.0.5")->contains(at("10.0.0.4")));
    EXPECT_TRUE(parse_network("10.1.0.0/12")->contains(at("10.15.255.255")));
    EXPECT_FALSE(parse_network("10.1.0.0/12")->contains(at("10.16.0.0")));
    EXPECT_TRUE(parse_network("0.0.0.0/0")->contains(at("203.0.113.7")));
    EXPECT_FALSE(parse_network("0.0.0.0/0")->contains(at("[2001:db8::1]")));
    EXPECT_TRUE(parse_network("2001:db8::/33")->contains(at("[2001:db8:7fff::1]")));
    EXPECT_FALSE(parse_network("2001:db8::/33")->contains(at("[2001:db8:8000::1]")));
    EXPECT_TRUE(parse_network("::/0")->contains(at("10.0.0.5")));
}

TEST(Network, IsNothingElse) {
    for (const char* text :
         {"", "/", "10.0.0.5/", "10.0.0.5/33", "10.0.0.5/-1", "10.0.0.5:5000", "[::1]", "::1/129",
          "fe80::1%2", "host", "10.0.0.5/8/8", "10.0.0.5 /8", "10.0.0.5/+8"}) {
        EXPECT_FALSE(parse_network(text)) << text;
    }
}

TEST(RateLimit, LetsASecondsWorthThroughAtOnceAndThenTheRate) {
    RateLimit limit;
    int taken = 0;
    for (int i = 0; i < 100; ++i) taken += limit.take(at_ms(5000), 10) ? 1 : 0;
    EXPECT_EQ(taken, 10);
    EXPECT_FALSE(limit.take(at_ms(5099), 10));
    EXPECT_TRUE(limit.take(at_ms(5100), 10));
    EXPECT_FALSE(limit.take(at_ms(5100), 10));
}

TEST(RateLimit, GrantsInTheLongRunWhatItSays) {
    RateLimit limit;
    int taken = 0;
    for (int ms = 0; ms < 100'000; ++ms) taken += limit.take(at_ms(ms), 7) ? 1 : 0;
    EXPECT_NEAR(taken, 707, 1);
}

TEST(Admission, DropsTheBlockedWhoeverTheyAre) {
    AdmissionLimits limits;
    limits.blocked = {*parse_network("10.9.0.0/16")};
    Admission admission(limits, key);
    admission.set_known(at("10.9.0.1"), true);
    EXPECT_EQ(admission.judge(at_ms(0), at("10.9.0.1")), Verdict::blocked);
    EXPECT_EQ(admission.judge(at_ms(0), at("10.8.0.1")), Verdict::stranger);
}

TEST(Admission, LimitsAStrangerWhateverPortItSendsFrom) {
    Admission admission(rates(5, 1000), key);
    int taken = 0;
    for (int port = 1; port <= 100; ++port) {
        taken += admitted(admission, at_ms(0), at("10.0.0.5:" + std::to_string(port)), 1);
    }
    EXPECT_EQ(taken, 5);
    EXPECT_EQ(admission.judge(at_ms(0), at("10.0.0.5")), Verdict::stranger_rate);
    EXPECT_EQ(admission.judge(at_ms(0), at("10.0.0.6")), Verdict::stranger);
}

TEST(Admission, TakesANetworkOfIPv6ForOneStranger) {
    Admission admission(rates(5, 1000), key);
    int taken = 0;
    for (int host = 1; host <= 100; ++host) {
        taken +=
            admitted(admission, at_ms(0), at("[2001:db8::" + std::to_string(host) + "]:5000"), 1);
    }
    EXPECT_EQ(taken, 5);
}

TEST(Admission, LimitsAllStrangersTogether) {
    Admission admission(rates(100, 50), key);
    int taken = 0;
    for (int host = 1; host <= 250; ++host) {
        taken += admitted(admission, at_ms(0), at("10.0.0." + std::to_string(host)), 1);
    }
    EXPECT_EQ(taken, 50);
    EXPECT_EQ(admission.judge(at_ms(0), at("10.0.1.1")), Verdict::strangers_rate);
}

TEST(Admission, NeverLimitsTheKnown) {
    Admission admission(rates(1, 1), key);
    admission.set_known(at("10.0.0.5:5000"), true);
    admitted(admission, at_ms(0), at("10.0.0.6"), 1000);
    EXPECT_EQ(admitted(admission, at_ms(0), at("10.0.0.5:6000"), 1000), 1000);
    admission.set_known(at("10.0.0.5"), false);
    EXPECT_LE(admitted(admission, at_ms(0), at("10.0.0.5"), 1000), 1);
}

// Through a Node.

NodeLimits node_limits(const AdmissionLimits& admission) {
    NodeLimits limits;
    limits.admission = admission;
    return limits;
}

std::uint64_t turned_away(const SimulatedHost& host, TurnedAway why) {
    return const_cast<SimulatedHost&>(host).node().counters().turned_away.at(
        static_cast<std::size_t>(why));
}

TEST(Strangers, AreRefusedWhereOnlyTheKnownAreAccepted) {
    AdmissionLimits admission;
    admission.known_only = true;
    Field world(Dialect::base, {.limits = node_limits(admission)});
    world.program.say(world.host.endpoint(), "hello");
    world.run_for(1s);
    EXPECT_TRUE(inbox(world.host).empty());
    const auto acks = world.program.all<WireAck>();
    ASSERT_EQ(acks.size(), 1U);
    EXPECT_FALSE(acks[0].accepted);
    EXPECT_EQ(turned_away(world.host, TurnedAway::not_known), 1U);
    EXPECT_FALSE(world.host.node().view(world.program.endpoint()));
}

TEST(Strangers, AreKnownOnceTheyWereSentTo) {
    AdmissionLimits admission;
    admission.known_only = true;
    Field world(Dialect::base, {.limits = node_limits(admission)});
    world.host.send(world.program.endpoint(), "who are you?");
    world.run_for(100ms);
    world.program.say(world.host.endpoint(), "a friend");
    world.run_for(1s);
    EXPECT_EQ(inbox(world.host), std::vector<std::string>{"a friend"});
}

TEST(Strangers, AreKnownStillAfterARestart) {
    AdmissionLimits admission;
    admission.known_only = true;
    Field world(Dialect::base, {.limits = node_limits(admission)});
    world.host.send(world.program.endpoint(), "who are you?");
    world.run_for(100ms);
    world.host.crash();
    world.host.restart();
    world.program.say(world.host.endpoint(), "a friend");
    world.run_for(1s);
    EXPECT_EQ(inbox(world.host), std::vector<std::string>{"a friend"});
}

TEST(Strangers, OfTheBlockListGetNoAnswerAtAll) {
    AdmissionLimits admission;
    admission.blocked = {*parse_network("10.0.0.9")};
    Field world(Dialect::base, {.limits = node_limits(admission)});
    world.program.say(world.host.endpoint(), "hello");
    world.run_for(10s);
    EXPECT_TRUE(world.program.arrived().empty());
    EXPECT_TRUE(inbox(world.host).empty());
    EXPECT_EQ(turned_away(world.host, TurnedAway::blocked), 1U);
}

TEST(Strangers, AboveTheirQuotaGetSilence) {
    Node node({}, {}, key);
    const Endpoint local = at("10.0.0.4");
    const Endpoint stranger = at("10.0.0.9");
    const Now now{at_ms(0), WallTime{std::chrono::seconds{1'732'260'000}}};
    for (std::int64_t us = 1; us <= 3; ++us) {
        node.receive(now, stranger, local,
                     encode(WireMessage{Stamp::of(us), "hello"}, stranger, local, Dialect::base,
                            Extension::none));
    }
    ASSERT_EQ(node.take_batch(now, false)->received.size(), 3U);
    BatchResult result;
    result.turned_away = {0, 2};
    node.stored(now, result);
    const auto acks = node.take_transmits(now, 10);
    ASSERT_EQ(acks.size(), 1U);
    EXPECT_EQ(std::get<WireAck>(acks[0].objects.at(0)).original.us, 2);
    EXPECT_EQ(node.counters().turned_away.at(static_cast<std::size_t>(TurnedAway::over_quota)), 2U);
}

TEST(Strangers, AreForgottenBeforeTheKnown) {
    NodeLimits limits;
    limits.peers_max = 16;
    Recovered recovered;
    recovered.known_hosts = {at("10.0.0.5")};
    recovered.peers = {{.endpoint = at("10.0.0.5"), .dialect = Dialect::upper}};
    Node node(limits, recovered, key);
    const Now now{at_ms(0), WallTime{std::chrono::seconds{1'732'260'000}}};
    for (int port = 1000; port < 1500; ++port) {
        const Endpoint stranger = at("10.0.0.9:" + std::to_string(port));
        node.receive(now, stranger, at("10.0.0.4"),
                     encode(WireMessage{Stamp::of(port), "x"}, stranger, at("10.0.0.4"),
                            Dialect::base, Extension::none));
    }
    EXPECT_LE(node.peers(), 17U);
    EXPECT_EQ(node.view(at("10.0.0.5"))->facts.dialect, Dialect::upper);
}

TEST(Strangers, GetNoMoreThanThreeTimesTheBytesThatTheySent) {
    for (const Dialect dialect :
         {Dialect::base, Dialect::upper, Dialect::quoted, Dialect::short_}) {
        for (const bool known_only : {false, true}) {
            AdmissionLimits admission;
            admission.known_only = known_only;
            Field world(dialect, {.limits = node_limits(admission)});
            const WireMessage smallest{Stamp{"1", false, 1'000'000}, ""};
            world.program.send(world.host.endpoint(), smallest);
            const std::size_t sent = encode(smallest, world.program.endpoint(),
                                            world.host.endpoint(), dialect, Extension::none)
                                         .size();
            world.run_for(60s);
            std::size_t got = 0;
            for (const auto& arrived : world.program.arrived()) got += arrived.bytes.size();
            EXPECT_GT(got, 0U);
            EXPECT_LE(got, 3 * sent);
        }
    }
}

TEST(Forgotten, PeersAreWrittenToInTheirDialectAllTheSame) {
    HostOptions options;
    options.limits.peers_max = 16;
    Field world(Dialect::quoted, options);
    world.program.say(world.host.endpoint(), "hello");
    world.run_for(1s);
    for (int port = 1000; port < 1100; ++port) {
        const Endpoint other = at("10.0.0.8:" + std::to_string(port));
        world.network.transmit(other, world.host.endpoint(),
                               encode(WireMessage{Stamp::of(port), "x"}, other,
                                      world.host.endpoint(), Dialect::base, Extension::none));
    }
    world.run_for(1s);
    ASSERT_FALSE(world.host.node().view(world.program.endpoint()));
    world.host.send(world.program.endpoint(), "and hello to you");
    world.run_for(1s);
    ASSERT_FALSE(world.program.all<WireMessage>().empty());
    EXPECT_EQ(world.program.arrived().back().datagram.dialect, Dialect::quoted);
}

}  // namespace
}  // namespace p2pd
