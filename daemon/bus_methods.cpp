// bus_server: the interface org.p2pd1.Manager as a table. Includes std, sd-bus, common.
#include "daemon/bus_methods.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "common/control_protocol.h"
#include "daemon/bus_values.h"

namespace p2pd {

namespace {

/// The options of a call stand beside its arguments, which must not be given twice.
Json with_options(sd_bus_message& message, Json params) {
    const Json options = read_options(message);
    for (const auto& [name, value] : options.items()) {
        if (params.contains(name)) throw FieldError("\"" + name + "\": is an argument already");
        params[name] = value;
    }
    return params;
}

Json send_params(sd_bus_message& message) {
    Json params{{"peer", read_text(message)}};
    params["text"] = read_text(message);
    return with_options(message, std::move(params));
}

Json reply_params(sd_bus_message& message) {
    Json params{{"id", read_id(message)}};
    params["text"] = read_text(message);
    return with_options(message, std::move(params));
}

Json list_params(sd_bus_message& message) {
    return read_options(message);
}

Json id_params(sd_bus_message& message) {
    return {{"ids", Json::array({read_id(message)})}};
}

Json mark_params(sd_bus_message& message) {
    Json params{{"ids", read_ids(message, ids_max)}};
    params["read"] = read_truth(message);
    return params;
}

Json page_params(sd_bus_message& /*message*/) {
    return {{"limit", page_messages_max}};
}

Json no_params(sd_bus_message& /*message*/) {
    return Json::object();
}

void append_nothing(sd_bus_message& /*reply*/, const Json& /*result*/) {}

void append_id(sd_bus_message& reply, const Json& result) {
    bus_check(bus_library().message_append(&reply, "t", result.at("id").get<std::uint64_t>()));
}

void append_messages(sd_bus_message& reply, const Json& result) {
    append_dictionaries(reply, result.at("messages"));
}

void append_message(sd_bus_message& reply, const Json& result) {
    append_dictionary(reply, result.at("messages").at(0));
}

constexpr BusMethod methods[] = {
    {"Send", "send", send_params, append_id},
    {"Reply", "reply", reply_params, append_id},
    {"ListMessages", "list", list_params, append_messages},
    {"GetMessage", "get", id_params, append_message},
    {"MarkRead", "mark", mark_params, append_nothing},
    {"Retry", "retry", id_params, append_nothing},
    {"Cancel", "cancel", id_params, append_nothing},
    {"ListPeers", "peers.list", page_params, append_dictionaries, "peers"},
    {"Reload", "reload", no_params, append_nothing},
};

}  // namespace

const BusMethod* find_bus_method(std::string_view name) {
    const auto* const found =
        std::find_if(std::begin(methods), std::end(methods),
                     [name](const BusMethod& method) { return method.name == name; });
    return found == std::end(methods) ? nullptr : found;
}

std::string bus_error_name(std::string_view code) {
    std::string name = "org.p2pd1.Error.";
    bool begins_word = true;
    for (const char c : code) {
        if (c != '_') name += begins_word ? static_cast<char>(std::toupper(c)) : c;
        begins_word = c == '_';
    }
    return name;
}

}  // namespace p2pd
