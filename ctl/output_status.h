// ctl: the daemon's state and settings as text for people. Includes std and common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/control_protocol.h"
#include "ctl/output_human.h"
#include "ctl/service_manager.h"

namespace p2pd {

/// `1.5 MiB`
std::string bytes_text(std::uint64_t bytes);

/// With what systemd knows of its unit, if it is one.
std::string status_text(const StatusResult& status, const std::optional<UnitState>& unit,
                        const Style& style);
/// `key = value  # source`, aligned; can be used as a configuration file.
std::string config_text(const ConfigResult& config);
std::string reload_text(const ReloadResult& result);

}  // namespace p2pd
