// core: a JSON document as tokens. Includes std (simdjson in the .cpp, alone).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace p2pd {

/// Splits documents into tokens: `{`, `}`, `[`, `]`, `:`, `,`, texts with their quotes, and
/// anything else up to the next of these or a blank. What a token may be, and where, is for who
/// reads them.
///
/// The buffers are kept for the next document. What it gives away points into them.
class JsonTokens {
public:
    JsonTokens();
    JsonTokens(const JsonTokens&) = delete;
    JsonTokens& operator=(const JsonTokens&) = delete;
    ~JsonTokens();

    /// False when a text in `document` has no end or a raw control character, when it is not UTF-8,
    /// or has no token. Then the tokens are those before the first such text, which say whether
    /// something was wrong earlier.
    bool split(std::string_view document);

    /// The copy of it that the tokens are in.
    std::string_view document() const { return {document_.data(), size_}; }
    bool at_end() const { return next_ == count_; }
    /// There is one more, so !at_end().
    std::string_view next() {
        const std::size_t begin = starts_[next_];
        ++next_;
        std::size_t end = at_end() ? size_ : starts_[next_];
        while (is_blank(document_[end - 1])) --end;
        return {&document_[begin], end - begin};
    }
    /// What a token that begins with a quote says; empty when an escape is none, or half a
    /// character.
    std::optional<std::string_view> text(std::string_view token);

private:
    static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
    bool index(std::string_view document);
    void reserve(std::size_t size);

    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
    std::size_t capacity_ = 0;
    std::vector<char> document_;
    std::size_t size_ = 0;
    const std::uint32_t* starts_ = nullptr;
    std::size_t count_ = 0;
    std::size_t next_ = 0;
    std::vector<std::uint8_t> texts_;  ///< those with escapes, without them, one behind the other
    std::size_t texts_size_ = 0;
};

}  // namespace p2pd
