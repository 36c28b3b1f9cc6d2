// tests/fuzz: lines of control clients, and what is answered to them.
#include "daemon/control_request.h"
#include "tests/fuzz/targets.h"

namespace p2pd {

void fuzz_control_line(std::string_view bytes) {
    const auto read = read_control_request(bytes);
    std::string answer;
    if (const auto* problem = std::get_if<ControlRequestProblem>(&read)) {
        answer = error_line({}, problem->kind, problem->what, problem->hint);
    } else {
        const auto& request = std::get<ControlRequest>(read);
        answer = error_line(request.id.value_or(RequestId{}), error_method, request.method, "hint");
    }
    require(answer.ends_with('\n') && answer.find('\n') == answer.size() - 1, "one line");
    require(Json::accept(answer), "the answer is JSON");
}

}  // namespace p2pd
