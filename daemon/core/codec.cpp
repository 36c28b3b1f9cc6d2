// core: reading datagrams. Includes std, core, and nlohmann's SAX parser, here alone.
#include "daemon/core/codec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "daemon/core/ack_ranges.h"
#include "daemon/core/utf8.h"

namespace p2pd {

namespace {

constexpr int depth_max = 16;
constexpr std::size_t members_max = 64;
constexpr std::size_t lexeme_bytes_max = 64;
constexpr std::size_t claim_bytes_max = 255;
constexpr double stamp_us_max = 4294967296e6;  // 2^32 s: below it a double is exact to 1 us

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

struct MemberName {
    std::string_view name;
    Member member;
};
constexpr MemberName member_names[] = {
    {"Ip_origem", Member::source_ip},
    {"IP_origem", Member::source_ip},
    {"Ip_destino", Member::destination_ip},
    {"IP_destino", Member::destination_ip},
    {"Porta_origem", Member::source_port},
    {"Porta_destino", Member::destination_port},
    {"Timestamp da mensagem", Member::stamp},
    {"Timestamp", Member::stamp},
    {"Timestamp da mensagem original", Member::original_stamp},
    {"Timestamp da mensagem de resposta", Member::response_stamp},
    {"Mensagem", Member::text},
    {"Mensagem original", Member::original_text},
    {"Mensagem Original", Member::original_text},
    {"Mensagem de resposta", Member::response_text},
    {"ACK", Member::ack},
    {"p2pd", Member::p2pd},
};

/// A JSON value as far as the format needs it.
struct Value {
    enum class Kind : std::uint8_t { absent, text, number, boolean, other } kind = Kind::absent;
    std::string lexeme;  ///< of a text: its content
    bool boolean = false;
};

/// Collects the members of one object, flat. Everything else is passed over, in bounds.
class MemberReader {
public:
    using Json = nlohmann::json;

    std::array<Value, static_cast<std::size_t>(Member::count)> members;
    std::optional<std::string> wrapped;  ///< the document was a text, not an object
    std::optional<DropCause> cause;
    bool overflow = false;  ///< it ended at a number that no double holds
    bool upper_case = false;
    bool short_stamp = false;
    std::uint64_t part_number = 0;
    std::uint64_t part_count = 0;
    std::uint64_t window = 0;
    std::string also;

    // The interface of nlohmann::json_sax.
    bool null() { return take({Value::Kind::other, {}, false}); }
    bool boolean(bool value) { return take({Value::Kind::boolean, {}, value}); }
    bool number_integer(Json::number_integer_t value) {
        return take({Value::Kind::number, value == 0 ? "-0" : std::to_string(value), false});
    }
    bool number_unsigned(Json::number_unsigned_t value) {
        if (depth_ == 2 && current_ == Member::p2pd) take_extension(value);
        return take({Value::Kind::number, std::to_string(value), false});
    }
    bool number_float(Json::number_float_t /*value*/, const std::string& lexeme) {
        return take({Value::Kind::number, lexeme, false});
    }
    bool string(std::string& value) {
        if (depth_ == 0) {
            wrapped = std::move(value);
            return true;
        }
        if (depth_ == 2 && current_ == Member::p2pd && inner_key_ == "also") {
            also = also.empty() ? std::move(value) : "given twice";
            return true;
        }
        return take({Value::Kind::text, std::move(value), false});
    }
    bool binary(Json::binary_t& /*value*/) { return false; }  // GCOVR_EXCL_LINE: not in a text
    bool key(std::string& name) {
        if (depth_ == 2) inner_key_ = name;
        return depth_ != 1 || take_key(name);
    }
    bool start_object(std::size_t /*size*/) { return enter(); }
    bool start_array(std::size_t /*size*/) {
        if (depth_ == 0) return fail(DropCause::not_object);
        return enter();
    }
    bool end_object() { return leave(); }
    bool end_array() { return leave(); }
    bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                     const nlohmann::detail::exception& error) {
        constexpr int number_overflow = 406;
        overflow = error.id == number_overflow;
        return fail(overflow ? DropCause::out_of_range : DropCause::not_json);
    }

private:
    bool fail(DropCause why) {
        if (!cause) cause = why;
        return false;
    }
    bool enter() {
        if (depth_ >= depth_max) return fail(DropCause::too_deep);
        if (depth_ == 1 && !take({Value::Kind::other, {}, false})) return false;
        ++depth_;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }
    bool take_key(const std::string& name) {
        if (!names_.insert(name).second) return fail(DropCause::duplicate_member);
        if (names_.size() > members_max) return fail(DropCause::too_many_members);
        current_.reset();
        for (const MemberName& known : member_names) {
            if (known.name == name) current_ = known.member;
        }
        if (name == "IP_origem") upper_case = true;
        if (name == "Timestamp") short_stamp = true;
        return true;
    }
    bool take(Value value) {
        if (depth_ == 0) return fail(DropCause::not_object);
        if (depth_ != 1 || !current_) return true;
        Value& member = members[static_cast<std::size_t>(*current_)];
        // Two spellings of one member in one object contradict each other.
        if (member.kind != Value::Kind::absent) return fail(DropCause::duplicate_member);
        member = std::move(value);
        return true;
    }
    /// A mark that is given twice is none.
    static void take_mark(std::uint64_t& mark, std::uint64_t value) {
        mark = mark == 0 ? value : std::numeric_limits<std::uint64_t>::max();
    }
    void take_extension(std::uint64_t value) {
        if (inner_key_ == "window") take_mark(window, value);
        if (inner_key_ == "part") take_mark(part_number, value);
        if (inner_key_ == "parts") take_mark(part_count, value);
    }

    int depth_ = 0;
    std::optional<Member> current_;
    std::string inner_key_;
    std::set<std::string> names_;
};

/// Whether `text` is a number in JSON's grammar (RFC 8259, section 6).
bool is_json_number(std::string_view text) {
    const auto digits = [&] {
        std::size_t count = 0;
        while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
        text.remove_prefix(count);
        return count;
    };
    const auto skip = [&](std::string_view any_of) {
        if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
        text.remove_prefix(1);
        return true;
    };
    skip("-");
    const bool leading_zero = text.starts_with('0');
    const std::size_t whole = digits();
    if (whole == 0 || (leading_zero && whole > 1)) return false;
    if (skip(".") && digits() == 0) return false;
    if (skip("eE")) {
        skip("+-");
        if (digits() == 0) return false;
    }
    return text.empty();
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
        return WireAck{original, fields.stamp(Member::response_stamp), fields.boolean(Member::ack),
                       fields.also(original), fields.window()};
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
    constexpr std::string_view far = "1e300";
    std::string written;
    bool in_text = false;
    while (!bytes.empty()) {
        const std::string_view number =
            bytes.substr(0, in_text ? 0 : bytes.find_first_not_of("+-.0123456789eE"));
        double value = 0;
        const bool is_far =
            is_json_number(number) &&
            std::from_chars(number.data(), number.data() + number.size(), value).ec ==
                std::errc::result_out_of_range;
        const bool is_escape = in_text && bytes.front() == '\\';
        const std::size_t taken = std::max<std::size_t>(number.size(), is_escape ? 2 : 1);
        if (bytes.front() == '"') in_text = !in_text;
        written += is_far ? far : bytes.substr(0, taken);
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
    const auto once_more = parse(in_range(bytes), reader);
    return reader.overflow ? DropCause::not_json : once_more;  // it was the front of no number
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

}  // namespace p2pd
