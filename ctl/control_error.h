// ctl: every failure that p2pctl reports, as one exception. Includes std and common.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "common/control_protocol.h"

namespace p2pd {

// Failures that p2pctl finds by itself; those of the daemon are in common/control_protocol.h.
inline constexpr ErrorKind error_usage{"usage", 0, ExitCode::usage};
inline constexpr ErrorKind error_not_running{"daemon_not_running", 0, ExitCode::daemon_not_running};
inline constexpr ErrorKind error_no_answer{"no_answer", 0, ExitCode::daemon_not_running};
inline constexpr ErrorKind error_protocol{"protocol_mismatch", 0, ExitCode::protocol_mismatch};
inline constexpr ErrorKind error_unknown_host{"unknown_host", 0, ExitCode::unknown_host};
inline constexpr ErrorKind error_io{"io_error", 0, ExitCode::io};
inline constexpr ErrorKind error_nothing_found{"nothing_found", 0, ExitCode::negative};
inline constexpr ErrorKind error_denied{"not_permitted", 0, ExitCode::not_permitted};

/// What went wrong, what to do about it, and the exit code that says so.
class ControlError : public std::runtime_error {
public:
    ControlError(const ErrorKind& kind, const std::string& message, std::string hint = {})
        : ControlError(std::string(kind.code), kind.exit, message, std::move(hint)) {}
    ControlError(std::string code, ExitCode exit, const std::string& message, std::string hint)
        : std::runtime_error(message),
          code_(std::move(code)),
          hint_(std::move(hint)),
          exit_(exit) {}

    const std::string& code() const { return code_; }
    const std::string& hint() const { return hint_; }
    ExitCode exit() const { return exit_; }
    bool is(const ErrorKind& kind) const { return code_ == kind.code; }

private:
    std::string code_;
    std::string hint_;
    ExitCode exit_;
};

/// The connection ended before everything asked was answered: asking again may help.
class ConnectionLost : public ControlError {
public:
    using ControlError::ControlError;
};

}  // namespace p2pd
