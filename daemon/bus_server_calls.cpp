// bus_server: calls, from their message to their reply. Includes std, sd-bus, common.
#include <cerrno>
#include <new>
#include <utility>

#include "daemon/bus_methods.h"
#include "daemon/bus_server.h"
#include "daemon/bus_values.h"

namespace p2pd {

namespace {

constexpr std::size_t calls_max = 1024;
constexpr std::size_t subscribers_max = 64;
constexpr std::size_t collected_max = 20'000;

}  // namespace

void BusServer::reply_error(sd_bus_message& message, std::string_view code,
                            const std::string& what) {
    const std::string name = bus_error_name(code);
    const sd_bus_error error{name.c_str(), what.c_str(), 0};
    bus_check(bus_library().reply_method_error(&message, &error));
}

void BusServer::begin(sd_bus_message& message) {
    if (calls_.size() >= calls_max) {
        return reply_error(message, error_too_many_clients.code,
                           "there are " + std::to_string(calls_max) + " calls already; try again");
    }
    const BusMethod* const method = find_bus_method(bus_library().message_get_member(&message));
    try {
        Json params = method->params(message);
        const std::uint64_t id = ++last_id_;
        Call& call =
            calls_
                .emplace(id, Call{this, id, BusMessage(bus_library().message_ref(&message)), method,
                                  nullptr, std::move(params)})
                .first->second;
        ask_for_credentials(call);
    } catch (const FieldError& error) {
        reply_error(message, error_params.code, error.what());
    }
}

/// Who calls, as the bus says it: sd-bus would wait for the answer.
void BusServer::ask_for_credentials(Call& call) {
    sd_bus_slot* slot = nullptr;
    const auto came = [](sd_bus_message* reply, void* data, sd_bus_error* /*error*/) {
        Call& asking = *static_cast<Call*>(data);
        try {
            asking.server->credentials_came(asking, *reply);
            return 1;
        } catch (const BusFailure& failure) {
            return failure.result();
        } catch (const std::bad_alloc&) {
            return -ENOMEM;
        }
    };
    const int result = bus_library().call_method_async(
        connection_.get(), &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
        "org.freedesktop.DBus", "GetConnectionUnixUser", came, &call, "s",
        bus_library().message_get_sender(call.message.get()));
    call.credentials.reset(slot);
    if (result < 0) {
        calls_.erase(call.id);
        throw BusFailure(result);
    }
}

void BusServer::credentials_came(Call& call, sd_bus_message& reply) {
    std::uint32_t uid = 0;
    if (bus_library().message_is_method_error(&reply, nullptr) > 0 ||
        bus_library().message_read(&reply, "u", &uid) < 0) {
        return fail(call, error_not_permitted.code, "the bus does not say who calls");
    }
    call.uid = uid;
    ask(call);
}

void BusServer::ask(Call& call) {
    const std::string line = request_line(call.id, call.method->control_method, call.params);
    // The answer may come within, and end the call.
    if (line.size() <= control_line_bytes_max) return hooks_.ask(call.uid, line);
    fail(call, error_line_too_long.code, "the arguments are longer than 1048576 bytes");
}

void BusServer::fail(Call& call, std::string_view code, const std::string& what) {
    const auto ended = calls_.extract(call.id);
    reply_error(*ended.mapped().message, code, what);
}

void BusServer::finish(Call& call, const Json& answer) {
    try {
        if (const auto error = answer.find("error"); error != answer.end()) {
            const Json& data = error->at("data");
            std::string what = error->at("message").get<std::string>();
            if (data.contains("hint")) what += "; " + data.at("hint").get<std::string>();
            return fail(call, data.at("code").get<std::string>(), what);
        }
        const Json& result = answer.at("result");
        if (call.method->paged.empty()) return reply(call, result);
        collect(call, result);
    } catch (const BusFailure& failure) {
        connection_.give_up(failure.what());
    }
}

/// One more page of a method that gives all.
void BusServer::collect(Call& call, const Json& result) {
    for (const Json& each : result.at(call.method->paged)) call.collected.push_back(each);
    if (!result.at("more").get<bool>()) return reply(call, call.collected);
    if (call.collected.size() >= collected_max) {
        return fail(call, error_internal.code,
                    "there are too many for one answer; the control socket gives pages");
    }
    call.params["after"] = call.collected.back().at("address");
    ask(call);
}

void BusServer::reply(Call& call, const Json& result) {
    const auto ended = calls_.extract(call.id);
    const Call& done = ended.mapped();
    sd_bus_message* made = nullptr;
    bus_check(bus_library().message_new_method_return(done.message.get(), &made));
    const BusMessage reply(made);
    done.method->append(*made, result);
    bus_check(bus_library().send(connection_.get(), made, nullptr));
}

void BusServer::subscribe(sd_bus_message& message, bool on) {
    const std::string caller = bus_library().message_get_sender(&message);
    if (!on) {
        subscribers_.erase(caller);
    } else if (subscribers_.size() < subscribers_max || subscribers_.contains(caller)) {
        subscribers_.insert(caller);
    } else {
        return reply_error(message, error_too_many_clients.code,
                           "there are " + std::to_string(subscribers_max) + " subscribers already");
    }
    bus_check(bus_library().reply_method_return(&message, nullptr));
}

}  // namespace p2pd
