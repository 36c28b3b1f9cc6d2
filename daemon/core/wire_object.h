// core: the kinds of object on the wire, well formed by construction. Includes std, core.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/core/stamp.h"

namespace p2pd {

/// What an object says of its addresses. Claims only: the peer is the UDP source.
struct Addresses {
    std::string source_ip;
    std::string destination_ip;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
};

/// Place of an object's text in a longer one: parts carry consecutive timestamps from first_us.
struct Part {
    std::uint32_t number = 1;  ///< 1..count
    std::uint32_t count = 1;   ///< 1..parts_max
    std::int64_t first_us = 0;

    bool operator==(const Part&) const = default;
};
inline constexpr std::uint32_t parts_max = 1000;

struct WireMessage {
    Stamp stamp;
    std::string text;
    std::optional<Part> part = {};
};

struct WireReply {
    Stamp original;
    Stamp stamp;
    std::string original_text;
    std::string text;
    std::optional<Part> part = {};
};

/// Timestamps that follow each other without a gap: first_us, first_us + 1, …
struct StampRange {
    std::int64_t first_us = 0;
    std::uint32_t count = 1;  ///< 1..acks_max

    bool operator==(const StampRange&) const = default;
};
/// Most objects that one ACK confirms.
inline constexpr std::uint32_t acks_max = 65536;
inline constexpr std::uint32_t window_max = 1'000'000;

struct WireAck {
    Stamp original;
    Stamp stamp;
    bool accepted = true;
    // Between two p2pd alone.
    std::vector<StampRange> also = {};         ///< rising, apart from each other; as accepted
    std::optional<std::uint32_t> window = {};  ///< objects under way, 1..window_max
};

/// What is asked or said of the readers of a message.
enum class ReceiptWord : std::uint8_t {
    ask,      ///< the question
    off,      ///< it is not said here
    unknown,  ///< there is no such message, or no more
    unread,
    read,
    handled,  ///< a program has dealt with it; nobody has read it
    both,     ///< read and handled
};
constexpr auto enum_names(ReceiptWord) {
    return std::array<std::pair<ReceiptWord, std::string_view>, 7>{
        {{ReceiptWord::ask, "ask"},
         {ReceiptWord::off, "off"},
         {ReceiptWord::unknown, "unknown"},
         {ReceiptWord::unread, "unread"},
         {ReceiptWord::read, "read"},
         {ReceiptWord::handled, "handled"},
         {ReceiptWord::both, "both"}}};
}

/// Between two p2pd alone: asks whether a message was read, or says so. In the clothes of an ACK of
/// the timestamp 0, which no message has, so that whoever does not know it makes nothing of it.
struct WireReceipt {
    std::int64_t message_us = 0;  ///< the first timestamp of the message, above 0
    ReceiptWord word = ReceiptWord::ask;
    Stamp stamp;  ///< of now
};

using WireObject = std::variant<WireMessage, WireReply, WireAck, WireReceipt>;

/// How a peer spells the format; learnt from what it sends, or set by hand.
enum class Dialect : std::uint8_t { base, upper, quoted, short_ };

}  // namespace p2pd
