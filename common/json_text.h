// common: values appended as JSON text, without a tree in between. Includes std, nlohmann, common.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "common/json_fields.h"
#include "common/time_text.h"

namespace p2pd {

/// Writes `value` behind `out` as write_fields() and dump() would, byte for byte: what has a table
/// of fields, and all that such a table may hold. Other types have an overload of their own. What
/// is not UTF-8 in a text becomes U+FFFD.
template <class T>
void append_json(std::string& out, const T& value);

/// An object, to which members are added one by one; end() comes last.
class ObjectText {
public:
    explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }

    /// `name` must need no escapes.
    template <class T>
    void operator()(std::string_view name, const T& value) {
        if (out_.back() != '{') out_ += ',';
        out_ += '"';
        out_ += name;
        out_ += "\":";
        append_json(out_, value);
    }
    void end() { out_ += '}'; }

private:
    std::string& out_;
};

namespace json_text_detail {

void append_text(std::string& out, std::string_view text);
/// What needs no escapes.
inline void append_plain(std::string& out, std::string_view text) {
    out += '"';
    out += text;
    out += '"';
}
void append_number(std::string& out, std::int64_t value);
void append_number(std::string& out, std::uint64_t value);
/// By nlohmann, which writes whatever there is.
void append_dump(std::string& out, const Json& value);

template <class Vector>
void append_array(std::string& out, const Vector& elements) {
    out += '[';
    for (const auto& element : elements) {
        if (out.back() != '[') out += ',';
        append_json(out, element);
    }
    out += ']';
}

template <HasFields T>
void append_object(std::string& out, const T& object) {
    ObjectText text(out);
    std::apply([&](const auto&... field) { (text(field.name, object.*(field.member)), ...); },
               T::fields);
    text.end();
}

}  // namespace json_text_detail

template <class T>
void append_json(std::string& out, const T& value) {
    using namespace json_text_detail;
    if constexpr (IsOptional<T>::value) {
        if (value) return append_json(out, *value);
        out += "null";
    } else if constexpr (IsVector<T>::value) {
        append_array(out, value);
    } else if constexpr (HasFields<T>) {
        append_object(out, value);
    } else if constexpr (NamedEnum<T>) {
        append_plain(out, enum_name(value));
    } else if constexpr (std::is_same_v<T, UtcTime>) {
        out += '"';
        append_rfc3339(out, value);
        out += '"';
    } else if constexpr (std::is_same_v<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (std::signed_integral<T>) {
        append_number(out, std::int64_t{value});
    } else if constexpr (std::unsigned_integral<T>) {
        append_number(out, std::uint64_t{value});
    } else if constexpr (std::is_same_v<T, Json> || std::is_floating_point_v<T> ||
                         std::is_null_pointer_v<T>) {
        append_dump(out, value);
    } else {
        append_text(out, value);
    }
}

}  // namespace p2pd
