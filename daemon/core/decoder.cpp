// core: reading datagrams. Includes std, core.
#include "daemon/core/decoder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "daemon/core/ack_ranges.h"

namespace p2pd {

namespace {

constexpr std::size_t lexeme_bytes_max = 64;
constexpr std::size_t claim_bytes_max = 255;
constexpr double stamp_us_max = 4294967296e6;  // 2^32 s: below it a double is exact to 1 us

bool is_number(std::string_view text) {
    return !text.empty() && number_bytes(text) == text.size();
}

/// Reads the members of one kind; the first thing that is wrong stays as the cause.
class FieldReader {
public:
    explicit FieldReader(const Members& members) : members_(members) {}

    std::optional<DropCause> cause;

    bool has(Member member) const { return value(member).kind != JsonValue::Kind::absent; }

    std::string text(Member member) {
        if (!expect(member, value(member).kind == JsonValue::Kind::text)) return {};
        return std::string(value(member).lexeme);
    }
    bool boolean(Member member) {
        return expect(member, value(member).kind == JsonValue::Kind::boolean) &&
               value(member).boolean;
    }
    std::string claim(Member member) {
        std::string claimed = text(member);
        if (claimed.size() > claim_bytes_max) fail(DropCause::out_of_range);
        return claimed;
    }
    std::uint16_t port(Member member) {
        const JsonValue& port = value(member);
        if (!expect(member, is_scalar(port))) return 0;
        std::uint16_t number = 0;
        const char* const end = port.lexeme.data() + port.lexeme.size();
        const auto parsed = std::from_chars(port.lexeme.data(), end, number);
        if (parsed.ec != std::errc{} || parsed.ptr != end) fail(DropCause::out_of_range);
        return number;
    }
    Stamp stamp(Member member) {
        const JsonValue& written = value(member);
        if (!expect(member, is_scalar(written))) return {};
        if (!is_number(written.lexeme)) return fail(DropCause::wrong_type), Stamp{};
        double seconds = 0;
        const auto parsed = std::from_chars(written.lexeme.data(),
                                            written.lexeme.data() + written.lexeme.size(), seconds);
        const bool in_range = parsed.ec == std::errc{} && seconds >= 0 &&
                              seconds * 1e6 < stamp_us_max - 0.5 &&
                              written.lexeme.size() <= lexeme_bytes_max;
        if (!in_range) return fail(DropCause::out_of_range), Stamp{};
        return {std::string(written.lexeme), written.kind == JsonValue::Kind::text,
                std::llround(seconds * 1e6)};
    }
    Addresses addresses() {
        return {claim(Member::source_ip), claim(Member::destination_ip), port(Member::source_port),
                port(Member::destination_port)};
    }
    /// The part marks, when they are of one piece; anything else is an ordinary message.
    std::optional<Part> part(const Stamp& stamp) const {
        const std::uint64_t number = members_.part_number;
        const std::uint64_t count = members_.part_count;
        if (count < 2 || count > parts_max || number < 1 || number > count) return std::nullopt;
        const std::int64_t first_us = stamp.us - static_cast<std::int64_t>(number - 1);
        if (first_us < 0) return std::nullopt;
        return Part{static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(count),
                    first_us};
    }

    std::vector<StampRange> also(const Stamp& original) const {
        return read_ranges(original.us, members_.also);
    }
    std::optional<std::uint32_t> window() const {
        if (members_.window < 1 || members_.window > window_max) return std::nullopt;
        return static_cast<std::uint32_t>(members_.window);
    }
    /// Empty: it is an ordinary ACK.
    std::optional<WireReceipt> receipt(const Stamp& original, const Stamp& stamp) const {
        const auto words = enum_names(ReceiptWord{});
        const auto* const word = std::find_if(words.begin(), words.end(), [&](const auto& each) {
            return each.second == members_.receipt_word;
        });
        const std::uint64_t us = members_.receipt_us;
        const bool names_message = us > 0 && static_cast<double>(us) < stamp_us_max;
        if (original.us != 0 || !names_message || word == words.end()) return std::nullopt;
        return WireReceipt{static_cast<std::int64_t>(us), word->first, stamp};
    }

private:
    const JsonValue& value(Member member) const { return members_[member]; }
    static bool is_scalar(const JsonValue& value) {
        return value.kind == JsonValue::Kind::number || value.kind == JsonValue::Kind::text;
    }
    void fail(DropCause why) {
        if (!cause) cause = why;
    }
    bool expect(Member member, bool right_type) {
        if (!right_type) fail(has(member) ? DropCause::wrong_type : DropCause::missing_member);
        return right_type;
    }

    const Members& members_;
};

/// `ACK` makes an ACK, else `Mensagem de resposta` a reply, else `Mensagem` a message.
std::variant<WireObject, DropCause> read_object(FieldReader& fields) {
    if (fields.has(Member::ack)) {
        const Stamp original = fields.stamp(Member::original_stamp);
        const Stamp stamp = fields.stamp(Member::response_stamp);
        const bool accepted = fields.boolean(Member::ack);
        if (auto receipt = fields.receipt(original, stamp)) return *receipt;
        return WireAck{original, stamp, accepted, fields.also(original), fields.window()};
    }
    if (fields.has(Member::response_text)) {
        Stamp stamp = fields.stamp(Member::response_stamp);
        const std::optional<Part> part = fields.part(stamp);
        return WireReply{fields.stamp(Member::original_stamp), std::move(stamp),
                         fields.text(Member::original_text), fields.text(Member::response_text),
                         part};
    }
    if (fields.has(Member::text)) {
        Stamp stamp = fields.stamp(Member::stamp);
        const std::optional<Part> part = fields.part(stamp);
        return WireMessage{std::move(stamp), fields.text(Member::text), part};
    }
    return DropCause::unknown_kind;
}

Dialect dialect_of(const Members& members, bool was_wrapped) {
    if (was_wrapped) return members.short_stamp ? Dialect::short_ : Dialect::quoted;
    return members.upper_case ? Dialect::upper : Dialect::base;
}

}  // namespace

std::variant<Datagram, DropCause> Decoder::decode(std::string_view bytes) {
    if (bytes.empty()) return DropCause::empty;
    if (const auto cause = outer_.read(bytes)) return *cause;
    const bool wrapped = outer_.wrapped().has_value();
    if (wrapped) {
        if (const auto cause = inner_.read(*outer_.wrapped())) return *cause;
        if (inner_.wrapped()) return DropCause::not_object;
    }
    const Members& members = wrapped ? inner_.members() : outer_.members();
    FieldReader fields(members);
    std::variant<WireObject, DropCause> object = read_object(fields);
    if (const auto* cause = std::get_if<DropCause>(&object)) return *cause;
    Datagram datagram{std::move(std::get<WireObject>(object)), fields.addresses(),
                      dialect_of(members, wrapped), fields.has(Member::p2pd)};
    if (fields.cause) return *fields.cause;
    return datagram;
}

std::variant<Datagram, DropCause> decode(std::string_view bytes) {
    return Decoder{}.decode(bytes);
}

}  // namespace p2pd
