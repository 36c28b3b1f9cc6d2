// daemon: numbers and texts one after the other in a blob. Includes std.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace p2pd {

/// Small numbers are short, of either sign.
class ByteWriter {
public:
    void put(std::uint64_t number);
    void put_signed(std::int64_t number);
    void put(std::string_view text);
    /// Bytes whose number the reader knows.
    void put(std::span<const std::uint8_t> bytes);

    const std::vector<std::uint8_t>& bytes() const { return bytes_; }
    void clear() { bytes_.clear(); }

private:
    std::vector<std::uint8_t> bytes_;
};

/// Reads them in their order; false if there is none, or none that a ByteWriter has written.
class ByteReader {
public:
    ByteReader() = default;
    explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    bool get(std::uint64_t& number);
    bool get_signed(std::int64_t& number);
    bool get(std::string_view& text);
    /// As many as there is room for.
    bool get(std::span<std::uint8_t> bytes);
    bool at_end() const { return bytes_.empty(); }

private:
    std::span<const std::uint8_t> bytes_;
};

/// Differences wrap, so that those of any two numbers can be written.
inline std::int64_t difference(std::int64_t number, std::int64_t before) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(number) -
                                     static_cast<std::uint64_t>(before));
}

inline void advance(std::int64_t& number, std::int64_t by) {
    number = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) +
                                       static_cast<std::uint64_t>(by));
}

}  // namespace p2pd
