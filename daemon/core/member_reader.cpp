// core: the members of a datagram's object, as they are written. Includes std, core.
#include "daemon/core/member_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "daemon/core/json_escapes.h"
#include "daemon/core/utf8.h"

namespace p2pd {

namespace {

constexpr int depth_max = 16;

struct MemberName {
    std::string_view name;
    Member member;
};
constexpr MemberName member_names[] = {
    {"Ip_origem", Member::source_ip},
    {"Ip_destino", Member::destination_ip},
    {"Porta_origem", Member::source_port},
    {"Porta_destino", Member::destination_port},
    {"Timestamp da mensagem", Member::stamp},
    {"Mensagem", Member::text},
    {"Timestamp da mensagem original", Member::original_stamp},
    {"Timestamp da mensagem de resposta", Member::response_stamp},
    {"ACK", Member::ack},
    {"Mensagem original", Member::original_text},
    {"Mensagem de resposta", Member::response_text},
    {"p2pd", Member::p2pd},
    {"IP_origem", Member::source_ip},
    {"IP_destino", Member::destination_ip},
    {"Timestamp", Member::stamp},
    {"Mensagem Original", Member::original_text},
};

/// The number or literal that `token` begins with; absent when it begins with neither.
JsonValue scalar_of(std::string_view token) {
    constexpr JsonValue literals[] = {
        {JsonValue::Kind::boolean, "true", true},
        {JsonValue::Kind::boolean, "false", false},
        {JsonValue::Kind::other, "null", false},
    };
    for (const JsonValue& literal : literals) {
        if (token.starts_with(literal.lexeme)) return literal;
    }
    const std::size_t size = number_bytes(token);
    if (size == 0) return {};
    return {JsonValue::Kind::number, token.substr(0, size), false};
}

}  // namespace

std::size_t number_bytes(std::string_view text) {
    std::size_t at = 0;
    const auto digits = [&] {
        const std::size_t first = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
        return at - first;
    };
    const auto skip = [&](char a, char b) {
        const bool found = at < text.size() && (text[at] == a || text[at] == b);
        if (found) ++at;
        return found;
    };
    skip('-', '-');
    if (!skip('0', '0') && digits() == 0) return 0;
    if (skip('.', '.') && digits() == 0) return 0;
    if (skip('e', 'E')) {
        skip('+', '-');
        if (digits() == 0) return 0;
    }
    return at;
}

std::optional<DropCause> MemberReader::read(std::string_view document) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (read_like_last(document)) return std::nullopt;
    pattern_ = {};
    text_token_ = {};
    members_ = {};
    wrapped_.reset();
    cause_ = DropCause::not_json;
    names_count_ = 0;
    inner_name_ = {};
    const std::size_t begin = document.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    const bool split = tokens_.split(document.substr(begin));
    if (read_document() && split) {
        keep_pattern();
        return std::nullopt;
    }
    // These two go before all that stands earlier.
    if (!is_utf8(document)) return DropCause::not_utf8;
    if (document.find('\0') != std::string_view::npos) return DropCause::not_json;
    return cause_;
}

/// One number stands for another, and so does a text for a text without escapes, wherever they are.
bool MemberReader::read_like_last(std::string_view document) {
    if (pattern_.before.empty() || !document.starts_with(pattern_.before)) return false;
    std::string_view rest = document.substr(pattern_.before.size());
    const std::string_view stamp = rest.substr(0, number_bytes(rest));
    rest.remove_prefix(stamp.size());
    if (stamp.empty() || !rest.starts_with(pattern_.between)) return false;
    rest.remove_prefix(pattern_.between.size());
    if (!rest.ends_with(pattern_.behind)) return false;
    const std::string_view text = rest.substr(0, rest.size() - pattern_.behind.size());
    if (!needs_no_escape(text) || !is_utf8(text)) return false;
    value_of(Member::stamp).lexeme = stamp;
    value_of(Member::text).lexeme = text;
    return true;
}

void MemberReader::keep_pattern() {
    const JsonValue& stamp = members_[Member::stamp];
    const bool in_order = stamp.kind == JsonValue::Kind::number && !text_token_.empty() &&
                          stamp.lexeme.data() < text_token_.data();
    if (!in_order) return;
    const std::string_view document = tokens_.document();
    const auto at = [&](const char* place) {
        return static_cast<std::size_t>(place - document.data());
    };
    const std::size_t stamp_begin = at(stamp.lexeme.data());
    const std::size_t stamp_end = stamp_begin + stamp.lexeme.size();
    const std::size_t text_begin = at(text_token_.data()) + 1;  // its quotes belong to the pattern
    const std::size_t text_end = text_begin + text_token_.size() - 2;
    pattern_ = {document.substr(0, stamp_begin), document.substr(stamp_end, text_begin - stamp_end),
                document.substr(text_end)};
}

bool MemberReader::read_document() {
    return read_value(next(), 0) && tokens_.at_end();
}

/// `depth`: of the object or array around it.
bool MemberReader::read_value(std::string_view token, int depth) {
    if (token.empty()) return false;
    switch (token.front()) {
        case '"':
            return read_text(token, depth);
        case '{':
            return enter(depth) && read_object(depth + 1);
        case '[':
            if (depth == 0) return fail(DropCause::not_object);
            return enter(depth) && read_array(depth + 1);
        default:
            return read_scalar(token, depth);
    }
}

bool MemberReader::read_text(std::string_view token, int depth) {
    const std::optional<std::string_view> text = tokens_.text(token);
    if (!text) return false;
    if (depth == 2 && current_ == Member::p2pd) take_text_mark(*text);
    if (depth == 1 && current_ == Member::text) text_token_ = token;
    if (depth > 0) return take({JsonValue::Kind::text, *text, false}, depth);
    wrapped_ = text;
    return true;
}

bool MemberReader::read_scalar(std::string_view token, int depth) {
    const JsonValue value = scalar_of(token);
    if (value.kind == JsonValue::Kind::absent) return false;
    if (depth == 2 && current_ == Member::p2pd) take_mark(value.lexeme);
    return take(value, depth) && value.lexeme.size() == token.size();
}

bool MemberReader::read_object(int depth) {
    std::string_view token = next();
    if (token == "}") return true;
    while (read_name(token, depth) && expect(':') && read_value(next(), depth)) {
        token = next();
        if (token != ",") return token == "}";
        token = next();
    }
    return false;
}

bool MemberReader::read_array(int depth) {
    std::string_view token = next();
    if (token == "]") return true;
    while (read_value(token, depth)) {
        token = next();
        if (token != ",") return token == "]";
        token = next();
    }
    return false;
}

bool MemberReader::read_name(std::string_view token, int depth) {
    if (!token.starts_with('"')) return false;
    const std::optional<std::string_view> name = tokens_.text(token);
    if (!name) return false;
    if (depth == 2) inner_name_ = *name;
    return depth != 1 || take_name(*name);
}

bool MemberReader::enter(int depth) {
    if (depth >= depth_max) return fail(DropCause::too_deep);
    return depth == 0 || take({JsonValue::Kind::other, {}, false}, depth);
}

bool MemberReader::take_name(std::string_view name) {
    const auto end = names_.begin() + static_cast<std::ptrdiff_t>(names_count_);
    if (std::find(names_.begin(), end, name) != end) return fail(DropCause::duplicate_member);
    if (names_count_ == members_max) return fail(DropCause::too_many_members);
    names_[names_count_] = name;
    ++names_count_;
    const auto* const known = std::find_if(std::begin(member_names), std::end(member_names),
                                           [&](const auto& each) { return each.name == name; });
    current_.reset();
    inner_name_ = {};
    if (known == std::end(member_names)) return true;
    current_ = known->member;
    if (name == "IP_origem") members_.upper_case = true;
    if (name == "Timestamp") members_.short_stamp = true;
    return true;
}

bool MemberReader::take(const JsonValue& value, int depth) {
    if (depth == 0) return fail(DropCause::not_object);
    if (depth != 1 || !current_) return true;
    JsonValue& member = value_of(*current_);
    // Two spellings of one member in one object contradict each other.
    if (member.kind != JsonValue::Kind::absent) return fail(DropCause::duplicate_member);
    member = value;
    return true;
}

/// A mark that is given twice is none; so is one that is no whole number.
void MemberReader::take_mark(std::string_view number) {
    std::uint64_t value = 0;
    const char* const end = number.data() + number.size();
    const auto parsed = std::from_chars(number.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return;
    const auto take = [&](std::uint64_t& mark) {
        mark = mark == 0 ? value : std::numeric_limits<std::uint64_t>::max();
    };
    if (inner_name_ == "part") take(members_.part_number);
    if (inner_name_ == "parts") take(members_.part_count);
    if (inner_name_ == "window") take(members_.window);
    if (inner_name_ == "receipt") take(members_.receipt_us);
}

void MemberReader::take_text_mark(std::string_view text) {
    const auto take = [&](std::string_view& mark) { mark = mark.empty() ? text : "given twice"; };
    if (inner_name_ == "also") take(members_.also);
    if (inner_name_ == "is") take(members_.receipt_word);
}

}  // namespace p2pd
