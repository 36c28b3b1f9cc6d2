// tests/fuzz: lines of control clients, read as nlohmann reads them, and what is answered to them.
#include <algorithm>

#include "daemon/control_request.h"
#include "tests/fuzz/targets.h"

namespace p2pd {

namespace {

/// What simdjson does not take, and nlohmann does, or the daemon does not: a whole number of more
/// than 64 bits, a byte order mark, a zero byte for the end, and what is too deep.
bool may_differ(std::string_view line) {
    constexpr std::size_t digits_max = 18;
    constexpr std::ptrdiff_t depth_max = 32;
    std::size_t digits = 0;
    for (const char c : line) {
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (digits > digits_max) return true;
    }
    const auto opens = [](char c) { return c == '[' || c == '{'; };
    return line.starts_with("\xef\xbb\xbf") || line.find('\0') != std::string_view::npos ||
           std::count_if(line.begin(), line.end(), opens) > depth_max;
}

bool is_request(const Json& json) {
    const Json* const method = json.is_object() ? find_member(json, "method") : nullptr;
    const Json* const id = json.is_object() ? find_member(json, "id") : nullptr;
    return method != nullptr && method->is_string() &&
           (id == nullptr || id->is_null() || id->is_string() || id->is_number_integer());
}

void require_same(const ControlRequest& request, const Json& json) {
    require(is_request(json), "what is a request is one for nlohmann too");
    require(request.method == json["method"].get<std::string>(), "the same method");
    require(request.id.has_value() == json.contains("id"), "an id where there is one");
    if (request.id) require(Json::parse(request.id->json) == json["id"], "the same id");
    const Json params = json.contains("params") ? json["params"] : Json::object();
    require(tree_of(request.params) == params, "the same parameters");
}

/// What is said of the parameters, or what they say.
template <class Params, class Source>
std::string reading(const Source& json) {
    try {
        Params params;
        read_fields(json, params);
        return write_fields(params).dump();
    } catch (const FieldError& error) {
        return error.what();
    }
}

template <class... Params>
void require_same_fields(const LineJson& json) {
    const Json tree = tree_of(json);
    require(((reading<Params>(json) == reading<Params>(tree)) && ...), "the same fields");
}

}  // namespace

void fuzz_control_line(std::string_view bytes) {
    ControlRequestReader reader;
    const auto read = reader.read(bytes);
    const Json json = Json::parse(bytes, nullptr, false);
    std::string answer;
    if (const auto* problem = std::get_if<ControlRequestProblem>(&read)) {
        const bool is_json = problem->kind.code != error_parse.code;
        require(is_json != json.is_discarded() || may_differ(bytes), "JSON is JSON");
        require(!is_json || !is_request(json), "no request is none for nlohmann");
        answer = error_line({}, problem->kind, problem->what, problem->hint);
    } else {
        const auto& request = std::get<ControlRequest>(read);
        require_same(request, json);
        require_same_fields<NoParams, SendParams, SendManyParams, ReplyParams, ListParams,
                            IdsParams, WaitParams, MarkParams, PeerAddParams, ImportParams>(
            request.params);
        answer = error_line(request.id.value_or(RequestId{}), error_method, request.method, "hint");
    }
    require(answer.ends_with('\n') && answer.find('\n') == answer.size() - 1, "one line");
    require(Json::accept(answer), "the answer is JSON");
}

}  // namespace p2pd
