// core: UTF-8 as RFC 3629 has it. Includes std only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace p2pd {

/// Length in bytes of the code point that `text` begins with; 0 when it is not well formed
/// (overlong, a surrogate, above U+10FFFF, cut short). `text` must not be empty.
constexpr std::size_t code_point_bytes(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto continues = [&](std::size_t i, std::uint8_t low = 0x80, std::uint8_t high = 0xbf) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const std::uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
        const std::uint8_t high = lead == 0xed ? 0x9f : 0xbf;
        return continues(1, low, high) && continues(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const std::uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
        const std::uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
        return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

/// Whether this byte of a well-formed text is one of a code point, but not its first.
constexpr bool continues_code_point(char byte) {
    return (static_cast<std::uint8_t>(byte) & 0xc0U) == 0x80;
}

/// How many bytes at the beginning of `text` are surely ASCII; looks at eight at once.
inline std::size_t ascii_bytes(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080U;
    std::size_t ascii = 0;
    for (std::uint64_t word = 0; ascii + sizeof word <= text.size(); ascii += sizeof word) {
        std::memcpy(&word, &text[ascii], sizeof word);
        if ((word & high_bits) != 0) break;
    }
    return ascii;
}

inline bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        text.remove_prefix(ascii_bytes(text));
        if (text.empty()) break;
        const std::size_t size = code_point_bytes(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

}  // namespace p2pd
