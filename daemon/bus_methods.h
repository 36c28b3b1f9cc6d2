// bus_server: the interface org.p2pd1.Manager as a table. Includes std, sd-bus, common.
#pragma once

#include <string_view>

#include "common/json_fields.h"
#include "daemon/bus_handles.h"

namespace p2pd {

inline constexpr const char* bus_name = "org.p2pd1";
inline constexpr const char* bus_path = "/org/p2pd1";
inline constexpr const char* bus_interface = "org.p2pd1.Manager";

/// A method that is one of the control protocol's.
struct BusMethod {
    std::string_view name;
    std::string_view control_method;
    /// Throws BusFailure and FieldError.
    Json (*params)(sd_bus_message& message);
    /// What the control method's result becomes. Throws BusFailure.
    void (*append)(sd_bus_message& reply, const Json& result);
    /// Of a method that asks for page after page: the result's list; after the last one's address.
    std::string_view paged = {};
};

/// Null: none of that name, or one of the bus's own.
const BusMethod* find_bus_method(std::string_view name);

/// `code` of the control protocol: unknown_message is org.p2pd1.Error.UnknownMessage.
std::string bus_error_name(std::string_view code);

}  // namespace p2pd
