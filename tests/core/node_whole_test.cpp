// tests: a text that one datagram to p2pd takes whole, but none to a program of the field.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace p2pd {
namespace {

using Texts = std::vector<std::string>;

const std::string large(1000, 'x');

std::size_t parts_of_newest(const SimulatedHost& host) {
    return host.store().outgoing().rbegin()->second.message.part_ends.size();
}

TEST(Whole, ItGoesToP2pdInOneObject) {
    Pair pair;
    pair.get_acquainted();
    const std::uint64_t before = pair.alice.node().counters().transmissions;
    pair.alice.send(pair.bob.endpoint(), large);
    pair.run_for(1s);
    EXPECT_EQ(inbox(pair.bob), (Texts{"good morning", large}));
    EXPECT_EQ(pair.alice.node().counters().transmissions - before, 1U);
    EXPECT_EQ(newest_state(pair.alice), OutState::delivered);
}

TEST(Whole, OneThatTheSmallestPathDoesNotTakeGoesInParts) {
    Pair pair;
    pair.get_acquainted();
    pair.alice.send(pair.bob.endpoint(), std::string(1030, 'x'));
    pair.run_for(1s);
    EXPECT_EQ(parts_of_newest(pair.alice), 2U);
    EXPECT_EQ(inbox(pair.bob).back(), std::string(1030, 'x'));
}

/// A peer that says that it is p2pd, until it is another program.
class ChangingPeer : public testing::Test, protected Field {
protected:
    ChangingPeer() { speaks(Extension::p2pd); }

    void speaks(Extension extension) {
        send_us_ += 1'000'000;
        program.send(host.endpoint(), WireMessage{Stamp::of(send_us_), "hello"}, extension);
        run_for(1s);
    }
    std::size_t arrived_large() const {
        const auto is_large = [](const auto& one) { return one.bytes.size() > 1024; };
        return static_cast<std::size_t>(std::ranges::count_if(program.arrived(), is_large));
    }

    std::int64_t send_us_ = 1'732'260'000'000'000;
};

TEST_F(ChangingPeer, AProgramOfTheFieldIsSentItInParts) {
    speaks(Extension::none);
    program.confirm_everything();
    host.send(program.endpoint(), large);
    run_for(1s);
    EXPECT_EQ(newest_state(host), OutState::delivered);
    EXPECT_EQ(arrived_large(), 0U);
    EXPECT_EQ(program.shown().size(), 2U);
}

TEST_F(ChangingPeer, APeerThatIsAnotherProgramNowIsNotSentItAndWhatComesBehindGoes) {
    host.send(program.endpoint(), large);
    run_for(100ms);
    ASSERT_EQ(arrived_large(), 1U);
    speaks(Extension::none);
    const std::size_t before = arrived_large();
    program.confirm_everything();
    host.send(program.endpoint(), "small");
    run_for(10min);
    EXPECT_EQ(arrived_large(), before);
    EXPECT_EQ(program.shown().back(), "small");
    EXPECT_EQ(newest_state(host), OutState::delivered);
    EXPECT_EQ(host.node().pending_messages(), 1U);
}

TEST_F(ChangingPeer, WhatComesBehindManyOfThemIsLoadedAfterARestart) {
    for (int i = 0; i < 100; ++i) host.send(program.endpoint(), large);
    host.send(program.endpoint(), "small");
    speaks(Extension::none);
    host.crash();
    host.restart();
    program.confirm_everything();
    run_for(10min);
    EXPECT_EQ(program.shown().back(), "small");
    EXPECT_EQ(host.node().pending_messages(), 100U);
}

TEST_F(ChangingPeer, OnceThePeerIsP2pdAgainItIsSentIt) {
    speaks(Extension::none);
    speaks(Extension::p2pd);
    host.send(program.endpoint(), large);
    run_for(100ms);
    speaks(Extension::none);
    run_for(1min);
    const std::size_t before = arrived_large();
    program.confirm_everything();
    speaks(Extension::p2pd);
    run_for(1min);
    EXPECT_EQ(arrived_large(), before + 1);
    EXPECT_EQ(newest_state(host), OutState::delivered);
    EXPECT_EQ(host.node().outgoing_bytes(), 0U);
}

TEST_F(ChangingPeer, WhatIsNotSentExpiresAsAnyOther) {
    host.send(program.endpoint(), large);
    speaks(Extension::none);
    run_for(15 * 24h);
    EXPECT_EQ(newest_state(host), OutState::expired);
    EXPECT_EQ(host.node().outgoing_bytes(), 0U);
    const std::size_t before = arrived_large();
    speaks(Extension::p2pd);
    EXPECT_EQ(arrived_large(), before);
}

}  // namespace
}  // namespace p2pd
