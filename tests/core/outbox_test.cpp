// tests: outgoing messages in memory are found by id and by the timestamp of any part.
#include "daemon/core/outbox.h"

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using namespace std::chrono_literals;

constexpr Instant soon{1min};

OutgoingMessage message(MessageId id, std::int64_t first_us, std::size_t parts = 1,
                        std::uint32_t parts_done = 0) {
    OutgoingMessage message;
    message.id = id;
    message.first_us = first_us;
    message.text = std::string(parts, 'x');
    for (std::uint32_t end = 1; end <= parts; ++end) message.part_ends.push_back(end);
    message.parts_done = parts_done;
    return message;
}

TEST(Outbox, FindsAMessageByAnyOfItsParts) {
    Outbox outbox;
    outbox.add(message(1, 100, 5), soon);
    outbox.add(message(2, 105), soon);
    EXPECT_EQ(outbox.find_part(99), nullptr);
    for (std::int64_t us = 100; us < 105; ++us) EXPECT_EQ(outbox.find_part(us)->message.id, 1U);
    EXPECT_EQ(outbox.find_part(105)->message.id, 2U);
    EXPECT_EQ(outbox.find_part(106), nullptr);
}

TEST(Outbox, FindsAMessageByItsId) {
    Outbox outbox;
    outbox.add(message(7, 100), soon);
    EXPECT_EQ(outbox.find(7)->message.first_us, 100);
    EXPECT_EQ(outbox.find(8), nullptr);
}

TEST(Outbox, FindsWhatIsNotStoredYetByItsPartsAlone) {
    Outbox outbox;
    outbox.add(message(0, 100), soon);
    EXPECT_EQ(outbox.find(0), nullptr);
    outbox.set_id(*outbox.find_part(100), 7);
    EXPECT_EQ(outbox.find(7)->message.first_us, 100);
    EXPECT_EQ(outbox.remove(100)->message.id, 7U);
    EXPECT_EQ(outbox.find(7), nullptr);
}

TEST(Outbox, TakesTheSameMessageOnce) {
    Outbox outbox;
    EXPECT_TRUE(outbox.add(message(7, 100), soon));
    EXPECT_FALSE(outbox.add(message(7, 100), soon));
    EXPECT_EQ(outbox.size(), 1U);
}

TEST(Outbox, AMessageIsConfirmedWithItsLastPartInWhateverOrder) {
    Outbox outbox;
    outbox.add(message(1, 100, 3), soon);
    Outbox::Entry& entry = *outbox.find(1);
    EXPECT_FALSE(outbox.confirm(entry, 102));
    EXPECT_EQ(entry.message.parts_done, 0U);
    EXPECT_FALSE(outbox.confirm(entry, 100));
    EXPECT_EQ(entry.message.parts_done, 1U);
    EXPECT_TRUE(outbox.confirm(entry, 101));
    EXPECT_EQ(entry.message.parts_done, 3U);
}

TEST(Outbox, PartsConfirmedInAnEarlierLifeStayConfirmed) {
    Outbox outbox;
    outbox.add(message(1, 100, 3, 2), soon);
    EXPECT_TRUE(outbox.confirm(*outbox.find(1), 102));
}

TEST(Outbox, GivesWhatHasExpiredOldestFirst) {
    Outbox outbox;
    outbox.add(message(1, 100), Instant{2s});
    outbox.add(message(2, 200), Instant{1s});
    EXPECT_EQ(outbox.next_expiry(), Instant{1s});
    EXPECT_EQ(outbox.expired(Instant{999ms}), nullptr);
    EXPECT_EQ(outbox.expired(Instant{5s})->message.id, 2U);
    outbox.remove(200);
    EXPECT_EQ(outbox.expired(Instant{5s})->message.id, 1U);
}

TEST(Outbox, CountsWhatItTakesOfMemoryAndGivesItBack) {
    Outbox outbox;
    outbox.add(message(1, 100, 1000), soon);
    EXPECT_GT(outbox.bytes(), 1000U);
    EXPECT_EQ(outbox.bytes(), Outbox::cost(message(1, 100, 1000)));
    outbox.confirm(*outbox.find(1), 100);
    outbox.remove(100);
    EXPECT_EQ(outbox.bytes(), 0U);
    EXPECT_EQ(outbox.size(), 0U);
    EXPECT_EQ(outbox.find(1), nullptr);
    EXPECT_EQ(outbox.next_expiry(), std::nullopt);
}

}  // namespace
}  // namespace p2pd
