// daemon: many short messages in one blob. Includes std, core, the writer of bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/mailbox.h"
#include "daemon/store_bytes.h"

namespace p2pd {

/// What of a message never changes, if it is one that may be packed: of one part, and no answer.
struct PackedMessage {
    std::int64_t time_us = 0;     ///< as in table message
    std::int64_t late_us = 0;     ///< the same
    std::int64_t expires_us = 0;  ///< of a sent one
    std::int64_t stamp_us = 0;
    std::string_view lexeme;  ///< of a received one's stamp; empty: as Stamp::of(stamp_us) has it
    bool stamp_is_text = false;
    std::string_view claims;  ///< of a received one; empty: none
    std::string_view text;

    /// Views `stamp`, which must outlive this.
    void set_stamp(const Stamp& stamp);
    Stamp stamp() const;  ///< of a received one
};

/// Writes messages one after the other: numbers as differences to the one before, which are short.
class PackWriter {
public:
    void add(const PackedMessage& message, bool received);
    const std::vector<std::uint8_t>& bytes() const { return bytes_.bytes(); }
    void clear();

private:
    ByteWriter bytes_;
    std::int64_t time_us_ = 0;
    std::int64_t life_us_ = 0;
    std::int64_t stamp_us_ = 0;
};

/// Reads them in their order.
class PackReader {
public:
    PackReader() = default;
    PackReader(std::span<const std::uint8_t> bytes, bool received)
        : bytes_(bytes), received_(received) {}

    /// The next message, whose views are into the bytes; empty if there is none, or none that a
    /// PackWriter has written.
    std::optional<PackedMessage> next();
    bool at_end() const { return bytes_.at_end(); }

private:
    ByteReader bytes_;
    bool received_ = false;
    std::int64_t time_us_ = 0;
    std::int64_t life_us_ = 0;
    std::int64_t stamp_us_ = 0;
};

}  // namespace p2pd
