// tests/ctl: what a terminal sends to chat, and where what is typed is on its screen.
#include "ctl/chat_keys.h"

#include <clocale>
#include <langinfo.h>

#include <gtest/gtest.h>

#include "ctl/edit_place.h"
#include "ctl/wide_text.h"

namespace p2pd::test {
namespace {

constexpr std::size_t paste_max = 100;

/// Characters as they are, pastes in brackets, [!] behind one that was cut, reports in braces.
std::string all_keys(ChatKeys& keys) {
    std::string all;
    while (const auto key = keys.take()) {
        if (const auto* const paste = std::get_if<Paste>(&*key)) {
            all += "[" + paste->text + (paste->cut ? "!]" : "]");
        } else if (const auto* const report = std::get_if<CursorReport>(&*key)) {
            all += "{" + std::to_string(report->row) + "," + std::to_string(report->column) + "}";
        } else {
            all += to_utf8(std::wstring(1, static_cast<wchar_t>(std::get<char32_t>(*key))));
        }
    }
    return all;
}

/// What is made of bytes that arrive in pieces of this size.
std::string all_keys_of(ChatKeys& keys, std::string_view bytes, std::size_t piece) {
    std::string all;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        keys.add(bytes.substr(at, piece));
        all += all_keys(keys);
    }
    return all;
}

TEST(ChatKeys, ArriveInWhateverPieces) {
    const std::string bytes = "aé世\x1b[A🚀\x1b[200~p1\rp2\x1b[201~z\r";
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        ChatKeys keys(paste_max);
        EXPECT_EQ(all_keys_of(keys, bytes, size), "aé世\x1b[A🚀[p1\np2]z\r") << size;
    }
}

TEST(ChatKeys, APasteHasNoControlCharactersAndNoLineBreakAtItsEnd) {
    ChatKeys keys(paste_max);
    keys.add("\x1b[200~\ta\x07\x1b[31m\r\nb\xff\xc2\x9b c\n\n\x1b[201~");
    EXPECT_EQ(all_keys(keys), "[    a[31m\nb c]");
}

TEST(ChatKeys, APasteIsBounded) {
    ChatKeys keys(paste_max);
    keys.add("\x1b[200~" + std::string(paste_max, 'x') + "\x1b[201~");
    EXPECT_EQ(all_keys(keys), "[" + std::string(paste_max, 'x') + "]");
    keys.add("\x1b[200~");
    for (int i = 0; i < 1000; ++i) {
        keys.add("yyyyy");
        EXPECT_FALSE(keys.take());
    }
    keys.add("\x1b[201~z");
    EXPECT_EQ(all_keys(keys), "[" + std::string(paste_max, 'y') + "!]z");
}

TEST(ChatKeys, APasteWithoutAnEndCanBeGivenUp) {
    ChatKeys keys(paste_max);
    keys.add("\x1b[200~never ends");
    EXPECT_EQ(all_keys(keys), "");
    keys.clear();
    keys.add("x");
    EXPECT_EQ(all_keys(keys), "x");
}

TEST(ChatKeys, AReportIsToldFromKeysWhenItIsExpected) {
    const std::string bytes = "a\x1b[12;40Rb\x1b[A\x1b[3~\x1b[1;5Cc";
    ChatKeys keys(paste_max);
    keys.add(bytes);
    EXPECT_EQ(all_keys(keys), bytes);
    keys.expect_reports(true);
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        EXPECT_EQ(all_keys_of(keys, bytes, size), "a{12,40}b\x1b[A\x1b[3~\x1b[1;5Cc") << size;
    }
}

TEST(ChatKeys, WhatIsNoUtf8IsLeftOut) {
    ChatKeys keys(paste_max);
    keys.add("a\xff\xc0\xaf\xed\xa0\x80z");
    EXPECT_EQ(all_keys(keys), "az");
}

TEST(WideText, ComesBackAsItWas) {
    const std::string text = "a\x7f \xc2\x80é߿ࠀ世￼𐀀🚀";
    EXPECT_EQ(to_utf8(to_wide(text)), text);
    EXPECT_EQ(to_wide(text).size(), 11U);
}

class EditPlaces : public testing::Test {
protected:
    void SetUp() override {
        std::setlocale(LC_CTYPE, "C.UTF-8");
        ASSERT_STREQ(::nl_langinfo(CODESET), "UTF-8");
    }
    void TearDown() override { std::setlocale(LC_CTYPE, "C"); }

    /// Of ten columns.
    static std::pair<std::size_t, std::size_t> behind(const std::wstring& text, wchar_t next = 0) {
        const EditPlace place = place_behind(text, next, {}, 10);
        return {place.row, place.column};
    }
    using At = std::pair<std::size_t, std::size_t>;
};

TEST_F(EditPlaces, BehindTheLastColumnIsTheNextRow) {
    EXPECT_EQ(behind(L"123456789"), At(0, 9));
    EXPECT_EQ(behind(L"1234567890"), At(1, 0));
    EXPECT_EQ(behind(L"12345678901"), At(1, 1));
}

TEST_F(EditPlaces, AWideCharacterIsNotTornApart) {
    EXPECT_EQ(behind(L"世世世世世"), At(1, 0));
    EXPECT_EQ(behind(L"1世世世世"), At(0, 9));
    EXPECT_EQ(behind(L"1世世世世世"), At(1, 2));
    EXPECT_EQ(behind(L"1世世世世", L'世'), At(1, 0)) << "the cursor is where the next one stands";
}

TEST_F(EditPlaces, WhatJoinsTakesNoColumn) {
    EXPECT_EQ(behind(L"e\u0301e\u0301"), At(0, 2));
}

TEST_F(EditPlaces, ALineBreakBeginsARow) {
    EXPECT_EQ(behind(L"12\n345"), At(1, 3));
    EXPECT_EQ(behind(L"1234567890\n1"), At(2, 1));
}

TEST_F(EditPlaces, ControlCharactersAreWrittenOut) {
    EXPECT_EQ(behind(L"12345678\x01"), At(1, 0)) << "^A";
    EXPECT_EQ(behind(L"123456789\x01"), At(1, 1));
}

}  // namespace
}  // namespace p2pd::test
