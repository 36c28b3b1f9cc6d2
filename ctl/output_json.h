// ctl: results as JSON Lines. Includes std and common.
#pragma once

#include <string>
#include <string_view>

#include "common/control_protocol.h"
#include "ctl/control_error.h"

namespace p2pd {

/// One line `{"v":1,"type":…, members…}`. ASCII only, so that no terminal does anything with it;
/// invalid UTF-8 is replaced.
std::string json_line(std::string_view type, const Json& members);

/// The line of type `error`.
std::string error_json_line(const ControlError& error);

}  // namespace p2pd
