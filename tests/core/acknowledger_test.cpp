// tests: one ACK for many between p2pd, one each to programs of the field.
#include "daemon/core/acknowledger.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

constexpr std::int64_t first_us = 1'732'260'000'000'000;
const Endpoint p2pd_peer = at("10.0.0.5");
const Endpoint field_peer = at("10.0.0.9");
const Now now{Instant{1h}, WallTime{std::chrono::seconds{1'732'260'100}}};

std::optional<Acknowledger::Form> form_of(const Endpoint& peer) {
    if (peer == p2pd_peer) return Acknowledger::Form{Dialect::base, true, true, 1200};
    if (peer == field_peer) return Acknowledger::Form{};
    return std::nullopt;
}

AckDue due(const Endpoint& peer, std::int64_t us) {
    return {peer, std::nullopt, Stamp::of(us), now.monotonic};
}

std::vector<Transmit> all(Acknowledger& acknowledger, Instant when = now.monotonic) {
    std::vector<Transmit> transmits;
    while (auto transmit = acknowledger.next(when)) transmits.push_back(std::move(*transmit));
    return transmits;
}

const WireAck& ack(const Transmit& transmit) {
    return std::get<WireAck>(transmit.objects.at(0));
}

TEST(Acknowledger, ConfirmsABatchOfAP2pdWithOneObject) {
    Acknowledger acknowledger;
    acknowledger.confirm(now,
                         {due(p2pd_peer, first_us + 9), due(p2pd_peer, first_us),
                          due(p2pd_peer, first_us + 8), due(p2pd_peer, first_us + 3)},
                         form_of);
    const auto transmits = all(acknowledger);
    ASSERT_EQ(transmits.size(), 1U);
    EXPECT_EQ(ack(transmits[0]).original.us, first_us);
    EXPECT_EQ(ack(transmits[0]).also,
              (std::vector<StampRange>{{first_us + 3, 1}, {first_us + 8, 2}}));
    EXPECT_TRUE(ack(transmits[0]).accepted);
    EXPECT_EQ(acknowledger.sent(), 4U);
}

TEST(Acknowledger, RepeatsWhatItSaidOfLate) {
    Acknowledger acknowledger;
    acknowledger.confirm(now, {due(p2pd_peer, first_us + 5), due(p2pd_peer, first_us + 6)},
                         form_of);
    acknowledger.confirm(now, {due(p2pd_peer, first_us)}, form_of);
    acknowledger.confirm(now, {due(p2pd_peer, first_us + 7)}, form_of);
    const auto transmits = all(acknowledger);
    ASSERT_EQ(transmits.size(), 3U);
    EXPECT_EQ(ack(transmits[2]).original.us, first_us);
    EXPECT_EQ(ack(transmits[2]).also, (std::vector<StampRange>{{first_us + 5, 3}}));
    EXPECT_EQ(acknowledger.sent(), 4U);
}

TEST(Acknowledger, RepeatsFourAtMostAndForASecond) {
    Acknowledger acknowledger;
    for (std::int64_t us = first_us; us < first_us + 20; us += 2) {
        acknowledger.confirm(now, {due(p2pd_peer, us)}, form_of);
    }
    const auto early = all(acknowledger);
    EXPECT_EQ(ack(early.back()).original.us, first_us + 10);
    EXPECT_EQ(ack(early.back()).also.size(), 4U);
    Now later = now;
    later.monotonic += RecentAcks::age_max + 1us;
    acknowledger.confirm(later, {due(p2pd_peer, first_us + 100)}, form_of);
    EXPECT_TRUE(ack(all(acknowledger).at(0)).also.empty());
}

TEST(Acknowledger, RepeatsToThePeerAloneThatWasTold) {
    Acknowledger acknowledger;
    const auto joined = [](const Endpoint&) {
        return Acknowledger::Form{Dialect::base, true, true, 1200};
    };
    acknowledger.confirm(now, {due(p2pd_peer, first_us)}, joined);
    acknowledger.confirm(now, {due(at("10.0.0.6"), first_us + 1)}, joined);
    EXPECT_TRUE(ack(all(acknowledger).at(1)).also.empty());
}

TEST(Acknowledger, ConfirmsEachMessageOfTheFieldByItself) {
    Acknowledger acknowledger;
    acknowledger.confirm(now, {due(field_peer, first_us), due(field_peer, first_us + 1)}, form_of);
    const auto transmits = all(acknowledger);
    ASSERT_EQ(transmits.size(), 2U);
    for (const Transmit& transmit : transmits) {
        EXPECT_EQ(transmit.extension, Extension::none);
        EXPECT_TRUE(ack(transmit).also.empty());
        EXPECT_FALSE(ack(transmit).window);
    }
}

TEST(Acknowledger, NeverWritesMoreThanADatagramTakes) {
    Acknowledger acknowledger;
    std::vector<AckDue> dues;
    std::uint64_t spread = 12345;
    std::int64_t us = first_us;
    for (int i = 0; i < 1000; ++i) {
        spread = spread * 6364136223846793005U + 1442695040888963407U;
        us += 2 + static_cast<std::int64_t>(spread >> 44U);
        dues.push_back(due(p2pd_peer, us));
    }
    acknowledger.confirm(now, dues, form_of);
    std::set<std::int64_t> confirmed;
    for (const Transmit& transmit : all(acknowledger)) {
        EXPECT_LE(encode(transmit, at("10.0.0.4")).size(), 1200U);
        confirmed.insert(ack(transmit).original.us);
        for (const StampRange& range : ack(transmit).also) {
            for (std::uint32_t i = 0; i < range.count; ++i) confirmed.insert(range.first_us + i);
        }
    }
    EXPECT_EQ(confirmed.size(), 1000U);
}

TEST(Acknowledger, SharesTheInboxAmongThoseWhoWrite) {
    Acknowledger acknowledger;
    const Endpoint other = at("10.0.0.6");
    acknowledger.confirm(now, {due(p2pd_peer, first_us), due(other, first_us)},
                         [](const Endpoint&) {
                             return Acknowledger::Form{Dialect::base, true, true, 1200};
                         });
    for (const Transmit& transmit : all(acknowledger)) {
        EXPECT_EQ(ack(transmit).window, Inbox::messages_max / 2);
    }
}

TEST(Acknowledger, ACopyInTheSameBatchIsConfirmedOnce) {
    Acknowledger acknowledger;
    acknowledger.confirm(now, {due(p2pd_peer, first_us), due(p2pd_peer, first_us)}, form_of);
    EXPECT_EQ(all(acknowledger).size(), 1U);
    EXPECT_EQ(acknowledger.sent(), 1U);
}

TEST(Acknowledger, WhatNobodySendsIsBounded) {
    Acknowledger acknowledger;
    const ReceivedMessage message{
        .peer = p2pd_peer, .stamp = Stamp::of(first_us), .received_at = now.wall};
    for (std::size_t i = 0; i <= Acknowledger::waiting_max; ++i) {
        acknowledger.refuse(now, message, *form_of(p2pd_peer));
    }
    EXPECT_EQ(acknowledger.waiting(), Acknowledger::waiting_max);
    acknowledger.confirm(now, {due(p2pd_peer, first_us), due(p2pd_peer, first_us + 5)}, form_of);
    EXPECT_EQ(acknowledger.waiting(), Acknowledger::waiting_max);
    EXPECT_EQ(acknowledger.dropped(), 3U);
}

TEST(Acknowledger, OfPeersThatAreForgottenSaysNothing) {
    Acknowledger acknowledger;
    acknowledger.confirm(now, {due(at("10.0.0.77"), first_us)}, form_of);
    EXPECT_TRUE(all(acknowledger).empty());
    EXPECT_EQ(acknowledger.dropped(), 1U);
}

TEST(Acknowledger, LateIsDroppedForTheFieldAndSentToP2pd) {
    Acknowledger acknowledger;
    acknowledger.confirm(now, {due(field_peer, first_us), due(p2pd_peer, first_us)}, form_of);
    const auto transmits = all(acknowledger, now.monotonic + Acknowledger::age_max + 1us);
    ASSERT_EQ(transmits.size(), 1U);
    EXPECT_EQ(transmits[0].to, p2pd_peer);
    EXPECT_EQ(acknowledger.too_late(), 1U);
}

}  // namespace
}  // namespace p2pd
