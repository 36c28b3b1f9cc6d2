// tests: every queue and table of a Node has a bound, and what happens there is said.
#include <gtest/gtest.h>

#include "tests/core/json_builder.h"
#include "tests/core/world.h"

namespace p2pd {
namespace {

const Endpoint local = at("10.0.0.4");

Now at_second(int second) {
    return {Instant{std::chrono::seconds{second}},
            WallTime{std::chrono::seconds{1'732'260'000 + second}}};
}

Endpoint stranger(int number) {
    Endpoint endpoint = at("10.1.0.0:5000");
    endpoint.address[14] = static_cast<std::uint8_t>(number >> 8);
    endpoint.address[15] = static_cast<std::uint8_t>(number);
    return endpoint;
}

NodeLimits few_peers() {
    NodeLimits limits;
    limits.peers_max = 100;
    return limits;
}

int known_strangers(const Node& node, int among) {
    int known = 0;
    for (int i = 0; i < among; ++i) known += node.view(stranger(i)) ? 1 : 0;
    return known;
}

void store_all(Node& node) {
    MessageId last_id = 0;
    while (auto batch = node.take_batch(at_second(0), true)) {
        BatchResult result;
        for (std::size_t i = 0; i < batch->accepted.size(); ++i) {
            result.accepted.push_back({++last_id});
        }
        result.pending_messages = last_id;
        node.stored(at_second(0), result);
        node.take_transmits(at_second(0), 10'000);
    }
}

TEST(Bounds, ThePeerTableForgetsThoseHeardLongestAgo) {
    Node node(few_peers(), {}, 1);
    for (int i = 0; i < 5000; ++i) {
        node.receive(at_second(0), stranger(i), local, message_json().text());
    }
    EXPECT_EQ(known_strangers(node, 5000), 100);
    EXPECT_TRUE(node.view(stranger(4999)));
    EXPECT_FALSE(node.view(stranger(0)));
}

TEST(Bounds, ThePeerTableKeepsThoseThatAreSentTo) {
    Node node(few_peers(), {}, 1);
    for (int i = 0; i < 50; ++i) {
        node.send(at_second(0), {.peer = stranger(i), .text = "hi", .expires_in = 1h});
    }
    store_all(node);
    for (int i = 100; i < 5000; ++i) {
        node.receive(at_second(0), stranger(i), local, message_json().text());
    }
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(node.view(stranger(i)));
    EXPECT_LE(known_strangers(node, 5000), 101);
}

TEST(Bounds, ThePeerTableKeepsWhoWasHeardAgain) {
    Node node(few_peers(), {}, 1);
    const auto write = [&](int i) {
        node.receive(at_second(0), stranger(i), local, message_json().text());
    };
    for (int i = 0; i < 100; ++i) write(i);
    write(0);
    for (int i = 100; i < 150; ++i) write(i);
    EXPECT_TRUE(node.view(stranger(0)));
    EXPECT_FALSE(node.view(stranger(1)));
}

TEST(Bounds, ThePeerTableKeepsThoseThatAreSentToAmongTheKnown) {
    Node node(few_peers(), {}, 1);
    for (int i = 0; i < 50; ++i) {
        node.send(at_second(0), {.peer = stranger(i), .text = "hi", .expires_in = 1h});
    }
    store_all(node);
    for (int i = 100; i < 400; ++i) {
        node.set_known(stranger(i), true);
        node.receive(at_second(0), stranger(i), local, message_json().text());
    }
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(node.view(stranger(i)));
    EXPECT_LE(known_strangers(node, 400), 101);
}

TEST(Bounds, AFullDiskDoesNotGatherFactsOfPeersWithoutBound) {
    Node node(few_peers(), {}, 1);
    node.receive(at_second(0), stranger(0), local, message_json().text());
    ASSERT_TRUE(node.take_batch(at_second(0), false));
    for (int i = 0; i < 5000; ++i) {
        node.receive(at_second(0), stranger(i), local, upper(message_json()).text());
        node.receive(at_second(0), stranger(i), local, message_json().text());
    }
    node.stored(at_second(0), {.full = true});
    EXPECT_LE(node.take_batch(at_second(2), false)->peers.size(), 100U);
}

/// What comes while a batch is tried is not added to what that batch had.
TEST(Bounds, EachBatchThatAFullDiskGivesBackKeepsTheBound) {
    Node node(few_peers(), {}, 1);
    for (int second = 0; second < 10; ++second) {
        for (int i = 0; i < 100; ++i) {
            node.receive(at_second(2 * second), stranger(1000 * second + i), local,
                         upper(message_json()).text());
        }
        ASSERT_TRUE(node.take_batch(at_second(2 * second), false));
        for (int i = 100; i < 200; ++i) {
            node.receive(at_second(2 * second), stranger(1000 * second + i), local,
                         upper(message_json()).text());
        }
        node.stored(at_second(2 * second), {.full = true});
    }
    EXPECT_LE(node.take_batch(at_second(100), false)->peers.size(), 100U);
}

TEST(Bounds, AFullDiskDoesNotGatherNotesOfAttemptsWithoutBound) {
    Node node({}, {}, 1);
    node.send(at_second(0), {.peer = stranger(0), .text = "hi", .expires_in = 24h});
    store_all(node);
    for (int second = 0; second < 50'000; ++second) {
        node.timeout(at_second(second));
        node.take_transmits(at_second(second), 10);
        if (auto batch = node.take_batch(at_second(second), true)) {
            EXPECT_LE(batch->updates.size(), 1U);
            node.stored(at_second(second), {.full = true});
        }
    }
    EXPECT_GT(node.counters().transmissions, 20U);
}

TEST(Bounds, AQueueThatIsFullTakesNoMore) {
    NodeLimits limits;
    limits.queue_messages_max = 3;
    Node node(limits, {}, 1);
    const auto send = [&] {
        return node.send(at_second(0), {.peer = stranger(0), .text = "hi", .expires_in = 1h});
    };
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(std::holds_alternative<std::int64_t>(send()));
    EXPECT_EQ(std::get<SendError>(send()), SendError::queue_full);
    store_all(node);
    EXPECT_EQ(node.pending_messages(), 3U);
    EXPECT_EQ(std::get<SendError>(send()), SendError::queue_full);
}

TEST(Bounds, ARequestOfManyIsTakenWholeOrNotAtAll) {
    NodeLimits limits;
    limits.queue_messages_max = 5;
    limits.text_bytes_max = 10;
    Node node(limits, {}, 1);
    const auto send = [&](std::vector<std::string> more) {
        return node.send(
            at_second(0),
            {.peer = stranger(0), .text = "first", .more = std::move(more), .expires_in = 1h});
    };
    EXPECT_EQ(std::get<SendError>(send({"ok", "one that is too long"})), SendError::text_too_long);
    EXPECT_EQ(std::get<SendError>(send({"2", "3", "4", "5", "6"})), SendError::queue_full);
    EXPECT_FALSE(node.take_batch(at_second(0), true));
    const auto ticket = std::get<std::int64_t>(send({"2", "3", "4", "5"}));
    store_all(node);
    EXPECT_EQ(node.pending_messages(), 5U);
    const auto events = node.take_events();
    ASSERT_EQ(events.size(), 1U);
    const auto& outcome = std::get<SendOutcome>(events[0]);
    EXPECT_EQ(outcome.ticket, ticket);
    EXPECT_EQ(outcome.id, 1U);
    EXPECT_EQ(outcome.messages, 5U);
}

TEST(Bounds, OfARequestOfManyAFullDiskTakesNone) {
    Node node({}, {}, 1);
    const auto send = [&](std::string text, std::vector<std::string> more) {
        node.send(at_second(0), {.peer = stranger(0),
                                 .text = std::move(text),
                                 .more = std::move(more),
                                 .expires_in = 1h});
    };
    send("a", {"b", "c"});
    send("d", {});
    ASSERT_EQ(node.take_batch(at_second(0), true)->accepted.size(), 4U);
    node.stored(at_second(0), {.full = true});
    const auto events = node.take_events();
    ASSERT_EQ(events.size(), 2U);
    for (const Event& event : events) EXPECT_TRUE(std::get<SendOutcome>(event).disk_full);
    EXPECT_EQ(node.outgoing_bytes(), 0U);
}

TEST(Bounds, WhatWaitsToBeStoredIsBoundedInBytes) {
    Node node({}, {}, 1);
    std::size_t accepted = 0;
    const SendRequest request{
        .peer = stranger(0), .text = std::string(64 * 1024, 'x'), .expires_in = 1h};
    while (accepted < 10'000 &&
           std::holds_alternative<std::int64_t>(node.send(at_second(0), request))) {
        ++accepted;
    }
    EXPECT_LE(accepted * 64 * 1024, 32U * 1024 * 1024);
}

TEST(Bounds, AnInboxThatIsFullIsSilent) {
    Node node({}, {}, 1);
    node.set_known(stranger(0), true);
    for (int i = 0; i < 20000; ++i) {
        node.receive(at_second(0), stranger(0), local,
                     message_json().set("Timestamp da mensagem", std::to_string(i)).text());
    }
    EXPECT_EQ(node.counters().inbox_full, 20000 - Inbox::messages_max);
    EXPECT_EQ(node.take_batch(at_second(0), false)->received.size(), Inbox::messages_max);
    node.stored(at_second(0), {});
    EXPECT_EQ(node.take_transmits(at_second(0), 20000).size(), Inbox::messages_max);
}

TEST(Bounds, AcksThatWaitForTheSocketAreBounded) {
    constexpr int waiting_max = 65536;
    Node node({}, {}, 1);
    node.set_known(stranger(0), true);
    for (int i = 0; i < waiting_max + 1000; ++i) {
        node.receive(at_second(0), stranger(0), local,
                     message_json().set("Timestamp da mensagem", std::to_string(i)).text());
        if (i % 1000 != 999) continue;
        node.take_batch(at_second(0), false);
        node.stored(at_second(0), {});
    }
    EXPECT_EQ(node.take_transmits(at_second(0), 100'000).size(), std::size_t{waiting_max});
    EXPECT_GT(node.counters().acks_dropped, 0U);
}

TEST(Bounds, NoMoreIsTransmittedThanTheSocketTakes) {
    Node node({}, {}, 1);
    for (int i = 0; i < 100; ++i) {
        node.receive(at_second(0), stranger(i), local, message_json().text());
        node.send(at_second(0), {.peer = stranger(i), .text = "hi", .expires_in = 1h});
    }
    BatchResult result;
    for (MessageId id = 1; id <= 100; ++id) result.accepted.push_back({id});
    node.take_batch(at_second(0), false);
    node.stored(at_second(0), result);
    std::size_t transmits = 0;
    for (int turn = 0; turn < 29; ++turn) {
        const std::size_t taken = node.take_transmits(at_second(0), 7).size();
        EXPECT_LE(taken, 7U);
        transmits += taken;
    }
    EXPECT_EQ(transmits, 200U);
}

TEST(Bounds, RefusalsThatNobodyTransmitsAreBounded) {
    NodeLimits limits;
    limits.admission.known_only = true;
    limits.admission.stranger_rate = 1'000'000;
    limits.admission.strangers_rate = 1'000'000;
    Node node(limits, {}, 1);
    constexpr int datagrams = 70'000;
    for (int i = 0; i < datagrams; ++i) {
        node.receive(at_second(0), stranger(i), local, message_json().text());
    }
    const std::uint64_t dropped = node.counters().acks_dropped;
    EXPECT_GT(dropped, 0U);
    EXPECT_EQ(node.take_transmits(at_second(0), datagrams).size(), datagrams - dropped);
}

TEST(Bounds, MemoryOfOnePeerIsBoundedAndTheRestStaysInTheStore) {
    HostOptions options;
    options.limits.peer_memory_max = 100'000;
    Field field(Dialect::base, options);
    for (int i = 0; i < 1000; ++i) {
        field.host.send(field.program.endpoint(), std::string(700, 'x'));
    }
    field.run_for(1s);
    int in_memory = 0;
    for (MessageId id = 1; id <= 1000; ++id) {
        in_memory += field.host.node().outgoing(id) != nullptr ? 1 : 0;
    }
    EXPECT_GT(in_memory, 10);
    EXPECT_LT(in_memory * 700, 100'000);
    EXPECT_EQ(field.host.node().pending_messages(), 1000U);
}

TEST(Bounds, WhenMemoryIsFullEveryPeerStillGetsItsTurn) {
    HostOptions options;
    options.limits.memory_max = 5000;
    World world;
    SimulatedHost host(local, world.events, world.network, world.random, world.nobody, options);
    std::vector<std::unique_ptr<FieldProgram>> programs;
    for (int i = 0; i < 20; ++i) {
        programs.push_back(std::make_unique<FieldProgram>(world, stranger(i)));
        for (int text = 0; text < 5; ++text) host.send(stranger(i), std::to_string(text));
    }
    world.run_for(1s);
    for (const auto& program : programs) {
        EXPECT_EQ(program->shown(), std::vector<std::string>{"0"});
        program->confirm_everything();
    }
    world.run_for(1min);
    EXPECT_EQ(host.node().pending_messages(), 0U);
}

}  // namespace
}  // namespace p2pd
