// ctl: results as JSON Lines. Includes std and common.
#include "ctl/output_json.h"

namespace p2pd {

std::string json_line(std::string_view type, const Json& members) {
    Json json{{"v", 1}, {"type", type}};
    if (members.is_object()) {
        for (const auto& [name, value] : members.items()) json[name] = value;
    }
    return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string error_json_line(const ControlError& error) {
    const Json hint = error.hint().empty() ? Json(nullptr) : Json(error.hint());
    return json_line("error", Json{{"code", error.code()},
                                   {"message", error.what()},
                                   {"hint", hint},
                                   {"exit", static_cast<int>(error.exit())}});
}

}  // namespace p2pd
