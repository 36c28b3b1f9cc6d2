// daemon: a line of a control client, read. Includes std, common.
#include "daemon/control_request.h"

namespace p2pd {

namespace {

/// JSON that is too deep would overflow the stack when it is copied.
bool too_deep(std::string_view line) {
    constexpr int depth_max = 32;
    int depth = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (in_text) {
            if (c == '\\') ++i;
            if (c == '"') in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '[' || c == '{') {
            if (++depth > depth_max) return true;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return false;
}

bool is_request(const Json& json) {
    if (!json.is_object()) return false;
    const auto method = json.find("method");
    if (method == json.end() || !method->is_string()) return false;
    const auto id = json.find("id");
    return id == json.end() || id->is_null() || id->is_string() || id->is_number_integer();
}

constexpr ControlRequestProblem no_json{
    error_parse, "the line is not JSON (UTF-8, at most 32 deep)",
    R"(one object a line, such as {"jsonrpc":"2.0","id":1,"method":"status"})"};
constexpr ControlRequestProblem no_request{
    error_request,
    "a request is an object with \"method\" (a text) and \"id\" (a text or a whole number)",
    {}};

}  // namespace

std::variant<ControlRequest, ControlRequestProblem> read_control_request(std::string_view line) {
    if (too_deep(line)) return no_json;
    Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded()) return no_json;
    if (!is_request(json)) return no_request;
    ControlRequest request{{}, json["method"].get<std::string>(), Json::object()};
    if (json.contains("id")) request.id = RequestId{json["id"].dump()};
    if (json.contains("params")) request.params = std::move(json["params"]);
    return request;
}

}  // namespace p2pd
