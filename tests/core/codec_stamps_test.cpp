// tests: timestamps of others are kept as they were written and echoed byte for byte.
#include <gtest/gtest.h>

#include "daemon/core/codec.h"
#include "tests/core/json_builder.h"

namespace p2pd {
namespace {

const Endpoint alice = *parse_endpoint("10.0.0.4:5000", 0);
const Endpoint bob = *parse_endpoint("10.0.0.5:5000", 0);

struct WrittenStamp {
    std::string json;  ///< as it stands in the datagram
    std::int64_t us;
};

const WrittenStamp written_stamps[] = {
    {"1732260000.123456", 1'732'260'000'123'456},
    {"1732260000.12", 1'732'260'000'120'000},
    {"1732260000", 1'732'260'000'000'000},
    {"1732260000.0", 1'732'260'000'000'000},
    {"1732260000.1234567", 1'732'260'000'123'457},
    {"1732260000.123456000000000000000000000000000000000000000000", 1'732'260'000'123'456},
    {"1.732260000123456e9", 1'732'260'000'123'456},
    {"1.732260000123456E+9", 1'732'260'000'123'456},
    {"17322600001234.56e-4", 1'732'260'000'123'456},
    {"0", 0},
    {"-0", 0},
    {"-0.0", 0},
    {"0.000001", 1},
    {"4294967295.999999", 4'294'967'295'999'999},
    {"\"1732260000.12\"", 1'732'260'000'120'000},
    {"\"1732260000\"", 1'732'260'000'000'000},
    {"\"1.5e9\"", 1'500'000'000'000'000},
};

Stamp stamp_of(const std::string& datagram) {
    const auto result = decode(datagram);
    EXPECT_TRUE(std::holds_alternative<Datagram>(result)) << datagram;
    if (!std::holds_alternative<Datagram>(result)) return {};
    return std::get<WireMessage>(std::get<Datagram>(result).object).stamp;
}

TEST(CodecStamp, IsReadToTheMicrosecond) {
    for (const WrittenStamp& written : written_stamps) {
        SCOPED_TRACE(written.json);
        EXPECT_EQ(stamp_of(message_json().set("Timestamp da mensagem", written.json).text()).us,
                  written.us);
    }
}

TEST(CodecStamp, IsEchoedByteForByteInEveryDialect) {
    for (const WrittenStamp& written : written_stamps) {
        const Stamp stamp =
            stamp_of(message_json().set("Timestamp da mensagem", written.json).text());
        const WireAck ack{stamp, Stamp::of(1), true};
        for (const Dialect dialect : {Dialect::base, Dialect::upper}) {
            const std::string bytes = encode(ack, bob, alice, dialect, Extension::none);
            EXPECT_NE(bytes.find("\"Timestamp da mensagem original\":" + written.json + ","),
                      std::string::npos)
                << bytes;
        }
        std::string escaped;
        for (const char c : written.json) escaped += c == '"' ? "\\\"" : std::string(1, c);
        for (const Dialect dialect : {Dialect::quoted, Dialect::short_}) {
            const std::string bytes = encode(ack, bob, alice, dialect, Extension::none);
            EXPECT_NE(bytes.find("original\\\":" + escaped + ","), std::string::npos) << bytes;
        }
    }
}

TEST(CodecStamp, OfOursHasSixDecimals) {
    EXPECT_EQ(Stamp::of(1'732'260'000'000'007),
              (Stamp{"1732260000.000007", false, 1'732'260'000'000'007}));
    EXPECT_EQ(Stamp::of(0).lexeme(), "0.000000");
}

TEST(CodecStamp, OfOursComesBackTheSameFromEveryWriter) {
    for (std::int64_t us = 1'000'000'000'000'000; us < 4'294'967'296'000'000;
         us += 3'294'967'295'999'999 / 20'000) {
        const Stamp ours = Stamp::of(us);
        const std::string bytes =
            encode(WireMessage{ours, "x"}, alice, bob, Dialect::base, Extension::none);
        ASSERT_EQ(stamp_of(bytes), ours);
    }
}

}  // namespace
}  // namespace p2pd
