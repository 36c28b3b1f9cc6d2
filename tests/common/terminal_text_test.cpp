// tests: text from the network made safe for terminals. Includes GoogleTest, common,
// tests/core/sanitized.h.
#include "common/terminal_text.h"

#include <algorithm>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "tests/core/sanitized.h"

namespace p2pd {
namespace {

/// Own encoder and decoder, so that a slip in common's does not excuse itself.
std::string utf8(char32_t c) {
    const auto byte = [](char32_t value) { return static_cast<char>(value); };
    if (c < 0x80) return {byte(c)};
    if (c < 0x800) return {byte(0xc0 | c >> 6), byte(0x80 | (c & 0x3f))};
    if (c < 0x10000) {
        return {byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f))};
    }
    return {byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 0x3f)), byte(0x80 | (c >> 6 & 0x3f)),
            byte(0x80 | (c & 0x3f))};
}

/// The characters of `text`, or empty when it is not UTF-8.
std::optional<std::u32string> characters(std::string_view text) {
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    std::u32string all;
    all.reserve(text.size());
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text.front());
        const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        if (text.size() < size || (first >= 0x80 && first < 0xc0) || first > 0xf4) {
            return std::nullopt;
        }
        char32_t c = size == 1 ? first : first & (0x7fU >> size);
        for (std::size_t i = 1; i < size; ++i) {
            const auto byte = static_cast<unsigned char>(text[i]);
            if ((byte & 0xc0U) != 0x80) return std::nullopt;
            c = c << 6 | (byte & 0x3fU);
        }
        if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return std::nullopt;
        all += c;
        text.remove_prefix(size);
    }
    return all;
}

/// Categories Cc, Cf (less the two joiners), Zl, Zp of Unicode 15, and noncharacters.
bool is_dangerous(char32_t c) {
    struct Range {
        char32_t first, last;
    };
    constexpr Range ranges[] = {
        {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x600, 0x605},
        {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},
        {0x8e2, 0x8e2},     {0x180e, 0x180e},   {0x200b, 0x200b},   {0x200e, 0x200f},
        {0x2028, 0x202e},   {0x2060, 0x2064},   {0x2066, 0x206f},   {0xfeff, 0xfeff},
        {0xfff9, 0xfffb},   {0xfdd0, 0xfdef},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
        {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0001, 0xe0001},
        {0xe0020, 0xe007f}};
    if (c >= 0x20 && c < 0x7f) return false;
    if ((c & 0xfffe) == 0xfffe) return true;
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [&](const Range& range) { return range.first <= c && c <= range.last; });
}

constexpr bool is_joiner(char32_t c) {
    return c == 0x200c || c == 0x200d;
}

/// Empty, or what is wrong with `safe`.
std::string complaint(std::string_view safe, bool newline_allowed) {
    const auto all = characters(safe);
    if (!all) return "not UTF-8";
    for (std::size_t i = 0; i < all->size(); ++i) {
        const char32_t c = (*all)[i];
        if (is_dangerous(c) && !(c == '\n' && newline_allowed)) return "dangerous character";
        const bool at_an_end = i == 0 || i + 1 == all->size();
        if (is_joiner(c) && (at_an_end || (*all)[i - 1] == ' ' || (*all)[i + 1] == ' ')) {
            return "a joiner that joins nothing";
        }
    }
    return {};
}

/// What a character is printed between; `@` is the character. The places are apart by spaces.
std::string in_all_contexts(const std::string& character) {
    constexpr std::string_view places =
        "@ "                                                  // at the start, which is the end too
        "a@b "                                                // between letters
        "\xe4\xb8\x96@\xe7\x95\x8c "                          // between wide ones
        "e\xcc\x81@\xcc\x81 "                                 // between combining ones
        "\xf0\x9f\x91\xa9@\xf0\x9f\x91\xa9 "                  // between faces
        "a\xe2\x80\x8d@\xe2\x80\x8d\x62 "                     // between joiners
        "\xe2\x9d\xa4\xef\xb8\x8f@\xef\xb8\x8f\xe2\x9d\xa4 "  // between selectors
        "\x1b[@m "                                            // in a control sequence
        "\xe2\x80@\x80\xa8 "                                  // between torn ones
        "@";                                                  // at the end
    std::string text;
    for (const char c : places) {
        if (c == '@') {
            text += character;
        } else {
            text += c;
        }
    }
    return text;
}

/// The next character that is no surrogate. Most planes hold characters of no kind, or only such as
/// programs agree on: with a sanitizer one in some of these, and both their ends.
constexpr char32_t after(char32_t c) {
    if (c == 0xd7ff) return 0xe000;
    const char32_t plane = c >> 16U;
    const char32_t in_plane = c & 0xffffU;
    const bool is_void = (plane > 3 && plane < 14) || plane > 14;
    if (!sanitized || !is_void || in_plane < 0x100 || in_plane >= 0xff00) return c + 1;
    return c + 11;
}

TEST(TerminalText, NeverHoldsWhatMovesHidesOrReordersForAnyCharacterInAnyContext) {
    for (char32_t c = 0; c <= 0x10ffff; c = after(c)) {
        const std::string text = in_all_contexts(utf8(c));
        const std::string shown = terminal_text(text, LineBreaks::show);
        ASSERT_EQ(complaint(shown, false), "") << static_cast<unsigned>(c);
        const std::string kept = terminal_text(text, LineBreaks::keep);
        if (c == '\n' || c == '\t') {
            ASSERT_EQ(complaint(kept, true), "") << static_cast<unsigned>(c);
        } else {
            ASSERT_EQ(kept, shown) << static_cast<unsigned>(c);
        }
    }
}

TEST(TerminalText, NeverHoldsWhatIsNotUtf8ForAnyPairOfBytes) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const std::string pair{static_cast<char>(first), static_cast<char>(second)};
            for (const std::string& text : {pair, "a" + pair + "b", "\xf0\x9f" + pair}) {
                const std::string safe = terminal_text(text, LineBreaks::show);
                ASSERT_EQ(complaint(safe, false), "") << first << " " << second;
            }
        }
    }
}

TEST(TerminalText, ChangesNothingThatIsSafe) {
    for (const std::string text : {"plain text, 100%", "back\\slash", "Grüße", "日本語", "שלום",
                                   "مرحبا", "नमस्ते", "👩‍👩‍👧", "❤️", "❤️‍🔥",
                                   "1️⃣", "🇩🇪", "می‌خواهم", "e\xcc\x81"}) {
        EXPECT_EQ(terminal_text(text, LineBreaks::show), text);
    }
}

std::string show(std::string_view text) {
    return terminal_text(text, LineBreaks::show);
}
std::string keep(std::string_view text) {
    return terminal_text(text, LineBreaks::keep);
}

TEST(TerminalText, ShowsControlsAsEscapes) {
    EXPECT_EQ(show("\x1b[31mred\a"), "\\x1b[31mred\\x07");
    EXPECT_EQ(show("\x7f"), "\\x7f");
    EXPECT_EQ(show("\xc2\x9b"), "\\u009b");
    EXPECT_EQ(show("\xe2\x80\xae"), "\\u202e");
    EXPECT_EQ(show("a\xc2\xad"
                   "b"),
              "a\\u00adb");
    EXPECT_EQ(show(utf8(0xe0041)), "\\U000e0041");
    EXPECT_EQ(show(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(TerminalText, ShowsBytesThatAreNotUtf8OneByOne) {
    EXPECT_EQ(show("\xff"), "\\xff");
    EXPECT_EQ(show("\xe2\x80"), "\\xe2\\x80");
    EXPECT_EQ(show("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
    EXPECT_EQ(show("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
    EXPECT_EQ(show("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
    EXPECT_EQ(show("\xc3"
                   "a"),
              "\\xc3"
              "a");
}

TEST(TerminalText, KeepsLinesOnlyWhereAsked) {
    EXPECT_EQ(keep("a\n\tb\n"), "a\n    b\n");
    EXPECT_EQ(show("a\n\tb\n"), "a\\n\\tb\\n");
    EXPECT_EQ(keep("a\r\nb"), "a\\r\nb");
    EXPECT_EQ(show("a\rb"), "a\\rb");
    EXPECT_EQ(keep("a\xe2\x80\xa8"
                   "b"),
              "a\\u2028b");
}

TEST(TerminalText, ShowsJoinersThatJoinNothing) {
    EXPECT_EQ(show("\xe2\x80\x8d"
                   "a"),
              "\\u200da");
    EXPECT_EQ(show("a\xe2\x80\x8d"), "a\\u200d");
    EXPECT_EQ(show("a \xe2\x80\x8d"
                   "b"),
              "a \\u200db");
    EXPECT_EQ(show("a\xe2\x80\x8d\xe2\x80\x8d"
                   "b"),
              "a\\u200d\\u200db");
    EXPECT_EQ(show("a\xe2\x80\x8d\n"), "a\\u200d\\n");
}

TEST(TerminalText, ShowsSelectorsThatSelectNothing) {
    EXPECT_EQ(show("\xef\xb8\x8f"), "\\ufe0f");
    EXPECT_EQ(show("a\xef\xb8\x8f\xef\xb8\x8e"), "a\xef\xb8\x8f\\ufe0e");
}

TEST(TerminalText, SaysTheSameWhenAskedTwice) {
    const std::string once = show("\x1b[2J\xe2\x80\xae\xffé\n");
    EXPECT_EQ(show(once), once);
}

TEST(DisplayWidth, CountsColumns) {
    EXPECT_EQ(display_width(""), 0U);
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("Grüße"), 5U);
    EXPECT_EQ(display_width("日本"), 4U);
    EXPECT_EQ(display_width("e\xcc\x81"), 1U);
    EXPECT_EQ(display_width("🙂"), 2U);
    EXPECT_EQ(display_width("ｱ"), 1U);
    EXPECT_EQ(display_width("한"), 2U);
    EXPECT_EQ(display_width("ᄒ"
                            "ᅡ"
                            "ᆫ"),
              2U);
}

TEST(FitWidth, CutsOnlyWhatIsTooWide) {
    EXPECT_EQ(fit_width("hello", 5), "hello");
    EXPECT_EQ(fit_width("hello", 4), "hel…");
    EXPECT_EQ(fit_width("hello", 1), "…");
    EXPECT_EQ(fit_width("hello", 0), "");
    EXPECT_EQ(fit_width("", 0), "");
}

TEST(FitWidth, NeverTakesMoreColumnsThanAsked) {
    const std::string text = "a日本e\xcc\x81🙂👩‍👩‍👧z";
    for (std::size_t columns = 0; columns < 20; ++columns) {
        const std::string fitted = fit_width(text, columns);
        EXPECT_LE(display_width(fitted), columns);
        EXPECT_TRUE(characters(fitted)) << columns;
    }
}

TEST(FitWidth, NeverCutsInsideOfACharacter) {
    EXPECT_EQ(fit_width("日本語", 4), "日…");
    EXPECT_EQ(fit_width("e\xcc\x81"
                        "abc",
                        2),
              "e\xcc\x81…");
    EXPECT_EQ(fit_width("👩‍👩‍👧", 3), "👩…");
}

}  // namespace
}  // namespace p2pd
