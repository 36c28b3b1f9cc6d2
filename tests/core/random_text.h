// tests: texts of all scripts, emoji and controls, by seed.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace p2pd {

inline void append_code_point(std::string& text, std::uint32_t code_point) {
    const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xc0U | code_point >> 6U);
        put(0x80U | (code_point & 0x3fU));
    } else if (code_point < 0x10000) {
        put(0xe0U | code_point >> 12U);
        put(0x80U | (code_point >> 6U & 0x3fU));
        put(0x80U | (code_point & 0x3fU));
    } else {
        put(0xf0U | code_point >> 18U);
        put(0x80U | (code_point >> 12U & 0x3fU));
        put(0x80U | (code_point >> 6U & 0x3fU));
        put(0x80U | (code_point & 0x3fU));
    }
}

/// Mostly letters, often what needs escapes, at times anything that Unicode has.
inline std::string random_text(std::mt19937_64& random, std::size_t code_points) {
    std::string text;
    while (code_points-- > 0) {
        const auto dice = static_cast<std::uint32_t>(random());
        std::uint32_t code_point = 'a' + dice % 26;
        switch (random() % 8) {
            case 0:
                code_point = dice % 0x20;
                break;
            case 1:
                code_point = dice % 2 == 0 ? '"' : '\\';
                break;
            case 2:
                code_point = 0x80 + dice % 0x2000;
                break;
            case 3:
                code_point = 0x1f300 + dice % 0x400;
                break;
            case 4:
                code_point = dice % 0x110000;
                break;
            default:
                break;
        }
        if (code_point >= 0xd800 && code_point < 0xe000) code_point = 0xfffd;
        append_code_point(text, code_point);
    }
    return text;
}

}  // namespace p2pd
