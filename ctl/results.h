// ctl: the daemon's results read with tolerance for members that a later version adds. Includes
// std and common.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "common/control_protocol.h"
#include "ctl/control_error.h"
#include "ctl/language.h"

namespace p2pd {

namespace results_detail {

template <class T>
struct Element {
    using Type = void;
};
template <class T>
struct Element<std::vector<T>> {
    using Type = T;
};

template <HasFields T>
void read_known(const Json& json, T& object);

template <class Value>
void read_member(const Json& json, Value& value, std::string_view name) {
    using Item = typename Element<Value>::Type;
    if constexpr (HasFields<Item>) {
        if (!json.is_array()) throw FieldError("\"" + std::string(name) + "\": must be an array");
        for (const Json& element : json) read_known(element, value.emplace_back());
    } else {
        json_fields_detail::read_value(json, value, name);
    }
}

template <HasFields T>
void read_known(const Json& json, T& object) {
    if (!json.is_object()) throw FieldError("must be an object");
    const auto read_one = [&](const auto& field) {
        if (const Json* const found = find_member(json, field.name))
            read_member(*found, object.*(field.member), field.name);
    };
    std::apply([&](const auto&... field) { (read_one(field), ...); }, T::fields);
}

}  // namespace results_detail

/// Runs `read` and turns what the daemon should not have sent into a ControlError.
template <class Read>
auto checked_result(const Read& read) {
    try {
        return read();
    } catch (const FieldError& error) {
        throw ControlError(
            error_protocol,
            tr("p2pd gave a result that p2pctl does not understand: {1}", error.what()));
    }
}

/// A result of the daemon as its type. Fields are only ever added, so unknown ones are skipped.
template <HasFields T>
T parse_result(const Json& json) {
    return checked_result([&] {
        T object;
        results_detail::read_known(json, object);
        return object;
    });
}

inline MessagesResult parse_messages(const Json& json) {
    return checked_result([&] { return parse_messages_result(json); });
}

inline MessageRecord parse_message(const Json& json) {
    return checked_result([&] { return parse_message_json(json); });
}

}  // namespace p2pd
