// common: one table of fields per type, read and written as JSON objects. Includes std, nlohmann.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/time_text.h"

namespace p2pd {

using Json = nlohmann::ordered_json;

/// A member that is missing, unknown, of the wrong type or out of range. The text names the
/// member and says what is allowed.
class FieldError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// One member of a JSON object: its name, where it lives, and whether it may be left out.
/// std::optional members are always optional: absent or null is empty, and empty is written null.
template <class Owner, class Value>
struct Field {
    constexpr Field(std::string_view field_name, Value Owner::*field_member,
                    bool is_required = true, std::string_view about = {})
        : name(field_name), member(field_member), required(is_required), description(about) {}

    std::string_view name;
    Value Owner::*member;
    bool required;
    std::string_view description;
};

/// A type with a table of fields: `static constexpr auto fields = std::make_tuple(Field{...},
/// ...)`.
template <class T>
concept HasFields = requires {
    T::fields;
};

/// An enumeration with names: `constexpr auto enum_names(E) -> std::array<std::pair<E,
/// string_view>>`.
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E e) {
    enum_names(e);
};

template <NamedEnum E>
constexpr std::string_view enum_name(E value) {
    for (const auto& [candidate, name] : enum_names(value)) {
        if (candidate == value) return name;
    }
    return {};
}

template <NamedEnum E>
constexpr std::optional<E> enum_value(std::string_view name) {
    for (const auto& [candidate, candidate_name] : enum_names(E{})) {
        if (candidate_name == name) return candidate;
    }
    return std::nullopt;
}

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

/// What read_fields() asks of an object: the member of that name, or nothing.
inline const Json* find_member(const Json& json, std::string_view name) {
    const auto found = json.find(name);
    return found == json.end() ? nullptr : &*found;
}
std::vector<std::string> member_names(const Json& json);
inline const Json& tree_of(const Json& json) {
    return json;
}

template <HasFields T, class Source>
void read_fields(const Source& json, T& object, std::string_view where = "params");
template <HasFields T>
Json write_fields(const T& object);

namespace json_fields_detail {

[[noreturn]] void fail(std::string_view name, const std::string& allowed);

template <NamedEnum E, class Source>
E read_enum(const Source& json, std::string_view name) {
    if (json.is_string()) {
        const auto value = enum_value<E>(json.template get<std::string>());
        if (value) return *value;
    }
    std::string allowed;
    for (const auto& [value, value_name] : enum_names(E{})) {
        allowed += (allowed.empty() ? "" : ", ") + std::string(value_name);
    }
    fail(name, "must be one of: " + allowed);
}

template <std::integral I, class Source>
I read_integer(const Source& json, std::string_view name) {
    // get<I>() would convert silently: 70000 to 4464, true to 1, 80.9 to 80.
    using Limits = std::numeric_limits<I>;
    if (json.is_number_unsigned()) {
        const auto value = json.template get<std::uint64_t>();
        if (std::in_range<I>(value)) return static_cast<I>(value);
    } else if (json.is_number_integer()) {
        const auto value = json.template get<std::int64_t>();
        if (std::in_range<I>(value)) return static_cast<I>(value);
    }
    fail(name, "must be a whole number from " + std::to_string(Limits::min()) + " to " +
                   std::to_string(Limits::max()));
}

template <class Source, class T>
void read_value(const Source& json, T& value, std::string_view name) {
    if constexpr (IsOptional<T>::value) {
        if (json.is_null()) {
            value.reset();
            return;
        }
        read_value(json, value.emplace(), name);
    } else if constexpr (IsVector<T>::value) {
        if (!json.is_array()) fail(name, "must be an array");
        value.clear();
        for (const auto& element : json) read_value(element, value.emplace_back(), name);
    } else if constexpr (std::is_same_v<T, Json>) {
        value = tree_of(json);
    } else if constexpr (std::is_same_v<T, UtcTime>) {
        const auto time = json.is_string() ? parse_rfc3339(json.template get<std::string>())
                                           : std::optional<UtcTime>{};
        if (!time) fail(name, "must be a time such as \"2026-11-22T10:31:00.123456Z\"");
        value = *time;
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (!json.is_string()) fail(name, "must be a text");
        value = json.template get<std::string>();
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!json.is_boolean()) fail(name, "must be true or false");
        value = json.template get<bool>();
    } else if constexpr (std::is_floating_point_v<T>) {
        if (!json.is_number()) fail(name, "must be a number");
        value = json.template get<T>();
    } else if constexpr (std::is_integral_v<T>) {
        value = read_integer<T>(json, name);
    } else if constexpr (NamedEnum<T>) {
        value = read_enum<T>(json, name);
    } else {
        read_fields(json, value, name);
    }
}

template <class T>
Json write_value(const T& value) {
    if constexpr (IsOptional<T>::value) {
        return value ? write_value(*value) : Json(nullptr);
    } else if constexpr (IsVector<T>::value) {
        Json array = Json::array();
        for (const auto& element : value) array.push_back(write_value(element));
        return array;
    } else if constexpr (std::is_same_v<T, UtcTime>) {
        return to_rfc3339(value);
    } else if constexpr (NamedEnum<T>) {
        return std::string(enum_name(value));
    } else if constexpr (HasFields<T>) {
        return write_fields(value);
    } else {
        return Json(value);
    }
}

template <class T>
std::string type_name() {
    if constexpr (IsOptional<T>::value) {
        return type_name<typename T::value_type>();
    } else if constexpr (IsVector<T>::value) {
        return "array of " + type_name<typename T::value_type>();
    } else if constexpr (std::is_same_v<T, UtcTime>) {
        return "time";
    } else if constexpr (std::is_same_v<T, bool>) {
        return "boolean";
    } else if constexpr (std::is_integral_v<T>) {
        return "integer";
    } else if constexpr (std::is_floating_point_v<T>) {
        return "number";
    } else if constexpr (std::is_same_v<T, std::string> || NamedEnum<T>) {
        return "text";
    } else {
        return "object";
    }
}

template <HasFields T>
std::vector<std::string_view> names_of_fields() {
    std::vector<std::string_view> names;
    std::apply([&](const auto&... field) { (names.push_back(field.name), ...); }, T::fields);
    return names;
}

/// Throws FieldError for the first of `names` that is not allowed.
void reject_others(std::span<const std::string> names, std::span<const std::string_view> allowed);

/// An entry of describe_fields().
Json describe_field(std::string_view name, const std::string& type, bool required,
                    std::string_view description);

}  // namespace json_fields_detail

/// Reads `json` into `object`. Throws FieldError for anything that the table does not allow,
/// unknown members included. `where` names the object in the error. `Source` is Json, or has its
/// is_...(), get(), size() and iterators, and find_member(), member_names() and tree_of().
template <HasFields T, class Source>
void read_fields(const Source& json, T& object, std::string_view where) {
    if (!json.is_object()) json_fields_detail::fail(where, "must be an object");
    std::size_t used = 0;
    const auto read_one = [&](const auto& field) {
        using Value = std::remove_reference_t<decltype(object.*(field.member))>;
        if (const auto found = find_member(json, field.name)) {
            ++used;
            json_fields_detail::read_value(*found, object.*(field.member), field.name);
        } else if (field.required && !IsOptional<Value>::value) {
            json_fields_detail::fail(field.name, "is missing");
        }
    };
    std::apply([&](const auto&... field) { (read_one(field), ...); }, T::fields);
    if (used < json.size()) {
        json_fields_detail::reject_others(member_names(json),
                                          json_fields_detail::names_of_fields<T>());
    }
}

/// `object` as JSON, members in the order of the table.
template <HasFields T>
Json write_fields(const T& object) {
    Json json = Json::object();
    std::apply(
        [&](const auto&... field) {
            ((json[std::string(field.name)] =
                  json_fields_detail::write_value(object.*(field.member))),
             ...);
        },
        T::fields);
    return json;
}

/// The table itself as JSON, for `rpc.discover`: name, type, required, description.
template <HasFields T>
Json describe_fields() {
    Json list = Json::array();
    const auto describe_one = [&](const auto& field) {
        using Value = std::remove_reference_t<decltype(std::declval<T&>().*(field.member))>;
        list.push_back(json_fields_detail::describe_field(
            field.name, json_fields_detail::type_name<Value>(),
            field.required && !IsOptional<Value>::value, field.description));
    };
    std::apply([&](const auto&... field) { (describe_one(field), ...); }, T::fields);
    return list;
}

}  // namespace p2pd
