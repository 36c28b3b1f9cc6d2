// ctl: what systemd knows of the daemon's unit. Includes std and common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/json_fields.h"
#include "common/time_text.h"

namespace p2pd {

struct UnitState {
    std::string unit;   ///< `p2pd.service`
    std::string state;  ///< `active`, `reloading`, …
    UtcTime since;      ///< when it became active
    std::uint32_t restarts = 0;
    static constexpr auto fields =
        std::make_tuple(Field{"unit", &UnitState::unit}, Field{"state", &UnitState::state},
                        Field{"since", &UnitState::since}, Field{"restarts", &UnitState::restarts});
};

/// What is left of a service whose process may be gone.
struct UnitEnd {
    std::string unit;
    std::string state;           ///< `failed`, `inactive`, `activating`, …
    std::int32_t exit_code = 0;  ///< of its last process
};

/// Empty without systemd, without a bus, and for a unit that is not loaded.
std::optional<UnitEnd> unit_end(const std::string& unit, bool of_user);

/// Of the service that the process belongs to. Empty without systemd, without a bus, and for a
/// process that is no service; a bus that does not answer is given a second for each question.
std::optional<UnitState> unit_state(std::int64_t pid);

}  // namespace p2pd
