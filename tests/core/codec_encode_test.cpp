// tests: what is written can be read again, by its own kind of peer, and fits 1,024 bytes.
#include <gtest/gtest.h>

#include "daemon/core/codec.h"
#include "daemon/core/utf8.h"
#include "tests/core/random_text.h"

namespace p2pd {
namespace {

constexpr Dialect dialects[] = {Dialect::base, Dialect::upper, Dialect::quoted, Dialect::short_};
constexpr std::int64_t some_us = 1'732'260'000'123'456;

const Endpoint alice = *parse_endpoint("10.0.0.4:5000", 0);
const Endpoint bob = *parse_endpoint("10.0.0.5:5001", 0);
const Endpoint alice6 = *parse_endpoint("[fe80::1%2]:5000", 0);
const Endpoint bob6 = *parse_endpoint("[2001:db8:1111:2222:3333:4444:5555:6666]:65535", 0);

bool writes_text_stamps(Dialect dialect) {
    return dialect == Dialect::quoted || dialect == Dialect::short_;
}
/// Of `short`, only a message shows how it differs from `quoted`.
Dialect shown(const WireObject& object, Dialect dialect) {
    const bool message = std::holds_alternative<WireMessage>(object);
    return dialect == Dialect::short_ && !message ? Dialect::quoted : dialect;
}

Datagram read_back(const std::string& bytes) {
    auto result = decode(bytes);
    if (!std::holds_alternative<Datagram>(result)) {
        ADD_FAILURE() << "dropped: " << bytes;
        return {WireMessage{}, {}};
    }
    return std::get<Datagram>(std::move(result));
}

template <class Object>
Object round_trip(const Object& object, Dialect dialect, Extension extension) {
    const std::string bytes = encode(object, alice, bob, dialect, extension);
    const Datagram datagram = read_back(bytes);
    EXPECT_EQ(datagram.dialect, shown(object, dialect));
    EXPECT_EQ(datagram.from_p2pd, extension == Extension::p2pd);
    EXPECT_EQ(datagram.claimed.source_ip, "10.0.0.4");
    EXPECT_EQ(datagram.claimed.source_port, 5000);
    EXPECT_EQ(datagram.claimed.destination_ip, "10.0.0.5");
    EXPECT_EQ(datagram.claimed.destination_port, 5001);
    const auto* back = std::get_if<Object>(&datagram.object);
    if (back == nullptr) {
        ADD_FAILURE() << "another kind: " << bytes;
        return {};
    }
    return *back;
}

TEST(Encode, AMessageComesBack) {
    std::mt19937_64 random(1);
    for (const Dialect dialect : dialects) {
        for (int i = 0; i < 300; ++i) {
            const WireMessage message{Stamp::of(some_us + i), random_text(random, random() % 90)};
            const WireMessage back = round_trip(message, dialect, Extension::p2pd);
            EXPECT_EQ(back.text, message.text);
            EXPECT_EQ(back.stamp.us, message.stamp.us);
            EXPECT_EQ(back.stamp.lexeme(), message.stamp.lexeme());
            EXPECT_EQ(back.stamp.is_text(), writes_text_stamps(dialect));
        }
    }
}

TEST(Encode, APartComesBackWithItsPlace) {
    for (const Dialect dialect : dialects) {
        const WireMessage message{Stamp::of(some_us), "x", Part{3, 1000, some_us - 2}};
        EXPECT_EQ(round_trip(message, dialect, Extension::p2pd).part, message.part);
    }
}

TEST(Encode, AReplyComesBack) {
    std::mt19937_64 random(2);
    for (const Dialect dialect : dialects) {
        for (int i = 0; i < 300; ++i) {
            const WireReply reply{Stamp{"1732260000.12", i % 2 == 0, 1'732'260'000'120'000},
                                  Stamp::of(some_us), random_text(random, random() % 30),
                                  random_text(random, random() % 30)};
            const WireReply back = round_trip(reply, dialect, Extension::p2pd);
            EXPECT_EQ(back.text, reply.text);
            EXPECT_EQ(back.original_text, reply.original_text);
            EXPECT_EQ(back.original, reply.original);
            EXPECT_EQ(back.stamp.us, reply.stamp.us);
        }
    }
}

TEST(Encode, AnAckComesBack) {
    for (const Dialect dialect : dialects) {
        for (const bool accepted : {true, false}) {
            const WireAck ack{Stamp::of(some_us), Stamp::of(some_us + 5), accepted};
            const WireAck back = round_trip(ack, dialect, Extension::none);
            EXPECT_EQ(back.original, ack.original);
            EXPECT_EQ(back.accepted, accepted);
        }
    }
}

TEST(Encode, WithoutTheExtensionNothingIsAdded) {
    EXPECT_EQ(
        encode(WireMessage{Stamp::of(some_us), "hi"}, alice, bob, Dialect::base, Extension::none),
        R"({"Ip_origem":"10.0.0.4","Ip_destino":"10.0.0.5","Porta_origem":5000,)"
        R"("Porta_destino":5001,"Timestamp da mensagem":1732260000.123456,)"
        R"("Mensagem":"hi"})");
}

TEST(Encode, WritesIpv6WithoutBrackets) {
    const Datagram datagram = read_back(encode(WireMessage{Stamp::of(some_us), "hi"}, alice6, bob6,
                                               Dialect::base, Extension::none));
    EXPECT_EQ(datagram.claimed.source_ip, "fe80::1%2");
    EXPECT_EQ(datagram.claimed.destination_ip, "2001:db8:1111:2222:3333:4444:5555:6666");
}

TEST(Encode, WritesInPlaceOfWhatTheBufferHolds) {
    const WireMessage message{Stamp::of(some_us), "hi"};
    std::string bytes(2000, 'x');
    encode_to(bytes, message, alice, bob, Dialect::quoted, Extension::p2pd);
    EXPECT_EQ(bytes, encode(message, alice, bob, Dialect::quoted, Extension::p2pd));
}

TEST(Encode, EscapesWhereverASpecialCharacterStands) {
    for (const char special : {'"', '\\', '\n', '\x01', '\x1f'}) {
        for (std::size_t at = 0; at < 20; ++at) {
            std::string text = "~\x7f \xc3\xa9~~~~~~~~~~~~~~~";
            text[at == 3 || at == 4 ? 0 : at] = special;
            const WireMessage message{Stamp::of(some_us), text};
            EXPECT_EQ(round_trip(message, Dialect::base, Extension::none).text, text);
            EXPECT_EQ(round_trip(message, Dialect::quoted, Extension::none).text, text);
        }
    }
}

/// The echoed timestamp as long as it can be.
WireReply widest_reply(std::string original_text) {
    return {Stamp{"1732260000." + std::string(53, '1'), true, 1'732'260'000'111'111},
            Stamp::of(some_us),
            std::move(original_text),
            {}};
}

TEST(Encode, CutsTheQuotedOriginalAtACodePointAndNeverTheAnswer) {
    std::mt19937_64 random(3);
    for (const Dialect dialect : dialects) {
        for (int i = 0; i < 300; ++i) {
            const std::string answer = random_text(random, random() % 900);
            const std::size_t fitting = fit_text(answer, widest_reply({}), true, dialect);
            WireReply reply = widest_reply(random_text(random, random() % 2000));
            reply.text = answer.substr(0, fitting);
            const std::string bytes = encode(reply, alice, bob, dialect, Extension::p2pd);
            ASSERT_LE(bytes.size(), datagram_bytes_max);
            const Datagram datagram = read_back(bytes);
            const auto& back = std::get<WireReply>(datagram.object);
            EXPECT_EQ(back.text, reply.text);
            EXPECT_TRUE(reply.original_text.starts_with(back.original_text));
            EXPECT_TRUE(is_utf8(back.original_text));
        }
    }
}

TEST(Encode, QuotesAsMuchOfTheOriginalAsThereIsRoomFor) {
    WireReply reply = widest_reply(std::string(2000, 'o'));
    reply.text = "ok";
    EXPECT_EQ(encode(reply, alice, bob, Dialect::base, Extension::none).size(), datagram_bytes_max);
}

TEST(Encode, QuotesNothingWhereTheAnswerFillsTheDatagram) {
    WireReply reply = widest_reply("original");
    reply.text = std::string(1000, 'a');
    const Datagram datagram = read_back(encode(reply, alice, bob, Dialect::base, Extension::none));
    EXPECT_EQ(std::get<WireReply>(datagram.object).original_text, "");
    EXPECT_EQ(std::get<WireReply>(datagram.object).text, reply.text);
}

TEST(Encode, WhatWasFittedForOneDialectFitsWhateverTheDialectIsBySendingTime) {
    std::mt19937_64 random(4);
    for (const Dialect fitted_for : dialects) {
        for (const Dialect sent_in : dialects) {
            for (int i = 0; i < 60; ++i) {
                const std::string text = random_text(random, 1200);
                const WireMessage marked{Stamp::of(some_us), {}, Part{1000, 1000, 0}};
                const std::size_t fitting = fit_text(text, marked, false, fitted_for);
                const WireMessage message{Stamp::of(some_us), text.substr(0, fitting),
                                          Part{7, 9, some_us - 6}};
                const std::string bytes = encode(message, alice6, bob6, sent_in, Extension::p2pd);
                ASSERT_LE(bytes.size(), datagram_bytes_max);
                const Datagram datagram = read_back(bytes);
                EXPECT_EQ(std::get<WireMessage>(datagram.object).text, message.text);
            }
        }
    }
}

}  // namespace
}  // namespace p2pd
