// tests/reference: reading datagrams by nlohmann's SAX parser. Includes std, core, nlohmann.
#include "tests/reference/decode.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "daemon/core/ack_ranges.h"
#include "daemon/core/utf8.h"
#include "tests/reference/members.h"

namespace p2pd::reference {

namespace {

constexpr std::size_t lexeme_bytes_max = 64;
constexpr std::size_t claim_bytes_max = 255;
constexpr double stamp_us_max = 4294967296e6;  // 2^32 s: below it a double is exact to 1 us

/// How many bytes `text` begins with that are a number in JSON's grammar; 0 if none.
std::size_t number_size(std::string_view text) {
    const std::size_t size = text.size();
    const auto digits = [&] {
        const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
        text.remove_prefix(count);
        return count;
    };
    const auto skip = [&](std::string_view any_of) {
        if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
        text.remove_prefix(1);
        return true;
    };
    skip("-");
    if (!skip("0") && digits() == 0) return 0;
    if (skip(".") && digits() == 0) return 0;
    if (skip("eE")) {
        skip("+-");
        if (digits() == 0) return 0;
    }
    return size - text.size();
}

bool is_json_number(std::string_view text) {
    return !text.empty() && number_size(text) == text.size();
}

/// Reads the members of one kind; the first thing that is wrong stays as the cause.
class FieldReader {
public:
    explicit FieldReader(const MemberReader& reader) : reader_(reader) {}

    std::optional<DropCause> cause;

    bool has(Member member) const { return value(member).kind != Value::Kind::absent; }

    std::string text(Member member) {
        if (!expect(member, value(member).kind == Value::Kind::text)) return {};
        return value(member).lexeme;
    }
    bool boolean(Member member) {
        return expect(member, value(member).kind == Value::Kind::boolean) && value(member).boolean;
    }
    std::string claim(Member member) {
        std::string claimed = text(member);
        if (claimed.size() > claim_bytes_max) fail(DropCause::out_of_range);
        return claimed;
    }
    std::uint16_t port(Member member) {
        const Value& port = value(member);
        if (!expect(member, is_scalar(port))) return 0;
        std::uint16_t number = 0;
        const char* const end = port.lexeme.data() + port.lexeme.size();
        const auto parsed = std::from_chars(port.lexeme.data(), end, number);
        if (parsed.ec != std::errc{} || parsed.ptr != end) fail(DropCause::out_of_range);
        return number;
    }
    Stamp stamp(Member member) {
        const Value& written = value(member);
        if (!expect(member, is_scalar(written))) return {};
        if (!is_json_number(written.lexeme)) return fail(DropCause::wrong_type), Stamp{};
        double seconds = 0;
        const auto parsed = std::from_chars(written.lexeme.data(),
                                            written.lexeme.data() + written.lexeme.size(), seconds);
        const bool in_range = parsed.ec == std::errc{} && seconds >= 0 &&
                              seconds * 1e6 < stamp_us_max - 0.5 &&
                              written.lexeme.size() <= lexeme_bytes_max;
        if (!in_range) return fail(DropCause::out_of_range), Stamp{};
        return {written.lexeme, written.kind == Value::Kind::text, std::llround(seconds * 1e6)};
    }
    Addresses addresses() {
        return {claim(Member::source_ip), claim(Member::destination_ip), port(Member::source_port),
                port(Member::destination_port)};
    }
    /// The part marks, when they are of one piece; anything else is an ordinary message.
    std::optional<Part> part(const Stamp& stamp) const {
        const std::uint64_t number = reader_.part_number;
        const std::uint64_t count = reader_.part_count;
        if (count < 2 || count > parts_max || number < 1 || number > count) return std::nullopt;
        const std::int64_t first_us = stamp.us - static_cast<std::int64_t>(number - 1);
        if (first_us < 0) return std::nullopt;
        return Part{static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(count),
                    first_us};
    }

    std::vector<StampRange> also(const Stamp& original) const {
        return read_ranges(original.us, reader_.also);
    }
    std::optional<std::uint32_t> window() const {
        if (reader_.window < 1 || reader_.window > window_max) return std::nullopt;
        return static_cast<std::uint32_t>(reader_.window);
    }
    std::optional<WireReceipt> receipt(const Stamp& original, const Stamp& stamp) const {
        if (original.us != 0 || reader_.receipt_us == 0) return std::nullopt;
        if (static_cast<double>(reader_.receipt_us) >= stamp_us_max) return std::nullopt;
        for (const auto& [word, name] : enum_names(ReceiptWord{})) {
            if (name != reader_.receipt_word) continue;
            return WireReceipt{static_cast<std::int64_t>(reader_.receipt_us), word, stamp};
        }
        return std::nullopt;
    }

private:
    const Value& value(Member member) const {
        return reader_.members[static_cast<std::size_t>(member)];
    }
    static bool is_scalar(const Value& value) {
        return value.kind == Value::Kind::number || value.kind == Value::Kind::text;
    }
    void fail(DropCause why) {
        if (!cause) cause = why;
    }
    bool expect(Member member, bool right_type) {
        if (!right_type) fail(has(member) ? DropCause::wrong_type : DropCause::missing_member);
        return right_type;
    }

    const MemberReader& reader_;
};

/// `ACK` makes an ACK, else `Mensagem de resposta` a reply, else `Mensagem` a message.
std::variant<WireObject, DropCause> read_object(FieldReader& fields) {
    if (fields.has(Member::ack)) {
        const Stamp original = fields.stamp(Member::original_stamp);
        const Stamp stamp = fields.stamp(Member::response_stamp);
        const bool accepted = fields.boolean(Member::ack);
        if (const auto receipt = fields.receipt(original, stamp)) return *receipt;
        return WireAck{original, stamp, accepted, fields.also(original), fields.window()};
    }
    if (fields.has(Member::response_text)) {
        const Stamp stamp = fields.stamp(Member::response_stamp);
        return WireReply{fields.stamp(Member::original_stamp), stamp,
                         fields.text(Member::original_text), fields.text(Member::response_text),
                         fields.part(stamp)};
    }
    if (fields.has(Member::text)) {
        const Stamp stamp = fields.stamp(Member::stamp);
        return WireMessage{stamp, fields.text(Member::text), fields.part(stamp)};
    }
    return DropCause::unknown_kind;
}

Dialect dialect_of(const MemberReader& reader, bool was_wrapped) {
    if (was_wrapped) return reader.short_stamp ? Dialect::short_ : Dialect::quoted;
    return reader.upper_case ? Dialect::upper : Dialect::base;
}

/// `bytes` with each number that no double holds replaced by one that is just as far out of every
/// range: nlohmann stops at such a number, even in a member that nobody reads.
std::string in_range(std::string_view bytes) {
    std::string written;
    bool in_text = false;
    while (!bytes.empty()) {
        const std::string_view number = bytes.substr(0, in_text ? 0 : number_size(bytes));
        double value = 0;
        const bool is_far =
            std::from_chars(number.data(), number.data() + number.size(), value).ec ==
            std::errc::result_out_of_range;
        const bool is_escape = in_text && bytes.front() == '\\';
        const std::size_t taken = std::max<std::size_t>(number.size(), is_escape ? 2 : 1);
        if (bytes.front() == '"') in_text = !in_text;
        if (is_far) {
            written += number.starts_with('-') ? "-1e300" : "1e300";
        } else {
            written += bytes.substr(0, taken);
        }
        bytes.remove_prefix(std::min(taken, bytes.size()));
    }
    return written;
}

std::optional<DropCause> parse(std::string_view bytes, MemberReader& reader) {
    // nlohmann takes a NUL for the end of the document, whatever comes behind it.
    if (bytes.find('\0') != std::string_view::npos) return DropCause::not_json;
    if (nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &reader)) return std::nullopt;
    return reader.cause.value_or(DropCause::not_json);
}

/// Into a reader that is empty; numbers that are too large count in the members that are read.
std::optional<DropCause> parse_all(std::string_view bytes, MemberReader& reader) {
    const auto cause = parse(bytes, reader);
    if (!reader.overflow) return cause;
    reader = {};
    return parse(in_range(bytes), reader);
}

}  // namespace

std::variant<Datagram, DropCause> decode(std::string_view bytes) {
    if (bytes.empty()) return DropCause::empty;
    if (!is_utf8(bytes)) return DropCause::not_utf8;
    MemberReader outer;
    if (const auto cause = parse_all(bytes, outer)) return *cause;
    MemberReader inner;
    if (outer.wrapped) {
        if (const auto cause = parse_all(*outer.wrapped, inner)) return *cause;
        if (inner.wrapped) return DropCause::not_object;
    }
    const MemberReader& reader = outer.wrapped ? inner : outer;
    FieldReader fields(reader);
    std::variant<WireObject, DropCause> object = read_object(fields);
    if (const auto* cause = std::get_if<DropCause>(&object)) return *cause;
    Datagram datagram{std::move(std::get<WireObject>(object)), fields.addresses(),
                      dialect_of(reader, outer.wrapped.has_value()), fields.has(Member::p2pd)};
    if (fields.cause) return *fields.cause;
    return datagram;
}

}  // namespace p2pd::reference
