// daemon: what several control methods ask of their parameters. Includes std, core, common.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "common/config.h"
#include "daemon/core/time.h"

namespace p2pd {

// Each throws ControlFailure, and says which parameter is wrong and what is allowed.

/// `name`: of the parameter.
void check_text(const std::string& text, std::size_t bytes_max, const std::string& name);
Duration expiry(const std::optional<std::uint32_t>& expires_s, const Config& config);
/// Empty: none is given.
std::string checked_request_id(const std::optional<std::string>& request_id);
std::chrono::milliseconds checked_timeout(std::uint32_t timeout_ms);

}  // namespace p2pd
