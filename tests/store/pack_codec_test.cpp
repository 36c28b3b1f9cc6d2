// tests/store: what many messages in one blob are.
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "daemon/store_pack_codec.h"

namespace p2pd::test {

/// Whatever is in them, and of spoilt ones nothing beyond their bytes.
TEST(PackCodec, GivesBackWhatWasWritten) {
    std::mt19937_64 random(7);
    const auto number = [&]() -> std::int64_t {
        switch (random() % 4) {
            case 0:
                return static_cast<std::int64_t>(random() % 3) - 1;
            case 1:
                return random() % 2 == 0 ? std::numeric_limits<std::int64_t>::max()
                                         : std::numeric_limits<std::int64_t>::min();
            default:
                return static_cast<std::int64_t>(random() >> random() % 64);
        }
    };
    for (int round = 0; round < 2000; ++round) {
        const bool in = round % 2 == 0;
        std::vector<PackedMessage> written;
        PackWriter writer;
        const std::string text(random() % 300, 'x');
        for (int i = 0; i < 10; ++i) {
            PackedMessage& message = written.emplace_back();
            message.time_us = number();
            message.late_us = number();
            message.stamp_us = number();
            if (!in) message.expires_us = number();
            if (in && random() % 2 == 0) message.lexeme = "1.5";
            if (in && random() % 2 == 0) message.claims = "10.0.0.1:5000";
            message.stamp_is_text = in && random() % 2 == 0;
            message.text = text;
            writer.add(message, in);
        }
        PackReader reader(writer.bytes(), in);
        for (const PackedMessage& message : written) {
            const auto read = reader.next();
            ASSERT_TRUE(read);
            EXPECT_EQ(read->time_us, message.time_us);
            EXPECT_EQ(read->late_us, message.late_us);
            EXPECT_EQ(read->stamp_us, message.stamp_us);
            EXPECT_EQ(read->expires_us, message.expires_us);
            EXPECT_EQ(read->lexeme, message.lexeme);
            EXPECT_EQ(read->stamp_is_text, message.stamp_is_text);
            EXPECT_EQ(read->claims, message.claims);
            EXPECT_EQ(read->text, message.text);
        }
        EXPECT_TRUE(reader.at_end());
        std::vector<std::uint8_t> spoilt = writer.bytes();
        spoilt.resize(random() % spoilt.size());
        if (!spoilt.empty()) spoilt[random() % spoilt.size()] = static_cast<std::uint8_t>(random());
        PackReader of_spoilt(spoilt, in);
        for (int i = 0; i < 10 && of_spoilt.next(); ++i) {
        }
    }
}

/// A timestamp comes back as it was written, and ours, which are most, take no room.
TEST(PackCodec, KeepsTheWritingOfATimestamp) {
    for (const std::int64_t us : {0LL, 1LL, 999'999LL, 1'000'000LL, 4'294'967'295'999'999LL}) {
        PackedMessage message;
        message.set_stamp(Stamp::of(us));
        EXPECT_TRUE(message.lexeme.empty()) << us;
        EXPECT_EQ(message.stamp(), Stamp::of(us));
    }
    for (const char* lexeme :
         {"1.5", "1.50000", "1.5000000", "01.500000", "1.500001", "15.00000", "1,500000",
          "1.5e00000", "1.50000a", "-1.500000", "+1.500000", "1.500000 ", "", ".500000", "1500000",
          "1.500000", "00000000000000000001.500000", "18446744073711.051616"}) {
        for (const bool is_text : {false, true}) {
            const Stamp stamp{lexeme, is_text, 1'500'000};
            if (*lexeme == '\0') continue;  // it is not packed
            PackedMessage message;
            message.set_stamp(stamp);
            EXPECT_EQ(message.stamp(), stamp);
            EXPECT_EQ(message.lexeme.empty(), stamp == Stamp::of(stamp.us)) << lexeme;
        }
    }
}

}  // namespace p2pd::test
