// tests: each kind of object, in each of the four dialects, says what was written.
#include <gtest/gtest.h>

#include "daemon/core/codec.h"
#include "tests/core/json_builder.h"

namespace p2pd {
namespace {

constexpr std::int64_t message_us = 1'732'260'000'123'456;
constexpr std::int64_t ack_us = 1'732'260'000'125'001;
constexpr std::int64_t reply_us = 1'732'260'031'500'000;

Datagram decoded(const std::string& bytes) {
    auto result = decode(bytes);
    if (const auto* cause = std::get_if<DropCause>(&result)) {
        ADD_FAILURE() << "dropped, cause " << int(*cause) << ": " << bytes;
        return {WireMessage{}, {}};
    }
    return std::get<Datagram>(std::move(result));
}

void expect_claims(const Datagram& datagram, std::string_view from, std::string_view to) {
    EXPECT_EQ(datagram.claimed.source_ip, from);
    EXPECT_EQ(datagram.claimed.destination_ip, to);
    EXPECT_EQ(datagram.claimed.source_port, 5000);
    EXPECT_EQ(datagram.claimed.destination_port, 5001);
    EXPECT_FALSE(datagram.from_p2pd);
}

void expect_message(const std::string& bytes, Dialect dialect, const Stamp& stamp) {
    const Datagram datagram = decoded(bytes);
    const auto* message = std::get_if<WireMessage>(&datagram.object);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->stamp, stamp);
    EXPECT_EQ(message->text, "hi");
    EXPECT_EQ(message->part, std::nullopt);
    EXPECT_EQ(datagram.dialect, dialect);
    expect_claims(datagram, "10.0.0.4", "10.0.0.5");
}

void expect_ack(const std::string& bytes, Dialect dialect, const Stamp& original,
                const Stamp& stamp) {
    const Datagram datagram = decoded(bytes);
    const auto* ack = std::get_if<WireAck>(&datagram.object);
    ASSERT_NE(ack, nullptr);
    EXPECT_EQ(ack->original, original);
    EXPECT_EQ(ack->stamp, stamp);
    EXPECT_TRUE(ack->accepted);
    EXPECT_EQ(datagram.dialect, dialect);
    expect_claims(datagram, "10.0.0.5", "10.0.0.4");
}

void expect_reply(const std::string& bytes, Dialect dialect, const Stamp& original,
                  const Stamp& stamp) {
    const Datagram datagram = decoded(bytes);
    const auto* reply = std::get_if<WireReply>(&datagram.object);
    ASSERT_NE(reply, nullptr);
    EXPECT_EQ(reply->original, original);
    EXPECT_EQ(reply->stamp, stamp);
    EXPECT_EQ(reply->original_text, "hi");
    EXPECT_EQ(reply->text, "ok");
    EXPECT_EQ(datagram.dialect, dialect);
    expect_claims(datagram, "10.0.0.5", "10.0.0.4");
}

Stamp number(std::string lexeme, std::int64_t us) {
    return {std::move(lexeme), false, us};
}
Stamp text(std::string lexeme, std::int64_t us) {
    return {std::move(lexeme), true, us};
}

JsonObject with_text_stamps(const JsonObject& object) {
    JsonObject changed = object;
    for (const auto& [name, value] : std::initializer_list<std::pair<std::string, std::string>>{
             {"Timestamp da mensagem", "\"1732260000.123456\""},
             {"Timestamp da mensagem original", "\"1732260000.123456\""}}) {
        if (object.text().find('"' + name + '"') != std::string::npos) {
            changed = changed.set(name, value);
        }
    }
    return changed;
}

TEST(CodecBase, ReadsAMessage) {
    expect_message(message_json().text(), Dialect::base, number("1732260000.123456", message_us));
}
TEST(CodecBase, ReadsAnAck) {
    expect_ack(ack_json().text(), Dialect::base, number("1732260000.123456", message_us),
               number("1732260000.125001", ack_us));
}
TEST(CodecBase, ReadsARefusal) {
    const Datagram datagram = decoded(ack_json().set("ACK", "false").text());
    EXPECT_FALSE(std::get<WireAck>(datagram.object).accepted);
}
WireAck extended_ack(const char* p2pd) {
    return std::get<WireAck>(decoded(ack_json().set("p2pd", p2pd).text()).object);
}

TEST(CodecP2pd, AnAckConfirmsMany) {
    const WireAck ack = extended_ack(R"({"v":1,"window":4096,"also":"10 1+4"})");
    EXPECT_EQ(ack.also, (std::vector<StampRange>{{message_us + 10, 1}, {message_us + 11, 5}}));
    EXPECT_EQ(ack.window, 4096U);
}
TEST(CodecP2pd, WhatAnAckSaysTwiceItDoesNotSay) {
    const WireAck ack = extended_ack(R"({"window":5,"window":5,"also":"1","also":"2"})");
    EXPECT_TRUE(ack.also.empty());
    EXPECT_FALSE(ack.window);
}
TEST(CodecP2pd, MarksInALowerOrAnotherPlaceAreNone) {
    for (const char* p2pd : {R"({"x":{"window":5,"also":"1"}})", R"(["1",5])", R"({"also":["1"]})",
                             R"({"window":"5","also":1})", R"({"window":0,"also":""})",
                             R"({"window":1000001})", R"({"window":1.5})", R"({"window":-1})"}) {
        const WireAck ack = extended_ack(p2pd);
        EXPECT_TRUE(ack.also.empty()) << p2pd;
        EXPECT_FALSE(ack.window) << p2pd;
    }
    const Datagram beside = decoded(ack_json().set("also", "\"1\"").set("window", "5").text());
    EXPECT_TRUE(std::get<WireAck>(beside.object).also.empty());
}

TEST(CodecBase, ReadsAReply) {
    expect_reply(reply_json().text(), Dialect::base, number("1732260000.123456", message_us),
                 number("1732260031.5", reply_us));
}

TEST(CodecUpper, ReadsAMessage) {
    expect_message(upper(message_json()).text(), Dialect::upper,
                   number("1732260000.123456", message_us));
}
TEST(CodecUpper, ReadsAnAck) {
    expect_ack(upper(ack_json()).text(), Dialect::upper, number("1732260000.123456", message_us),
               number("1732260000.125001", ack_us));
}
TEST(CodecUpper, ReadsAReply) {
    expect_reply(upper(reply_json()).text(), Dialect::upper,
                 number("1732260000.123456", message_us), number("1732260031.5", reply_us));
}

TEST(CodecQuoted, ReadsAMessage) {
    expect_message(with_text_stamps(message_json()).quoted(), Dialect::quoted,
                   text("1732260000.123456", message_us));
}
TEST(CodecQuoted, ReadsAnAck) {
    expect_ack(with_text_stamps(ack_json()).quoted(), Dialect::quoted,
               text("1732260000.123456", message_us), number("1732260000.125001", ack_us));
}
TEST(CodecQuoted, ReadsAReply) {
    expect_reply(with_text_stamps(reply_json()).quoted(), Dialect::quoted,
                 text("1732260000.123456", message_us), number("1732260031.5", reply_us));
}

TEST(CodecShort, ReadsAMessage) {
    const JsonObject object =
        with_text_stamps(message_json()).rename("Timestamp da mensagem", "Timestamp");
    expect_message(object.quoted(), Dialect::short_, text("1732260000.123456", message_us));
}
TEST(CodecShort, WritesAcksAndRepliesAsQuotedDoes) {
    expect_ack(with_text_stamps(ack_json()).quoted(), Dialect::quoted,
               text("1732260000.123456", message_us), number("1732260000.125001", ack_us));
}

TEST(CodecExtension, TellsThatAPeerIsP2pd) {
    EXPECT_TRUE(decoded(message_json().add("p2pd", R"({"v":1})").text()).from_p2pd);
    EXPECT_TRUE(decoded(ack_json().add("p2pd", "null").text()).from_p2pd);
}
TEST(CodecExtension, MarksAPartOfALongText) {
    const Datagram datagram =
        decoded(message_json().add("p2pd", R"({"v":1,"part":3,"parts":7})").text());
    const auto& part = std::get<WireMessage>(datagram.object).part;
    ASSERT_TRUE(part);
    EXPECT_EQ(*part, (Part{3, 7, message_us - 2}));
}
TEST(CodecExtension, MarksAPartOfALongReplyByItsOwnTimestamp) {
    const Datagram datagram = decoded(reply_json().add("p2pd", R"({"parts":2,"part":2})").text());
    EXPECT_EQ(std::get<WireReply>(datagram.object).part, (Part{2, 2, reply_us - 1}));
}

TEST(CodecKind, AckWinsOverEverythingElse) {
    const Datagram datagram =
        decoded(ack_json().add("Mensagem", "\"hi\"").add("Mensagem de resposta", "\"ok\"").text());
    EXPECT_TRUE(std::holds_alternative<WireAck>(datagram.object));
}
TEST(CodecKind, AReplyWinsOverAMessage) {
    const Datagram datagram = decoded(reply_json().add("Mensagem", "\"hi\"").text());
    EXPECT_TRUE(std::holds_alternative<WireReply>(datagram.object));
}

}  // namespace
}  // namespace p2pd
