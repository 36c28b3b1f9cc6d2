// daemon: many short messages in one blob. Includes std, core.
#include "daemon/store_pack_codec.h"

namespace p2pd {

namespace {

// Of a received message; a sent one has none of these.
constexpr std::uint64_t has_lexeme = 1;      ///< its stamp is not written as ours are
constexpr std::uint64_t lexeme_is_text = 2;  ///< the same, as a JSON text
constexpr std::uint64_t has_claims = 4;

constexpr unsigned bits_of_byte = 7;
constexpr std::uint8_t more_bit = 0x80;

std::uint64_t flags_of(const PackedMessage& message) {
    std::uint64_t flags = 0;
    if (!message.lexeme.empty()) flags |= has_lexeme;
    if (message.stamp_is_text) flags |= lexeme_is_text;
    if (!message.claims.empty()) flags |= has_claims;
    return flags;
}

// Differences wrap, so that those of any two numbers can be written.
std::int64_t difference(std::int64_t number, std::int64_t before) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(number) -
                                     static_cast<std::uint64_t>(before));
}

void advance(std::int64_t& number, std::int64_t by) {
    number = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) +
                                       static_cast<std::uint64_t>(by));
}

}  // namespace

void PackedMessage::set_stamp(const Stamp& stamp) {
    stamp_us = stamp.us;
    stamp_is_text = stamp.is_text;
    lexeme = stamp == Stamp::of(stamp.us) ? std::string_view() : stamp.lexeme;
}

Stamp PackedMessage::stamp() const {
    if (lexeme.empty()) return Stamp::of(stamp_us);
    return {std::string(lexeme), stamp_is_text, stamp_us};
}

void PackWriter::clear() {
    bytes_.clear();
    time_us_ = life_us_ = stamp_us_ = 0;
}

/// Seven bits a byte, the lowest first.
void PackWriter::put(std::uint64_t number) {
    while (number >= more_bit) {
        bytes_.push_back(static_cast<std::uint8_t>(number) | more_bit);
        number >>= bits_of_byte;
    }
    bytes_.push_back(static_cast<std::uint8_t>(number));
}

/// The sign last, so that small numbers of either are short.
void PackWriter::put_signed(std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    put((bits << 1) ^ (number < 0 ? ~std::uint64_t{0} : 0));
}

void PackWriter::put(std::string_view text) {
    put(std::uint64_t{text.size()});
    bytes_.insert(bytes_.end(), text.begin(), text.end());
}

void PackWriter::add(const PackedMessage& message, bool received) {
    put_signed(difference(message.time_us, time_us_));
    put(static_cast<std::uint64_t>(message.late_us));
    put_signed(difference(message.stamp_us, stamp_us_));
    time_us_ = message.time_us;
    stamp_us_ = message.stamp_us;
    if (received) {
        const std::uint64_t flags = flags_of(message);
        put(flags);
        if ((flags & has_lexeme) != 0) put(message.lexeme);
        if ((flags & has_claims) != 0) put(message.claims);
    } else {
        const std::int64_t life_us = difference(message.expires_us, message.time_us);
        put_signed(difference(life_us, life_us_));
        life_us_ = life_us;
    }
    put(message.text);
}

bool PackReader::get(std::uint64_t& number) {
    constexpr unsigned shift_max = 63;
    number = 0;
    for (unsigned shift = 0; shift <= shift_max && !bytes_.empty(); shift += bits_of_byte) {
        const std::uint8_t byte = bytes_.front();
        bytes_ = bytes_.subspan(1);
        number |= (byte & ~std::uint64_t{more_bit}) << shift;
        if ((byte & more_bit) == 0) return true;
    }
    return false;
}

bool PackReader::get_signed(std::int64_t& number) {
    std::uint64_t bits = 0;
    if (!get(bits)) return false;
    number = static_cast<std::int64_t>((bits >> 1) ^ ((bits & 1) != 0 ? ~std::uint64_t{0} : 0));
    return true;
}

bool PackReader::get(std::string_view& text) {
    std::uint64_t size = 0;
    if (!get(size) || size > bytes_.size()) return false;
    text = {reinterpret_cast<const char*>(bytes_.data()), static_cast<std::size_t>(size)};
    bytes_ = bytes_.subspan(static_cast<std::size_t>(size));
    return true;
}

std::optional<PackedMessage> PackReader::next() {
    std::int64_t time_us = 0;
    std::uint64_t late_us = 0;
    std::int64_t stamp_us = 0;
    if (!get_signed(time_us) || !get(late_us) || !get_signed(stamp_us)) return std::nullopt;
    advance(time_us_, time_us);
    advance(stamp_us_, stamp_us);
    PackedMessage message;
    message.time_us = time_us_;
    message.stamp_us = stamp_us_;
    message.late_us = static_cast<std::int64_t>(late_us);
    if (received_) {
        std::uint64_t flags = 0;
        if (!get(flags) || ((flags & has_lexeme) != 0 && !get(message.lexeme))) return std::nullopt;
        if ((flags & has_claims) != 0 && !get(message.claims)) return std::nullopt;
        message.stamp_is_text = (flags & lexeme_is_text) != 0;
    } else {
        std::int64_t life_us = 0;
        if (!get_signed(life_us)) return std::nullopt;
        advance(life_us_, life_us);
        message.expires_us = message.time_us;
        advance(message.expires_us, life_us_);
    }
    if (!get(message.text)) return std::nullopt;
    return message;
}

}  // namespace p2pd
