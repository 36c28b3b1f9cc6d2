// bus_server: values of the bus as JSON, and back. Includes std, sd-bus, common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/json_fields.h"
#include "daemon/bus_handles.h"

namespace p2pd {

/// What follows in `message`, whose type the method's signature has settled. Throw BusFailure.
std::string read_text(sd_bus_message& message);
std::uint64_t read_id(sd_bus_message& message);
bool read_truth(sd_bus_message& message);
/// `at`; of more than `most` only one more is taken, so that whoever counts them sees it.
Json read_ids(sd_bus_message& message, std::size_t most);
/// `a{sv}` of texts, truths and numbers. Throws FieldError for any other type.
Json read_options(sd_bus_message& message);

/// `object` as `a{sv}`: texts as s, truths as b, numbers as t, those below zero as x, others as d.
/// Members that are null are left out, as D-Bus has no null; characters that it does not take
/// become U+FFFD. Throw BusFailure.
void append_dictionary(sd_bus_message& message, const Json& object);
/// `aa{sv}`.
void append_dictionaries(sd_bus_message& message, const Json& objects);
/// `as`.
void append_texts(sd_bus_message& message, const std::vector<std::string>& texts);

}  // namespace p2pd
