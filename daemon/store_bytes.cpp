// daemon: numbers and texts one after the other in a blob. Includes std.
#include "daemon/store_bytes.h"

#include <algorithm>

namespace p2pd {

namespace {

constexpr unsigned bits_of_byte = 7;
constexpr std::uint8_t more_bit = 0x80;

}  // namespace

/// Seven bits a byte, the lowest first.
void ByteWriter::put(std::uint64_t number) {
    while (number >= more_bit) {
        bytes_.push_back(static_cast<std::uint8_t>(number) | more_bit);
        number >>= bits_of_byte;
    }
    bytes_.push_back(static_cast<std::uint8_t>(number));
}

/// The sign last, so that small numbers of either are short.
void ByteWriter::put_signed(std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    put((bits << 1) ^ (number < 0 ? ~std::uint64_t{0} : 0));
}

void ByteWriter::put(std::string_view text) {
    put(std::uint64_t{text.size()});
    // As bytes of the kind that it is copied to: at once, and not one by one.
    put(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void ByteWriter::put(std::span<const std::uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

bool ByteReader::get(std::uint64_t& number) {
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

bool ByteReader::get_signed(std::int64_t& number) {
    std::uint64_t bits = 0;
    if (!get(bits)) return false;
    number = static_cast<std::int64_t>((bits >> 1) ^ ((bits & 1) != 0 ? ~std::uint64_t{0} : 0));
    return true;
}

bool ByteReader::get(std::string_view& text) {
    std::uint64_t size = 0;
    if (!get(size) || size > bytes_.size()) return false;
    text = {reinterpret_cast<const char*>(bytes_.data()), static_cast<std::size_t>(size)};
    bytes_ = bytes_.subspan(static_cast<std::size_t>(size));
    return true;
}

bool ByteReader::get(std::span<std::uint8_t> bytes) {
    if (bytes.size() > bytes_.size()) return false;
    std::ranges::copy(bytes_.first(bytes.size()), bytes.begin());
    bytes_ = bytes_.subspan(bytes.size());
    return true;
}

}  // namespace p2pd
