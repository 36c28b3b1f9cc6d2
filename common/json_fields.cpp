// common: what the tables of fields need whatever their types. Includes std, nlohmann.
#include "common/json_fields.h"

#include <algorithm>

namespace p2pd {

std::vector<std::string> member_names(const Json& json) {
    std::vector<std::string> names;
    for (const auto& [name, value] : json.items()) names.push_back(name);
    return names;
}

namespace json_fields_detail {

void fail(std::string_view name, const std::string& allowed) {
    throw FieldError("\"" + std::string(name) + "\": " + allowed);
}

void reject_others(std::span<const std::string> names, std::span<const std::string_view> allowed) {
    for (const std::string& name : names) {
        if (std::ranges::find(allowed, name) != allowed.end()) continue;
        if (allowed.empty()) fail(name, "is unknown; none is allowed here");
        std::string list;
        for (const std::string_view each : allowed) {
            if (!list.empty()) list += ", ";
            list += each;
        }
        fail(name, "is unknown; allowed: " + list);
    }
}

Json describe_field(std::string_view name, const std::string& type, bool required,
                    std::string_view description) {
    Json entry{{"name", name}, {"type", type}, {"required", required}};
    if (!description.empty()) entry["description"] = description;
    return entry;
}

}  // namespace json_fields_detail

}  // namespace p2pd
