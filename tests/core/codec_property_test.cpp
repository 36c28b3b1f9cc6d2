// tests: decode() takes whatever the network brings.
#include <gtest/gtest.h>

#include "daemon/core/codec.h"
#include "daemon/core/utf8.h"
#include "tests/core/json_builder.h"
#include "tests/core/random_text.h"
#include "tests/core/sanitized.h"

namespace p2pd {
namespace {

constexpr int iterations = sanitized ? 40'000 : 200'000;

void expect_well_formed(const Stamp& stamp) {
    EXPECT_GE(stamp.us, 0);
    EXPECT_LT(stamp.us, 4'294'967'296'000'000);
    EXPECT_FALSE(stamp.lexeme.empty());
    EXPECT_LE(stamp.lexeme.size(), 64U);
}

void expect_well_formed(const std::optional<Part>& part, const Stamp& stamp) {
    if (!part) return;
    EXPECT_GE(part->count, 2U);
    EXPECT_LE(part->count, parts_max);
    EXPECT_GE(part->number, 1U);
    EXPECT_LE(part->number, part->count);
    EXPECT_GE(part->first_us, 0);
    EXPECT_EQ(part->first_us + part->number - 1, stamp.us);
}

/// What the core relies on of everything that decode() lets in.
void expect_well_formed(const Datagram& datagram) {
    EXPECT_LE(datagram.claimed.source_ip.size(), 255U);
    if (const auto* ack = std::get_if<WireAck>(&datagram.object)) {
        expect_well_formed(ack->original);
        expect_well_formed(ack->stamp);
    } else if (const auto* reply = std::get_if<WireReply>(&datagram.object)) {
        expect_well_formed(reply->original);
        expect_well_formed(reply->stamp);
        expect_well_formed(reply->part, reply->stamp);
        EXPECT_TRUE(is_utf8(reply->text) && is_utf8(reply->original_text));
    } else {
        const auto& message = std::get<WireMessage>(datagram.object);
        expect_well_formed(message.stamp);
        expect_well_formed(message.part, message.stamp);
        EXPECT_TRUE(is_utf8(message.text));
    }
}

std::vector<std::string> valid_datagrams() {
    std::vector<std::string> datagrams;
    for (const JsonObject& object :
         {message_json(), ack_json(), reply_json(), upper(reply_json()),
          message_json().rename("Timestamp da mensagem", "Timestamp"),
          message_json().add("p2pd", R"({"v":1,"part":2,"parts":3})"),
          message_json().set("Mensagem", R"("\ud83d\ude80 \u0000 \n")"),
          message_json().add("x", R"([[[{"a":[1e5,-0.1,null,true]}]]])")}) {
        datagrams.push_back(object.text());
        datagrams.push_back(object.quoted());
    }
    return datagrams;
}

void mutate(std::string& bytes, std::mt19937_64& random) {
    constexpr std::string_view pieces[] = {"\"", "\\", "{",  "}",   "[",    "]",     ",",
                                           ":",  "-",  "1e", "999", "\\u0", "\\ud8", "null",
                                           "0",  ".",  " ",  "\n",  "ACK",  "p2pd",  "\xf0\x9f"};
    const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
    switch (random() % 6) {
        case 0:
            if (!bytes.empty()) bytes[at] = static_cast<char>(random());
            break;
        case 1:
            if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << random() % 8);
            break;
        case 2:
            bytes.erase(at, 1 + random() % 16);
            break;
        case 3:
            bytes.insert(at, pieces[random() % std::size(pieces)]);
            break;
        case 4:
            bytes.insert(at, bytes.substr(at, random() % 40));
            break;
        default:
            bytes.resize(at);
            break;
    }
}

TEST(DecodeProperty, RandomBytesAreDroppedOrWellFormed) {
    std::mt19937_64 random(1);
    for (int i = 0; i < iterations; ++i) {
        std::string bytes(random() % 64, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        const auto result = decode(bytes);
        if (const auto* datagram = std::get_if<Datagram>(&result)) expect_well_formed(*datagram);
    }
}

TEST(DecodeProperty, MutationsOfGoodDatagramsAreDroppedOrWellFormed) {
    std::mt19937_64 random(2);
    const std::vector<std::string> datagrams = valid_datagrams();
    int taken = 0;
    for (int i = 0; i < iterations && !testing::Test::HasFailure(); ++i) {
        std::string bytes = datagrams[random() % datagrams.size()];
        for (auto mutations = 1 + random() % 4; mutations > 0; --mutations) mutate(bytes, random);
        SCOPED_TRACE(bytes);
        const auto result = decode(bytes);
        if (const auto* datagram = std::get_if<Datagram>(&result)) {
            ++taken;
            expect_well_formed(*datagram);
        }
    }
    EXPECT_GT(taken, iterations / 50) << "the mutations are too wild to search anything";
}

TEST(DecodeProperty, WhatIsLetInCanBeSentOn) {
    std::mt19937_64 random(3);
    const std::vector<std::string> datagrams = valid_datagrams();
    const Endpoint host = *parse_endpoint("10.0.0.4:5000", 0);
    for (int i = 0; i < iterations / 4 && !testing::Test::HasFailure(); ++i) {
        std::string bytes = datagrams[random() % datagrams.size()];
        mutate(bytes, random);
        SCOPED_TRACE(bytes);
        const auto first = decode(bytes);
        const auto* datagram = std::get_if<Datagram>(&first);
        if (datagram == nullptr) continue;
        const std::string again =
            encode(datagram->object, host, host, datagram->dialect, Extension::p2pd);
        EXPECT_LE(again.size(), datagram_bytes_max);
        EXPECT_TRUE(std::holds_alternative<Datagram>(decode(again))) << again;
    }
}

}  // namespace
}  // namespace p2pd
