// ctl: what the doctor looks at on this host by itself. Includes std, POSIX and common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ctl/doctor_host.h"

namespace p2pd {

/// Who asks, and whose the socket is; where it cannot be looked at, whose its folder is.
Access access_to(const std::string& socket);

/// Tries to bind each, and lets go of it at once. With `any_port` only the addresses are tried.
std::vector<Binding> try_binding(const std::vector<std::string>& endpoints, bool any_port);

/// Left for ordinary users on the disk of the folder, or of the nearest one above that exists.
std::optional<std::uint64_t> free_bytes(const std::string& folder);

}  // namespace p2pd
