// core: a JSON document as tokens. Includes std, core, and simdjson, here alone.
//
// Of simdjson only the first stage is used, which finds the tokens. Its DOM turns numbers into
// doubles, and an echo needs them as they were written; its On-Demand looks at the end of a
// document first and passes over what nobody asks for, so neither says what is wrong *first*.
#include "daemon/core/json_tokens.h"

#include <algorithm>
#include <bit>
#include <new>
#include <simdjson.h>

namespace p2pd {

namespace {

constexpr std::size_t capacity_min = 2048;

/// Length of the text that `json` begins with, quotes too; 0 when it has no end or a raw control
/// character.
std::size_t text_bytes(std::string_view json) {
    for (std::size_t at = 1; at < json.size(); ++at) {
        if (json[at] == '"') return at + 1;
        if (json[at] == '\\') ++at;
        if (at < json.size() && static_cast<unsigned char>(json[at]) < 0x20) return 0;
    }
    return 0;
}

/// What stands before the first text that is wrong. Where no text may begin it ends as well, as
/// simdjson and JSON differ in what is a text from there on: at a quote that sticks to a number or
/// word, and at a backslash.
std::string_view before_bad_text(std::string_view document) {
    constexpr std::string_view separators = "{}[]:,\" \n\t\r";
    std::size_t at = 0;
    bool in_word = false;
    while (at < document.size()) {
        const char c = document[at];
        const bool is_text = c == '"' && !in_word;
        const std::size_t size = is_text ? text_bytes(document.substr(at)) : 1;
        in_word = separators.find(c) == std::string_view::npos;
        if (size == 0 || c == '\\' || (c == '"' && !is_text)) break;
        at += size;
    }
    return document.substr(0, at);
}

}  // namespace

JsonTokens::JsonTokens() = default;
JsonTokens::~JsonTokens() = default;

bool JsonTokens::split(std::string_view document) {
    if (index(document)) return true;
    index(before_bad_text(document));
    return false;
}

std::optional<std::string_view> JsonTokens::text(std::string_view token) {
    const std::string_view written = token.substr(1, token.size() - 2);
    if (written.find('\\') == std::string_view::npos) return written;
    // No text is longer without its escapes, so that all of a document fit the buffer.
    std::uint8_t* const begin = texts_.data() + texts_size_;
    const std::uint8_t* const end =
        parser_->parse_string(reinterpret_cast<const std::uint8_t*>(written.data()), begin);
    if (end == nullptr) return std::nullopt;
    const auto size = static_cast<std::size_t>(end - begin);
    texts_size_ += size;
    return std::string_view{reinterpret_cast<const char*>(begin), size};
}

bool JsonTokens::index(std::string_view document) {
    reserve(document.size());
    std::copy(document.begin(), document.end(), document_.begin());
    size_ = document.size();
    next_ = 0;
    texts_size_ = 0;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(document_.data());
    const bool indexed =
        parser_->stage1(bytes, size_, simdjson::stage1_mode::regular) == simdjson::SUCCESS;
    starts_ = parser_->structural_indexes.get();
    count_ = indexed ? parser_->n_structural_indexes : 0;
    return indexed;
}

/// simdjson reads and writes in blocks, so the buffers have room behind their ends.
void JsonTokens::reserve(std::size_t size) {
    if (size < capacity_) return;
    capacity_ = 0;  // should there be no memory
    const std::size_t capacity = std::bit_ceil(std::max(size + 1, capacity_min));
    constexpr std::size_t depth_unused = 1;
    const bool made = simdjson::get_active_implementation()->create_dom_parser_implementation(
                          capacity, depth_unused, parser_) == simdjson::SUCCESS;
    if (!made) throw std::bad_alloc{};
    document_.resize(capacity + simdjson::SIMDJSON_PADDING);
    texts_.resize(capacity + simdjson::SIMDJSON_PADDING);
    capacity_ = capacity;
}

}  // namespace p2pd
