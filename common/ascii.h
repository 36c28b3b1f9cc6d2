// common: what kind of character a byte of ASCII is. Includes nothing.
#pragma once

namespace p2pd {

// Not <cctype>: what a letter is must not depend on the locale.

/// True for 0 to 9.
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// True for A to Z and a to z.
constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace p2pd
