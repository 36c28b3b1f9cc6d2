// tests/ctl: texts with values, and the daemon's English ones, where no language is chosen.
#include "ctl/language.h"

#include <random>

#include <gtest/gtest.h>

#include "ctl/english_texts.h"
#include "ctl/placeholders.h"

namespace p2pd {
namespace {

std::string fill(std::string_view form, const std::vector<std::string>& values) {
    return filled(form, values);
}

TEST(Language, ValuesStandWhereTheFormHasThem) {
    EXPECT_EQ(fill("#{1} to {2}", {"7", "bob"}), "#7 to bob");
    EXPECT_EQ(fill("{2}: {1}, {2}", {"7", "bob"}), "bob: 7, bob");
    EXPECT_EQ(tr("line {1}: {2}", 12U, "too long"), "line 12: too long");
}

TEST(Language, AFormReachesNoFurtherThanItsValues) {
    EXPECT_EQ(fill("{2} {3} {9}", {"7", "bob"}), "bob {3} {9}");
    EXPECT_EQ(fill("{0} {1 {} {a} }{", {"7"}), "{0} {1 {} {a} }{");
    EXPECT_EQ(fill("{{1}}", {"7"}), "{7}");
    EXPECT_EQ(fill("{1", {"7"}), "{1");
}

TEST(Language, AValueIsNoForm) {
    EXPECT_EQ(fill("{1}{2}", {"{2}", "{1}"}), "{2}{1}");
}

TEST(Language, OneHasItsOwnForm) {
    EXPECT_EQ(tr_count("{1} message of {2}", "{1} messages of {2}", 1, "bob"), "1 message of bob");
    EXPECT_EQ(tr_count("{1} message of {2}", "{1} messages of {2}", 0, "bob"), "0 messages of bob");
}

TEST(Language, NothingToLookUpIsNothing) {
    EXPECT_EQ(tr(""), "");
}

TEST(Language, WithoutALanguageEnglishStaysAsItIs) {
    for (const char* const text :
         {"", "no message 7; the newest is 3", "no message 7; there is none yet",
          "no peer \"{1}\" in the address book", "bob is 10.0.0.5:5000 already",
          "/a: b.conf:3: \"x\" is not a key; allowed: listen", "did you mean ?", "exit code "}) {
        EXPECT_EQ(in_language(text), text);
    }
}

/// Whatever the pieces are, what was taken apart is put together as it was.
TEST(Language, WithoutALanguageAnyTextStaysAsItIs) {
    const std::string pieces[] = {"no message ", "; the newest is ", " is ", " already", ": ",
                                  " cannot be ", "; allowed: ",      "{1}",  "{2}",      "x"};
    std::mt19937 dice(42);  // NOLINT: the same texts in each run
    for (int run = 0; run < 2000; ++run) {
        std::string text;
        for (unsigned count = dice() % 8; count > 0; --count) {
            text += pieces[dice() % std::size(pieces)];
        }
        EXPECT_EQ(in_language(text), text);
    }
}

TEST(Language, OnlyWordsOfCapitalsAreLookedUpAmongArguments) {
    EXPECT_EQ(arguments_text("PEER [TEXT...]"), "PEER [TEXT...]");
    EXPECT_EQ(arguments_text("p2pctl é ID...|--all XYZ"), "p2pctl é ID...|--all XYZ");
    EXPECT_EQ(arguments_text(""), "");
}

}  // namespace
}  // namespace p2pd
