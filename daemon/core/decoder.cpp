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
#include "daemon/core/stamp_clock.h"

namespace p2pd {

namespace {

constexpr std::size_t claim_bytes_max = 255;
constexpr double stamp_us_max = 4294967296e6;  // 2^32 s: below it a double is exact to 1 us

bool is_number(std::string_view text) {
    return !text.empty() && number_bytes(text) == text.size();
}

template <class Number>
std::optional<Number> whole(std::string_view text) {
    Number number = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return number;
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
        const auto number = whole<std::uint16_t>(port.lexeme);
        if (!number) fail(DropCause::out_of_range);
        return number.value_or(0);
    }
    Stamp stamp(Member member) {
        const JsonValue& written = value(member);
        if (!expect(member, is_scalar(written))) return {};
        const bool is_text = written.kind == JsonValue::Kind::text;
        const auto ours = Stamp::us_of(written.lexeme);
        if (ours && *ours <= StampClock::us_max) {
            return is_text ? Stamp{Lexeme(written.lexeme), true, *ours} : Stamp::of(*ours);
        }
        if (!is_number(written.lexeme)) return fail(DropCause::wrong_type), Stamp{};
        double seconds = 0;
        const auto parsed = std::from_chars(written.lexeme.data(),
                                            written.lexeme.data() + written.lexeme.size(), seconds);
        const bool in_range = parsed.ec == std::errc{} && seconds >= 0 &&
                              seconds * 1e6 < stamp_us_max - 0.5 &&
                              written.lexeme.size() <= Lexeme::bytes_max;
        if (!in_range) return fail(DropCause::out_of_range), Stamp{};
        return {Lexeme(written.lexeme), is_text, std::llround(seconds * 1e6)};
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

/// `ACK` makes an ACK, else `Mensagem de resposta` a reply, else `Mensagem` a message; false: it is
/// neither.
bool read_object(FieldReader& fields, WireObject& object) {
    if (fields.has(Member::ack)) {
        const Stamp original = fields.stamp(Member::original_stamp);
        const Stamp stamp = fields.stamp(Member::response_stamp);
        const bool accepted = fields.boolean(Member::ack);
        if (const auto receipt = fields.receipt(original, stamp)) {
            object = *receipt;
        } else {
            object = WireAck{original, stamp, accepted, fields.also(original), fields.window()};
        }
    } else if (fields.has(Member::response_text)) {
        auto& reply = object.emplace<WireReply>();
        reply.stamp = fields.stamp(Member::response_stamp);
        reply.part = fields.part(reply.stamp);
        reply.original = fields.stamp(Member::original_stamp);
        reply.original_text = fields.text(Member::original_text);
        reply.text = fields.text(Member::response_text);
    } else if (fields.has(Member::text)) {
        auto& message = object.emplace<WireMessage>();
        message.stamp = fields.stamp(Member::stamp);
        message.part = fields.part(message.stamp);
        message.text = fields.text(Member::text);
    } else {
        return false;
    }
    return true;
}

Dialect dialect_of(const Members& members, bool was_wrapped) {
    if (was_wrapped) return members.short_stamp ? Dialect::short_ : Dialect::quoted;
    return members.upper_case ? Dialect::upper : Dialect::base;
}

/// Its content is filled in where it is returned: it is large.
std::variant<Datagram, DropCause> read_datagram(const Members& members, bool was_wrapped) {
    std::variant<Datagram, DropCause> read;
    auto& datagram = std::get<Datagram>(read);
    FieldReader fields(members);
    if (!read_object(fields, datagram.object)) {
        read = DropCause::unknown_kind;
        return read;
    }
    datagram.claimed = fields.addresses();
    datagram.dialect = dialect_of(members, was_wrapped);
    datagram.from_p2pd = fields.has(Member::p2pd);
    if (fields.cause) read = *fields.cause;
    return read;
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
    return read_datagram(wrapped ? inner_.members() : outer_.members(), wrapped);
}

std::variant<Datagram, DropCause> decode(std::string_view bytes) {
    return Decoder{}.decode(bytes);
}

}  // namespace p2pd
