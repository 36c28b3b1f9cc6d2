// ctl: UTF-8 to wide characters and back. Includes std and common.
#include "ctl/wide_text.h"

#include <algorithm>

#include "common/terminal_text.h"

namespace p2pd {

namespace {

/// The byte with the six bits of `character` above `shift`.
char continuation(char32_t character, unsigned shift) {
    return static_cast<char>(0x80U | ((character >> shift) & 0x3fU));
}

void append(std::string& text, char32_t character) {
    if (character < 0x80) {
        text += static_cast<char>(character);
    } else if (character < 0x800) {
        text += static_cast<char>(0xc0U | (character >> 6U));
        text += continuation(character, 0);
    } else if (character < 0x10000) {
        text += static_cast<char>(0xe0U | (character >> 12U));
        text += continuation(character, 6);
        text += continuation(character, 0);
    } else {
        text += static_cast<char>(0xf0U | (character >> 18U));
        text += continuation(character, 12);
        text += continuation(character, 6);
        text += continuation(character, 0);
    }
}

}  // namespace

std::wstring to_wide(std::string_view text) {
    std::wstring wide;
    while (!text.empty()) {
        const DecodedCharacter decoded = decode_character(text);
        if (decoded.bytes > 0) wide += static_cast<wchar_t>(decoded.character);
        text.remove_prefix(std::max<std::size_t>(decoded.bytes, 1));
    }
    return wide;
}

std::string to_utf8(std::wstring_view text) {
    std::string utf8;
    for (const wchar_t character : text) append(utf8, static_cast<char32_t>(character));
    return utf8;
}

}  // namespace p2pd
