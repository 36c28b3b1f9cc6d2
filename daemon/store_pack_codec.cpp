// daemon: many short messages in one blob. Includes std, core, the writer of bytes.
#include "daemon/store_pack_codec.h"

namespace p2pd {

namespace {

// Of a received message; a sent one has none of these.
constexpr std::uint64_t has_lexeme = 1;      ///< its stamp is not written as ours are
constexpr std::uint64_t lexeme_is_text = 2;  ///< the same, as a JSON text
constexpr std::uint64_t has_claims = 4;

std::uint64_t flags_of(const PackedMessage& message) {
    std::uint64_t flags = 0;
    if (!message.lexeme.empty()) flags |= has_lexeme;
    if (message.stamp_is_text) flags |= lexeme_is_text;
    if (!message.claims.empty()) flags |= has_claims;
    return flags;
}

}  // namespace

void PackedMessage::set_stamp(const Stamp& stamp) {
    stamp_us = stamp.us;
    stamp_is_text = stamp.is_text();
    lexeme = stamp.other_lexeme();
}

Stamp PackedMessage::stamp() const {
    if (lexeme.empty()) return Stamp::of(stamp_us);
    return {std::string(lexeme), stamp_is_text, stamp_us};
}

void PackWriter::clear() {
    bytes_.clear();
    time_us_ = life_us_ = stamp_us_ = 0;
}

void PackWriter::add(const PackedMessage& message, bool received) {
    bytes_.put_signed(difference(message.time_us, time_us_));
    bytes_.put(static_cast<std::uint64_t>(message.late_us));
    bytes_.put_signed(difference(message.stamp_us, stamp_us_));
    time_us_ = message.time_us;
    stamp_us_ = message.stamp_us;
    if (received) {
        const std::uint64_t flags = flags_of(message);
        bytes_.put(flags);
        if ((flags & has_lexeme) != 0) bytes_.put(message.lexeme);
        if ((flags & has_claims) != 0) bytes_.put(message.claims);
    } else {
        const std::int64_t life_us = difference(message.expires_us, message.time_us);
        bytes_.put_signed(difference(life_us, life_us_));
        life_us_ = life_us;
    }
    bytes_.put(message.text);
}

std::optional<PackedMessage> PackReader::next() {
    std::int64_t time_us = 0;
    std::uint64_t late_us = 0;
    std::int64_t stamp_us = 0;
    if (!bytes_.get_signed(time_us) || !bytes_.get(late_us) || !bytes_.get_signed(stamp_us))
        return std::nullopt;
    advance(time_us_, time_us);
    advance(stamp_us_, stamp_us);
    PackedMessage message;
    message.time_us = time_us_;
    message.stamp_us = stamp_us_;
    message.late_us = static_cast<std::int64_t>(late_us);
    if (received_) {
        std::uint64_t flags = 0;
        if (!bytes_.get(flags) || ((flags & has_lexeme) != 0 && !bytes_.get(message.lexeme)))
            return std::nullopt;
        if ((flags & has_claims) != 0 && !bytes_.get(message.claims)) return std::nullopt;
        message.stamp_is_text = (flags & lexeme_is_text) != 0;
    } else {
        std::int64_t life_us = 0;
        if (!bytes_.get_signed(life_us)) return std::nullopt;
        advance(life_us_, life_us);
        message.expires_us = message.time_us;
        advance(message.expires_us, life_us_);
    }
    if (!bytes_.get(message.text)) return std::nullopt;
    return message;
}

}  // namespace p2pd
