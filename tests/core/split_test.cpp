// tests: long texts are cut at code points, and the parts are the text.
#include "daemon/core/split.h"

#include <gtest/gtest.h>

#include "daemon/core/codec.h"
#include "daemon/core/json_escapes.h"
#include "daemon/core/utf8.h"
#include "tests/core/random_text.h"

namespace p2pd {
namespace {

constexpr Dialect dialects[] = {Dialect::base, Dialect::upper, Dialect::quoted, Dialect::short_};
constexpr std::size_t text_bytes_max = 64 * 1024;

const Endpoint peer4 = *parse_endpoint("255.255.255.255:65535", 0);
const Endpoint peer6 =
    *parse_endpoint("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535", 0);

Answered widest_answered() {
    return {Stamp{"1732260000." + std::string(53, '1'), true, 1'732'260'000'111'111},
            std::string(900, '"')};
}

OutgoingMessage outgoing(std::string text, PartEnds part_ends, Rare<Answered> answered = {}) {
    OutgoingMessage message;
    message.first_us = 4'294'967'290'000'000;
    message.text = std::move(text);
    message.part_ends = std::move(part_ends);
    message.answered = std::move(answered);
    return message;
}

/// Sends every part, reads it back, and joins what was read.
std::string sent_and_joined(const OutgoingMessage& message, const Endpoint& peer, Dialect dialect) {
    std::string joined;
    for (std::size_t i = 0; i < message.part_ends.size(); ++i) {
        const WireObject object =
            part_object(message, message.first_us + static_cast<std::int64_t>(i));
        const std::string bytes = encode(object, peer, peer, dialect, Extension::p2pd);
        EXPECT_LE(bytes.size(), datagram_bytes_max);
        const auto decoded = decode(bytes);
        if (!std::holds_alternative<Datagram>(decoded)) {
            ADD_FAILURE() << "dropped: " << bytes;
            return {};
        }
        const WireObject& back = std::get<Datagram>(decoded).object;
        const auto* reply = std::get_if<WireReply>(&back);
        const std::string& text = reply ? reply->text : std::get<WireMessage>(back).text;
        const auto& part = reply ? reply->part : std::get<WireMessage>(back).part;
        EXPECT_TRUE(is_utf8(text));
        EXPECT_EQ(part.has_value(), message.part_ends.size() > 1);
        if (part) {
            EXPECT_EQ(part->number, i + 1);
            EXPECT_EQ(part->count, message.part_ends.size());
            EXPECT_EQ(part->first_us, message.first_us);
        }
        joined += text;
    }
    return joined;
}

TEST(Split, AShortTextIsOnePart) {
    EXPECT_EQ(split_text("hi", {}, peer4, Dialect::base), std::vector<std::uint32_t>{2});
    EXPECT_EQ(split_text("", {}, peer4, Dialect::base), std::vector<std::uint32_t>{0});
}

TEST(Split, PartsJoinToTheText) {
    std::mt19937_64 random(5);
    for (const Dialect dialect : dialects) {
        for (const Endpoint& peer : {peer4, peer6}) {
            for (int i = 0; i < 25; ++i) {
                const std::string text = random_text(random, random() % 6000);
                Rare<Answered> answered;
                if (i % 2 == 0) answered = widest_answered();
                const auto part_ends = split_text(text, answered, peer, dialect);
                ASSERT_TRUE(part_ends);
                EXPECT_EQ(sent_and_joined(outgoing(text, *part_ends, answered), peer, dialect),
                          text);
            }
        }
    }
}

TEST(Split, TheEdgeBetweenOnePartAndTwo) {
    std::string text(700, 'x');
    while (split_text(text, {}, peer4, Dialect::base)->size() == 1) text += 'x';
    EXPECT_GE(text.size() - 1, 840U);
    text.pop_back();
    const OutgoingMessage whole = outgoing(text, *split_text(text, {}, peer4, Dialect::base));
    EXPECT_EQ(sent_and_joined(whole, peer4, Dialect::base), text);
    text += 'x';
    const OutgoingMessage halves = outgoing(text, *split_text(text, {}, peer4, Dialect::base));
    EXPECT_EQ(halves.part_ends.size(), 2U);
    EXPECT_EQ(sent_and_joined(halves, peer4, Dialect::base), text);
}

TEST(Split, TheWorstTextOf64KibFitsInEveryDialect) {
    const std::string controls(text_bytes_max, '\x01');
    for (const Dialect dialect : dialects) {
        for (const Endpoint& peer : {peer4, peer6}) {
            for (const auto& answered : {Rare<Answered>{}, {widest_answered()}}) {
                const auto part_ends = split_text(controls, answered, peer, dialect);
                ASSERT_TRUE(part_ends);
                EXPECT_LE(part_ends->size(), parts_max);
                EXPECT_EQ(sent_and_joined(outgoing(controls, *part_ends, answered), peer, dialect),
                          controls);
            }
        }
    }
}

TEST(Split, WhatWouldTakeTooManyPartsIsNotSplit) {
    EXPECT_FALSE(split_text(std::string(2'000'000, 'x'), {}, peer4, Dialect::base));
}

TEST(FitText, TakesAtLeastOneCodePointAndNeverAPartOfOne) {
    const WireMessage no_room{Stamp::of(1), std::string(2000, 'x')};
    EXPECT_EQ(fit_text("\xf0\x9f\x9a\x80x", no_room, true, Dialect::base), 4U);
    EXPECT_EQ(fit_text("", no_room, true, Dialect::base), 0U);
    std::string text = "x";
    for (int i = 0; i < 400; ++i) text += "\xf0\x9f\x9a\x80";
    const std::size_t fitting = fit_text(text, WireMessage{Stamp::of(1), {}}, true, Dialect::base);
    EXPECT_EQ(fitting % 4, 1U);
}

TEST(MessageBytes, AreThoseOfTheWidestAddresses) {
    const Stamp stamp = Stamp::of(4'294'967'295'999'999);
    const std::string text = "a \"quoted\" text";
    for (const Endpoint& peer : {peer4, peer6}) {
        for (const bool is_part : {false, true}) {
            WireMessage message{stamp, text};
            if (is_part) message.part = Part{parts_max, parts_max, 0};
            const std::string line =
                encode(message, peer, peer, Dialect::base, Extension::p2pd) + '\n';
            EXPECT_EQ(message_bytes_max(text, peer.is_v4(), is_part), line.size());
        }
    }
}

/// Character by character, as it says itself.
std::size_t fitting_one_by_one(std::string_view text, std::size_t room, bool wrapped) {
    std::size_t taken = 0;
    for (std::size_t used = 0; taken < text.size();) {
        const std::size_t size = code_point_bytes(text.substr(taken));
        used += escaped_bytes(text.substr(taken, size), wrapped);
        if (used > room) break;
        taken += size;
    }
    return taken;
}

TEST(FittingBytes, AreThoseOfTheCharactersThatFitOneByOne) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const std::string text = random_text(random, random() % 64);
        const std::size_t room = random() % 300;
        const bool wrapped = random() % 2 == 0;
        ASSERT_EQ(fitting_bytes(text, room, wrapped), fitting_one_by_one(text, room, wrapped))
            << i << ' ' << room << ' ' << wrapped;
    }
}

}  // namespace
}  // namespace p2pd
