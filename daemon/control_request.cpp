// daemon: a line of a control client, read. Includes std, simdjson, common.
#include "daemon/control_request.h"

#include <algorithm>
#include <new>

namespace p2pd {

namespace {

/// JSON that is deeper would overflow the stack where it becomes a tree.
constexpr std::size_t depth_max = 32;
constexpr std::size_t usual_bytes_max = std::size_t{64} * 1024;

constexpr ControlRequestProblem no_json{
    error_parse, "the line is not JSON (UTF-8, at most 32 deep, whole numbers of at most 64 bits)",
    R"(one object a line, such as {"jsonrpc":"2.0","id":1,"method":"status"})"};
constexpr ControlRequestProblem no_request{
    error_request,
    "a request is an object with \"method\" (a text) and \"id\" (a text or a whole number)",
    {}};

bool is_id(const LineJson& id) {
    return id.is_null() || id.is_string() || id.is_number_integer();
}

RequestId request_id(const LineJson& id) {
    RequestId request_id{{}};
    if (id.is_string()) {
        append_json(request_id.json, id.get<std::string>());
    } else if (id.is_number_unsigned()) {
        append_json(request_id.json, id.get<std::uint64_t>());
    } else if (id.is_number_integer()) {
        append_json(request_id.json, id.get<std::int64_t>());
    } else {
        append_json(request_id.json, nullptr);
    }
    return request_id;
}

}  // namespace

std::optional<LineJson> find_member(const LineJson& json, std::string_view name) {
    std::optional<LineJson> found;
    for (const auto& [key, value] : json.object()) {
        if (key == name) found.emplace(value);
    }
    return found;
}

std::vector<std::string> member_names(const LineJson& json) {
    std::vector<std::string> names;
    for (const auto& member : json.object()) names.emplace_back(member.key);
    return names;
}

Json tree_of(const LineJson& json) {
    return Json::parse(simdjson::to_string(json.element_));
}

ControlRequestReader::ControlRequestReader() {
    make_room(usual_bytes_max);
    constexpr std::string_view none = "{}";
    parser_.parse_into_document(no_params_, none.data(), none.size()).value();
}

std::variant<ControlRequest, ControlRequestProblem> ControlRequestReader::read(
    std::string_view line) {
    if (line.empty()) return no_json;  // simdjson would copy from no address
    make_room(line.size());
    simdjson::dom::element document;
    if (parser_.parse(line.data(), line.size()).get(document) != simdjson::SUCCESS) return no_json;
    const LineJson json(document);
    if (!json.is_object()) return no_request;
    const auto method = find_member(json, "method");
    const auto id = find_member(json, "id");
    if (!method || !method->is_string() || (id && !is_id(*id))) return no_request;
    ControlRequest request{{},
                           method->get<std::string_view>(),
                           find_member(json, "params").value_or(LineJson(no_params_.root()))};
    if (id) request.id = request_id(*id);
    return request;
}

/// What a long line took is given back by the next one.
void ControlRequestReader::make_room(std::size_t bytes) {
    const std::size_t wanted = std::max(bytes, usual_bytes_max);
    if (parser_.capacity() == wanted) return;
    parser_ = simdjson::dom::parser();
    // simdjson counts the document as one.
    const auto error = parser_.allocate(wanted, depth_max + 1);
    if (error != simdjson::SUCCESS) throw std::bad_alloc{};
}

}  // namespace p2pd
