// core: texts as JSON writes them. Includes std, core.
#include "daemon/core/json_escapes.h"

#include <algorithm>
#include <array>

#include "daemon/core/utf8.h"

namespace p2pd {

namespace {

constexpr bool is_plain(char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

/// How JSON writes a character that is not plain.
struct Escape {
    std::array<char, 6> bytes{};
    std::size_t size = 2;

    std::string_view text() const { return {bytes.data(), size}; }
};

Escape escape_of(char c) {
    switch (c) {
        case '\n':
            return {{'\\', 'n'}};
        case '\r':
            return {{'\\', 'r'}};
        case '\t':
            return {{'\\', 't'}};
        case '"':
        case '\\':
            return {{'\\', c}};
        default:
            break;
    }
    constexpr std::string_view hex = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(c);
    return {{'\\', 'u', '0', '0', hex[code >> 4U], hex[code & 0xfU]}, 6};
}

/// Whether all of so many bytes are plain: without a branch in between, so that the compiler looks
/// at them at once.
template <std::size_t count>
bool all_plain(const char* bytes) {
    unsigned char plain = 1;
    for (std::size_t i = 0; i < count; ++i) plain &= static_cast<unsigned char>(is_plain(bytes[i]));
    return plain == 1;
}

/// How many bytes at the beginning of `text` need no escape.
std::size_t plain_bytes(std::string_view text) {
    constexpr std::size_t many = 64;
    constexpr std::size_t some = 16;
    std::size_t plain = 0;
    while (plain + many <= text.size() && all_plain<many>(&text[plain])) plain += many;
    while (plain + some <= text.size() && all_plain<some>(&text[plain])) plain += some;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    return plain;
}

}  // namespace

bool needs_no_escape(std::string_view text) {
    return plain_bytes(text) == text.size();
}

std::size_t escaped_bytes(std::string_view text, bool wrapped) {
    std::size_t bytes = 0;
    while (!text.empty()) {
        const std::size_t plain = plain_bytes(text);
        bytes += plain;
        text.remove_prefix(plain);
        if (text.empty()) break;
        const Escape escape = escape_of(text.front());
        bytes += wrapped ? escaped_bytes(escape.text(), false) : escape.size;
        text.remove_prefix(1);
    }
    return bytes;
}

void append_escaped(std::string& out, std::string_view text, bool wrapped) {
    while (!text.empty()) {
        const std::size_t plain = plain_bytes(text);
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) return;
        const Escape escape = escape_of(text.front());
        if (wrapped) {
            append_escaped(out, escape.text(), false);
        } else {
            out += escape.text();
        }
        text.remove_prefix(1);
    }
}

std::size_t fitting_bytes(std::string_view text, std::size_t room, bool wrapped) {
    std::size_t taken = 0;
    while (taken < text.size()) {
        const std::size_t plain = plain_bytes(text.substr(taken, room));
        taken += plain;
        room -= plain;
        if (taken == text.size() || is_plain(text[taken])) break;
        const std::size_t escaped = escaped_bytes(text.substr(taken, 1), wrapped);
        if (escaped > room) break;
        ++taken;
        room -= escaped;
    }
    while (taken < text.size() && continues_code_point(text[taken])) --taken;
    return taken;
}

}  // namespace p2pd
