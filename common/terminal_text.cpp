// common: text from the network made safe for terminals.
#include "common/terminal_text.h"

#include <cstdint>

#include "common/character_width.h"

namespace p2pd {

namespace {

/// What is never printed as it is: Unicode's categories Cc, Cf, Zl and Zp, noncharacters, and
/// what is invisible by Default_Ignorable_Code_Point, less joiners and variation selectors.
constexpr CharacterRange escaped_ranges[] = {
    {0x0, 0x1f},         {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
    {0x600, 0x605},      {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},
    {0x890, 0x891},      {0x8e2, 0x8e2},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
    {0x180e, 0x180e},    {0x200b, 0x200b},   {0x200e, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},    {0x3164, 0x3164},   {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},    {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x110bd, 0x110bd},
    {0x110cd, 0x110cd},  {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0x1fffe, 0x1ffff},  {0x2fffe, 0x2ffff}, {0x3fffe, 0x3ffff}, {0x4fffe, 0x4ffff},
    {0x5fffe, 0x5ffff},  {0x6fffe, 0x6ffff}, {0x7fffe, 0x7ffff}, {0x8fffe, 0x8ffff},
    {0x9fffe, 0x9ffff},  {0xafffe, 0xaffff}, {0xbfffe, 0xbffff}, {0xcfffe, 0xcffff},
    {0xdfffe, 0xe00ff},  {0xe01f0, 0xe0fff}, {0xefffe, 0xeffff}, {0xffffe, 0xfffff},
    {0x10fffe, 0x10ffff}};

constexpr CharacterRange joiner_ranges[] = {{0x200c, 0x200d}};
constexpr CharacterRange selector_ranges[] = {
    {0x180b, 0x180d}, {0x180f, 0x180f}, {0xfe00, 0xfe0f}, {0xe0100, 0xe01ef}};
constexpr CharacterRange space_ranges[] = {{0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680},
                                           {0x2000, 0x200a}, {0x202f, 0x202f}, {0x205f, 0x205f},
                                           {0x3000, 0x3000}};

enum class CharacterClass { visible, space, joiner, selector, escaped };

CharacterClass class_of(char32_t character) {
    if (in_ranges(escaped_ranges, character)) return CharacterClass::escaped;
    if (in_ranges(joiner_ranges, character)) return CharacterClass::joiner;
    if (in_ranges(selector_ranges, character)) return CharacterClass::selector;
    if (in_ranges(space_ranges, character)) return CharacterClass::space;
    return CharacterClass::visible;
}

std::uint8_t byte_at(std::string_view text, std::size_t index) {
    return static_cast<std::uint8_t>(text[index]);
}

/// Bytes that a sequence has by its first one; 0 for none that may begin one.
std::size_t sequence_bytes(std::uint8_t first) {
    if (first < 0x80) return 1;
    if (first < 0xc2) return 0;
    if (first < 0xe0) return 2;
    if (first < 0xf0) return 3;
    return first < 0xf5 ? 4 : 0;
}

/// Overlong forms, surrogates and what is above U+10FFFF are no characters.
bool is_scalar_value(char32_t character, std::size_t bytes) {
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xd800 && character <= 0xdfff;
    return character >= least[bytes] && character <= 0x10ffff && !surrogate;
}

void append_hex(std::string& out, std::string_view prefix, char32_t value, unsigned digits) {
    out += prefix;
    for (unsigned shift = digits * 4; shift > 0; shift -= 4) {
        out += "0123456789abcdef"[(value >> (shift - 4)) & 0xfU];
    }
}

void append_escape(std::string& out, char32_t character) {
    switch (character) {
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    if (character < 0x80) return append_hex(out, "\\x", character, 2);
    if (character <= 0xffff) return append_hex(out, "\\u", character, 4);
    append_hex(out, "\\U", character, 8);
}

/// Copies a text character by character; what may follow what is decided here.
class SafeWriter {
public:
    SafeWriter(std::string& out, LineBreaks line_breaks) : out_(out), line_breaks_(line_breaks) {}

    /// Writes the front of `text`; returns its bytes.
    std::size_t write_front(std::string_view text) {
        const DecodedCharacter decoded = decode_character(text);
        if (decoded.bytes == 0) {
            append_hex(out_, "\\x", byte_at(text, 0), 2);
            previous_ = CharacterClass::escaped;
            return 1;
        }
        const std::string_view bytes = text.substr(0, decoded.bytes);
        if (line_breaks_ == LineBreaks::keep && (bytes == "\n" || bytes == "\t")) {
            out_ += bytes == "\n" ? "\n" : "    ";
            previous_ = CharacterClass::space;
        } else {
            write(decoded.character, bytes, text.substr(decoded.bytes));
        }
        return decoded.bytes;
    }

private:
    void write(char32_t character, std::string_view bytes, std::string_view rest) {
        CharacterClass kind = class_of(character);
        if (!stays(kind, rest)) kind = CharacterClass::escaped;
        if (kind == CharacterClass::escaped) {
            append_escape(out_, character);
        } else {
            out_ += bytes;
        }
        previous_ = kind;
    }

    /// A joiner needs something to join on both sides, a selector one character to act upon;
    /// elsewhere, or in rows, they only hide.
    bool stays(CharacterClass kind, std::string_view rest) const {
        if (kind == CharacterClass::joiner) {
            const DecodedCharacter next = decode_character(rest);
            return (previous_ == CharacterClass::visible ||
                    previous_ == CharacterClass::selector) &&
                   next.bytes > 0 && class_of(next.character) == CharacterClass::visible;
        }
        if (kind == CharacterClass::selector) return previous_ == CharacterClass::visible;
        return true;
    }

    std::string& out_;
    LineBreaks line_breaks_;
    CharacterClass previous_ = CharacterClass::space;
};

/// Bytes and columns of the front of a safe text. What is no UTF-8 takes a column a byte.
struct Measured {
    std::size_t bytes;
    std::size_t columns;
};
Measured measure_front(std::string_view text) {
    const DecodedCharacter decoded = decode_character(text);
    if (decoded.bytes == 0) return {1, 1};
    if (decoded.character == '\n') return {1, 0};
    return {decoded.bytes, character_width(decoded.character)};
}

}  // namespace

DecodedCharacter decode_character(std::string_view text) {
    if (text.empty()) return {0, 0, true};
    const std::uint8_t first = byte_at(text, 0);
    const std::size_t bytes = sequence_bytes(first);
    if (bytes <= 1) return {first, bytes};
    char32_t character = first & (0x7fU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if (i == text.size()) return {0, 0, true};
        const std::uint8_t byte = byte_at(text, i);
        if ((byte & 0xc0U) != 0x80) return {};
        character = (character << 6U) | (byte & 0x3fU);
    }
    return is_scalar_value(character, bytes) ? DecodedCharacter{character, bytes}
                                             : DecodedCharacter{};
}

std::string terminal_text(std::string_view text, LineBreaks line_breaks) {
    std::string out;
    out.reserve(text.size());
    SafeWriter writer{out, line_breaks};
    while (!text.empty()) text.remove_prefix(writer.write_front(text));
    return out;
}

std::size_t display_width(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const Measured front = measure_front(text);
        columns += front.columns;
        text.remove_prefix(front.bytes);
    }
    return columns;
}

std::string fit_width(std::string_view text, std::size_t columns) {
    if (display_width(text) <= columns) return std::string(text);
    if (columns == 0) return {};
    std::size_t kept = 0;
    for (std::size_t used = 1; kept < text.size();) {  // the ellipsis takes one
        const Measured front = measure_front(text.substr(kept));
        if (used + front.columns > columns) break;
        used += front.columns;
        kept += front.bytes;
    }
    std::string_view head = text.substr(0, kept);
    // A joiner at the end would join the ellipsis.
    constexpr std::string_view joiner = "\xe2\x80\x8d";
    while (head.ends_with(joiner)) head.remove_suffix(joiner.size());
    return std::string(head) + "…";
}

}  // namespace p2pd
