// core: the members of a datagram's object, as they are written. Includes std, core.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/core/codec.h"
#include "daemon/core/json_tokens.h"

namespace p2pd {

/// What the format knows, in either spelling.
enum class Member : std::uint8_t {
    source_ip,
    destination_ip,
    source_port,
    destination_port,
    stamp,
    original_stamp,
    response_stamp,
    text,
    original_text,
    response_text,
    ack,
    p2pd,
    count,
};

/// A JSON value as far as the format needs it.
struct JsonValue {
    enum class Kind : std::uint8_t { absent, text, number, boolean, other } kind = Kind::absent;
    std::string_view lexeme = {};  ///< of a text: its content
    bool boolean = false;
};

/// The members of one object, flat.
struct Members {
    std::array<JsonValue, static_cast<std::size_t>(Member::count)> values;
    bool upper_case = false;
    bool short_stamp = false;
    std::uint64_t part_number = 0;
    std::uint64_t part_count = 0;
    std::uint64_t window = 0;
    std::uint64_t receipt_us = 0;
    std::string_view also = {};
    std::string_view receipt_word = {};

    const JsonValue& operator[](Member member) const {
        return values[static_cast<std::size_t>(member)];
    }
};

/// How many bytes at the beginning of `text` are a number in JSON's grammar (RFC 8259, section 6);
/// 0 when it begins as one and does not go on as one, or is none.
std::size_t number_bytes(std::string_view text);

/// Collects the members that the format knows. Everything else is looked at and passed over, in
/// bounds: whatever is taken is JSON to its end.
///
/// The messages of one p2pd to another differ in timestamp and text alone. What is as the one
/// before in all else is not taken apart again.
class MemberReader {
public:
    /// Reads one document, up to the first thing that is wrong. What it found points into it, and
    /// into buffers that are kept for the next one.
    std::optional<DropCause> read(std::string_view document);

    const Members& members() const { return members_; }
    /// The document was a text, not an object: what it says.
    const std::optional<std::string_view>& wrapped() const { return wrapped_; }

private:
    static constexpr std::size_t members_max = 64;

    bool fail(DropCause why) {
        cause_ = why;
        return false;
    }
    bool read_like_last(std::string_view document);
    void keep_pattern();
    bool read_document();
    bool read_value(std::string_view token, int depth);
    bool read_text(std::string_view token, int depth);
    bool read_scalar(std::string_view token, int depth);
    bool read_object(int depth);
    bool read_array(int depth);
    bool read_name(std::string_view token, int depth);
    bool enter(int depth);
    bool take_name(std::string_view name);
    bool take(const JsonValue& value, int depth);
    JsonValue& value_of(Member member) { return members_.values[static_cast<std::size_t>(member)]; }
    void take_mark(std::string_view number);
    void take_text_mark(std::string_view text);
    /// The next token is this one.
    bool expect(char token) { return !tokens_.at_end() && tokens_.next().front() == token; }
    /// The next token, or an empty one that fits nowhere.
    std::string_view next() { return tokens_.at_end() ? std::string_view{} : tokens_.next(); }

    JsonTokens tokens_;
    Members members_;
    std::optional<std::string_view> wrapped_;
    DropCause cause_ = DropCause::not_json;
    std::optional<Member> current_;
    std::string_view inner_name_;  ///< inside of a member
    std::array<std::string_view, members_max> names_;
    std::size_t names_count_ = 0;
    std::string_view text_token_;  ///< of the member `text`, with its quotes
    /// What stands in the document that was taken apart last, up to its timestamp, from there to
    /// the text, and behind it; all empty when the next one cannot be read like it.
    struct Pattern {
        std::string_view before;
        std::string_view between;
        std::string_view behind;
    };
    Pattern pattern_;
};

}  // namespace p2pd
