// daemon: a line of a control client, read; part of control_server. Includes std, common.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/control_protocol.h"

namespace p2pd {

struct ControlRequest {
    std::optional<RequestId> id;  ///< empty: a notification, which gets no answer
    std::string method;
    Json params;
};

/// Why a line is no request, in the words of its answer.
struct ControlRequestProblem {
    const ErrorKind& kind;
    std::string_view what;
    std::string_view hint;
};

/// Reads one line without its end; whatever is in it.
std::variant<ControlRequest, ControlRequestProblem> read_control_request(std::string_view line);

}  // namespace p2pd
