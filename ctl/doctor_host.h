// ctl: what may be wrong with this host: facts in, findings out. Includes std and common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/control_protocol.h"
#include "ctl/doctor.h"
#include "ctl/service_manager.h"

namespace p2pd {

/// Of somebody who may not open the control socket.
struct Access {
    std::string socket;
    std::string user;
    std::string group;    ///< that may open it
    bool member = false;  ///< by the database of groups
    bool active = false;  ///< this login has it
};
Finding denied_finding(const Access& access);

/// Of a p2pd that cannot be reached.
struct Down {
    std::string socket;
    bool socket_exists = false;
    std::string hint;  ///< how to start it
    std::optional<UnitEnd> unit;
};
Finding down_finding(const Down& down);

/// An address of the configuration, and what binding it says: an errno, or 0.
struct Binding {
    std::string endpoint;
    int error = 0;
};
Findings port_findings(const std::vector<Binding>& bindings);

/// Of the p2pd that runs. `bindings` say whether the host has the addresses that it listens on.
Findings running_findings(const StatusResult& status, const std::optional<UnitState>& unit,
                          const std::vector<Binding>& bindings);

/// Room for p2pd's user on the disk of the folder.
Finding disk_finding(const std::string& folder, std::uint64_t free_bytes);

}  // namespace p2pd
