// tests: nothing is acknowledged before it is stored, and copies share an ACK.
#include "daemon/core/inbox.h"

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using namespace std::chrono_literals;
using Taken = Inbox::Taken;

ReceivedMessage message(std::int64_t us, std::string text = "hi") {
    ReceivedMessage message;
    message.peer = *parse_endpoint("10.0.0.9:5000", 0);
    message.stamp = Stamp::of(us);
    message.text = std::move(text);
    return message;
}

TEST(Inbox, AcknowledgesWhatIsStored) {
    Inbox inbox;
    EXPECT_EQ(inbox.take(message(1), Instant{5s}), Taken::gathered);
    EXPECT_TRUE(inbox.gathered());
    const auto batch = inbox.take_batch();
    ASSERT_EQ(batch.size(), 1U);
    EXPECT_FALSE(inbox.gathered());
    const std::vector<AckDue> acks = inbox.stored();
    ASSERT_EQ(acks.size(), 1U);
    EXPECT_EQ(acks[0].stamp, Stamp::of(1));
    EXPECT_EQ(acks[0].arrived, Instant{5s});
}

TEST(Inbox, AnAckLeavesFromWhereTheMessageCameIn) {
    Inbox inbox;
    ReceivedMessage received = message(1);
    received.local = *parse_endpoint("10.0.0.4:5000", 0);
    inbox.take(ReceivedMessage(received), Instant{});
    const auto batch = inbox.take_batch();
    EXPECT_EQ(inbox.stored()[0].local, received.local);
}

TEST(Inbox, WhatComesWhileABatchIsBeingStoredWaitsForTheNext) {
    Inbox inbox;
    inbox.take(message(1), Instant{});
    const auto batch = inbox.take_batch();
    EXPECT_EQ(inbox.take(message(2), Instant{}), Taken::gathered);
    EXPECT_EQ(inbox.stored().size(), 1U);
    const auto next = inbox.take_batch();
    EXPECT_EQ(next[0].stamp, Stamp::of(2));
    EXPECT_EQ(inbox.stored().size(), 1U);
}

TEST(Inbox, CopiesOfWhatIsGatheredShareItsAck) {
    Inbox inbox;
    inbox.take(message(1), Instant{1s});
    EXPECT_EQ(inbox.take(message(1), Instant{2s}), Taken::copy);
    const auto batch = inbox.take_batch();
    EXPECT_EQ(batch.size(), 1U);
    const std::vector<AckDue> acks = inbox.stored();
    ASSERT_EQ(acks.size(), 1U);
    EXPECT_EQ(acks[0].arrived, Instant{2s});
}

TEST(Inbox, CopiesOfWhatIsBeingStoredShareItsAck) {
    Inbox inbox;
    inbox.take(message(1), Instant{1s});
    const auto batch = inbox.take_batch();
    EXPECT_EQ(inbox.take(message(1), Instant{2s}), Taken::copy);
    EXPECT_FALSE(inbox.gathered());
    EXPECT_EQ(inbox.stored()[0].arrived, Instant{2s});
}

TEST(Inbox, OfWhatCouldNotBeStoredNothingIsAcknowledged) {
    Inbox inbox;
    inbox.take(message(1), Instant{});
    const auto batch = inbox.take_batch();
    inbox.not_stored();
    EXPECT_FALSE(inbox.gathered());
    EXPECT_EQ(inbox.take(message(1), Instant{}), Taken::gathered);
}

TEST(Inbox, TheSameTimestampWithAnotherContentIsNoCopy) {
    Inbox inbox;
    inbox.take(message(1, "hi"), Instant{});
    EXPECT_EQ(inbox.take(message(1, "ho"), Instant{}), Taken::gathered);
    ReceivedMessage reply = message(1, "hi");
    reply.reply_to = Stamp::of(7);
    EXPECT_EQ(inbox.take(ReceivedMessage(reply), Instant{}), Taken::gathered);
    EXPECT_EQ(inbox.take(ReceivedMessage(reply), Instant{}), Taken::copy);
}

TEST(Inbox, TheSameFromAnotherPeerIsNoCopy) {
    Inbox inbox;
    inbox.take(message(1), Instant{});
    ReceivedMessage other = message(1);
    other.peer.port = 5001;
    EXPECT_EQ(inbox.take(ReceivedMessage(other), Instant{}), Taken::gathered);
}

TEST(Inbox, IsBoundedInMessages) {
    Inbox inbox;
    for (std::size_t us = 0; us < Inbox::messages_max; ++us) {
        ASSERT_EQ(inbox.take(message(std::int64_t(us)), Instant{}), Taken::gathered);
    }
    EXPECT_EQ(inbox.take(message(1'000'000), Instant{}), Taken::full);
    EXPECT_EQ(inbox.take(message(0), Instant{}), Taken::copy);
    const auto batch = inbox.take_batch();
    EXPECT_EQ(batch.size(), Inbox::messages_max);
    EXPECT_EQ(inbox.take(message(1'000'000), Instant{}), Taken::gathered);
}

TEST(Inbox, IsBoundedInBytes) {
    Inbox inbox;
    std::size_t taken = 0;
    while (inbox.take(message(std::int64_t(taken), std::string(60'000, 'x')), Instant{}) ==
           Taken::gathered) {
        ++taken;
    }
    EXPECT_LE(taken, 1 + Inbox::bytes_max / 60'000);
}

}  // namespace
}  // namespace p2pd
