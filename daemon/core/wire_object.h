// core: the three kinds of object on the wire, well formed by construction. Includes std, core.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace p2pd {

/// A timestamp on the wire: the only identity there. `lexeme` is what was written, echoed byte
/// for byte; `us` is its value in microseconds since the epoch, below 2^32 seconds.
struct Stamp {
    std::string lexeme;
    bool is_text = false;  ///< written as a JSON text rather than a number
    std::int64_t us = 0;

    /// Our own: a number with exactly six decimals. 0 <= us < 2^32 seconds.
    static Stamp of(std::int64_t us);
    bool operator==(const Stamp&) const = default;
};

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

using WireObject = std::variant<WireMessage, WireReply, WireAck>;

/// How a peer spells the format; learnt from what it sends, or set by hand.
enum class Dialect : std::uint8_t { base, upper, quoted, short_ };

}  // namespace p2pd
