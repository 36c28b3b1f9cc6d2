// tests/fuzz: bytes taken one decision at a time; when they are used up all decisions are 0.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace p2pd {

class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

    bool empty() const { return rest_.empty(); }

    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const auto first = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return first;
    }

    /// At most `size` bytes as they are.
    std::string_view text(std::size_t size) {
        const std::string_view text = rest_.substr(0, size);
        rest_.remove_prefix(text.size());
        return text;
    }

private:
    std::string_view rest_;
};

}  // namespace p2pd
