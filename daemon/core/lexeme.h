// core: a number as it is written. Includes std only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace p2pd {

/// What is written for a number, of at most bytes_max bytes. They are in it, so that nothing is
/// allocated for them: a timestamp is copied often.
class Lexeme {
public:
    static constexpr std::size_t bytes_max = 64;

    Lexeme() = default;
    Lexeme(const char* text) : Lexeme(std::string_view(text)) {}
    Lexeme(const std::string& text) : Lexeme(std::string_view(text)) {}
    /// What is longer is cut.
    explicit Lexeme(std::string_view text)
        : size_(static_cast<std::uint8_t>(std::min(text.size(), bytes_max))) {
        std::copy_n(text.begin(), size_, bytes_.begin());
    }

    operator std::string_view() const { return {bytes_.data(), size_}; }
    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }

    friend bool operator==(const Lexeme& a, const Lexeme& b) {
        return std::string_view(a) == std::string_view(b);
    }

private:
    std::uint8_t size_ = 0;
    std::array<char, bytes_max> bytes_{};
};

}  // namespace p2pd
