// tests/reference: reading datagrams by nlohmann's SAX parser. Includes std, core, nlohmann.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "daemon/core/codec.h"

namespace p2pd::reference {

inline constexpr int depth_max = 16;
inline constexpr std::size_t members_max = 64;

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
inline constexpr MemberName member_names[] = {
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
    std::uint64_t receipt_us = 0;
    std::string also;
    std::string receipt_word;

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
        if (depth_ == 2 && current_ == Member::p2pd) {
            take_text(inner_key_ == "also" ? &also : nullptr, value);
            take_text(inner_key_ == "is" ? &receipt_word : nullptr, value);
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
        inner_key_.clear();
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
    static void take_text(std::string* mark, const std::string& value) {
        if (mark != nullptr) *mark = mark->empty() ? value : "given twice";
    }
    void take_extension(std::uint64_t value) {
        if (inner_key_ == "receipt") take_mark(receipt_us, value);
        if (inner_key_ == "window") take_mark(window, value);
        if (inner_key_ == "part") take_mark(part_number, value);
        if (inner_key_ == "parts") take_mark(part_count, value);
    }

    int depth_ = 0;
    std::optional<Member> current_;
    std::string inner_key_;
    std::set<std::string> names_;
};

}  // namespace p2pd::reference
