// tests: UTF-8 as RFC 3629 has it.
#include "daemon/core/utf8.h"

#include <gtest/gtest.h>

#include "tests/core/random_text.h"

namespace p2pd {
namespace {

TEST(Utf8, EveryCodePointIsTakenWholeAndNoneInPart) {
    for (std::uint32_t code_point = 0; code_point < 0x110000; ++code_point) {
        if (code_point == 0xd800) code_point = 0xe000;
        std::string bytes;
        append_code_point(bytes, code_point);
        ASSERT_EQ(code_point_bytes(bytes), bytes.size()) << code_point;
        bytes.pop_back();
        if (!bytes.empty()) {
            ASSERT_EQ(code_point_bytes(bytes), 0U) << code_point;
        }
    }
}

TEST(Utf8, NoSurrogateIsTaken) {
    for (std::uint32_t code_point = 0xd800; code_point < 0xe000; ++code_point) {
        std::string bytes;
        append_code_point(bytes, code_point);
        ASSERT_FALSE(is_utf8(bytes));
    }
}

TEST(Utf8, NothingElseOfUpToThreeBytesIsTaken) {
    std::size_t taken = 0;
    for (std::uint32_t all = 0; all < 0x1000000; ++all) {
        const char bytes[] = {static_cast<char>(all >> 16U), static_cast<char>(all >> 8U),
                              static_cast<char>(all)};
        taken += code_point_bytes({bytes, 3}) == 3 ? 1 : 0;
    }
    EXPECT_EQ(taken, 0x10000U - 0x800U - 0x800U);
}

}  // namespace
}  // namespace p2pd
