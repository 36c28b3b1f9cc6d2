// bus_server: being on the bus, signals and properties. Includes std, Asio, sd-bus, common.
#include "daemon/bus_server.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "daemon/bus_methods.h"
#include "daemon/bus_values.h"

namespace p2pd {

namespace {

// Signals lag behind in a burst, rather than cost the store more than a page so often.
constexpr std::chrono::milliseconds page_interval{25};
constexpr std::chrono::milliseconds refresh_interval{200};
constexpr std::uint64_t status_id = 0;  // calls count from 1

}  // namespace

/// The interface as sd-bus is told it, and what it calls.
struct BusTable {
    /// sd-bus is C: nothing may be thrown through it.
    template <class Do>
    static int guarded(const Do& action) {
        try {
            action();
            return 1;
        } catch (const BusFailure& failure) {
            return failure.result();
        } catch (const std::bad_alloc&) {
            return -ENOMEM;
        }
    }

    static BusServer& server(void* self) { return *static_cast<BusServer*>(self); }

    static int called(sd_bus_message* message, void* self, sd_bus_error* /*error*/) {
        return guarded([&] { server(self).begin(*message); });
    }
    static int subscribed(sd_bus_message* message, void* self, sd_bus_error* /*error*/) {
        return guarded([&] { server(self).subscribe(*message, true); });
    }
    static int unsubscribed(sd_bus_message* message, void* self, sd_bus_error* /*error*/) {
        return guarded([&] { server(self).subscribe(*message, false); });
    }
    static int property(sd_bus* /*bus*/, const char* /*path*/, const char* /*interface*/,
                        const char* name, sd_bus_message* reply, void* self,
                        sd_bus_error* /*error*/) {
        return guarded([&] { server(self).append_property(name, *reply); });
    }
    static int name_answered(sd_bus_message* reply, void* self, sd_bus_error* /*error*/) {
        return guarded([&] { server(self).name_answered(*reply); });
    }
    /// NameOwnerChanged of a name that has no owner any more.
    static int name_vanished(sd_bus_message* message, void* self, sd_bus_error* /*error*/) {
        return guarded([&] { server(self).subscribers_.erase(read_text(*message)); });
    }

    static sd_bus_vtable vtable[];
};

// The bus and the control methods decide who may call: sd-bus itself would wait for what it asks.
sd_bus_vtable BusTable::vtable[] = {
    // SD_BUS_VTABLE_START, but the address is the library's: opened() puts it there.
    {.type = _SD_BUS_VTABLE_START,
     .flags = 0,
     .x = {.start = {.element_size = sizeof(sd_bus_vtable),
                     .features = _SD_BUS_VTABLE_PARAM_NAMES,
                     .vtable_format_reference = nullptr}}},
    SD_BUS_METHOD_WITH_ARGS("Send", SD_BUS_ARGS("s", peer, "s", text, "a{sv}", options),
                            SD_BUS_RESULT("t", id), called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Reply", SD_BUS_ARGS("t", id, "s", text, "a{sv}", options),
                            SD_BUS_RESULT("t", id), called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ListMessages", SD_BUS_ARGS("a{sv}", options),
                            SD_BUS_RESULT("aa{sv}", messages), called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("GetMessage", SD_BUS_ARGS("t", id), SD_BUS_RESULT("a{sv}", message),
                            called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("MarkRead", SD_BUS_ARGS("at", ids, "b", read), SD_BUS_NO_RESULT, called,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Retry", SD_BUS_ARGS("t", id), SD_BUS_NO_RESULT, called,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_ARGS("t", id), SD_BUS_NO_RESULT, called,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ListPeers", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", peers), called,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Subscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, subscribed,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Unsubscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, unsubscribed,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, called,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL_WITH_ARGS("MessageReceived", SD_BUS_ARGS("t", id), 0),
    SD_BUS_SIGNAL_WITH_ARGS("MessageStateChanged", SD_BUS_ARGS("t", id, "s", state), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Message", SD_BUS_ARGS("a{sv}", message), 0),
    SD_BUS_PROPERTY("Version", "s", property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("ProtocolVersion", "u", property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Listening", "as", property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Unread", "t", property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Queued", "t", property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

BusServer::BusServer(boost::asio::io_context& loop, MessageBus which, Hooks hooks)
    : which_(which),
      hooks_(std::move(hooks)),
      pace_(loop),
      refresh_timer_(loop),
      connection_(
          loop, which,
          {.opened = [this] { opened(); }, .lost = [this](const std::string& why) { lost(why); }}) {
}

void BusServer::start() {
    if (which_ != MessageBus::off) connection_.start();
}

void BusServer::stop() {
    on_the_bus_ = false;
    pace_.cancel();
    refresh_timer_.cancel();
    calls_.clear();
    name_.reset();
    connection_.stop();
}

void BusServer::opened() {
    BusTable::vtable[0].x.start.vtable_format_reference = bus_library().object_vtable_format;
    bus_check(bus_library().add_object_vtable(connection_.get(), nullptr, bus_path, bus_interface,
                                              BusTable::vtable, this));
    bus_check(bus_library().add_match_async(connection_.get(), nullptr,
                                            "type='signal',sender='org.freedesktop.DBus',"
                                            "member='NameOwnerChanged',arg2=''",
                                            BusTable::name_vanished, nullptr, this));
    // The name is asked for when the properties are known.
    know_status_ = false;
    counts_changed();
}

void BusServer::lost(const std::string& why) {
    on_the_bus_ = false;
    calls_.clear();
    subscribers_.clear();
    name_.reset();
    if (!std::exchange(reported_lost_, true)) hooks_.report(false, why);
}

void BusServer::request_name() {
    sd_bus_slot* slot = nullptr;
    const int result = bus_library().request_name_async(connection_.get(), &slot, bus_name, 0,
                                                        BusTable::name_answered, this);
    name_.reset(slot);
    if (result < 0) connection_.give_up(BusFailure(result).what());
    connection_.sent();
}

void BusServer::name_answered(sd_bus_message& reply) {
    if (const sd_bus_error* const error = bus_library().message_get_error(&reply)) {
        return connection_.give_up(error->message == nullptr ? error->name : error->message);
    }
    constexpr std::uint32_t primary_owner = 1;
    std::uint32_t answer = 0;
    bus_check(bus_library().message_read(&reply, "u", &answer));
    if (answer != primary_owner) return connection_.give_up("another program is org.p2pd1");
    connection_.settled();
    reported_lost_ = false;
    on_the_bus_ = true;
    told_ = last_cursor_;  // what came before can be listed
    hooks_.report(true, bus_name);
}

void BusServer::changed(std::uint64_t cursor) {
    if (cursor <= last_cursor_) return;
    last_cursor_ = cursor;
    counts_changed();
    pump();
}

/// One page, then a rest.
void BusServer::pump() {
    if (!on_the_bus_ || reading_page_ || resting_ || told_ >= last_cursor_) return;
    reading_page_ = resting_ = true;
    pace_.expires_after(page_interval);
    pace_.async_wait([this](const boost::system::error_code& error) {
        resting_ = false;
        if (!error) pump();
    });
    hooks_.changes(told_, [this](const std::vector<MessageRecord>& page) { take_page(page); });
}

void BusServer::take_page(const std::vector<MessageRecord>& page) {
    reading_page_ = false;
    if (!on_the_bus_) return;
    // An empty page: what had changed has been deleted since.
    if (page.empty()) told_ = std::max(told_, last_cursor_);
    try {
        for (const MessageRecord& record : page) {
            if (record.cursor <= told_) continue;
            told_ = record.cursor;
            tell(record);
        }
    } catch (const BusFailure& failure) {
        connection_.give_up(failure.what());
    }
    connection_.sent();
    pump();
}

/// Everybody on the bus can listen to what is broadcast: ids, and no text.
void BusServer::tell(const MessageRecord& record) {
    sd_bus* const bus = connection_.get();
    if (record.dir == Direction::in) {
        bus_check(bus_library().emit_signal(bus, bus_path, bus_interface, "MessageReceived", "t",
                                            record.id));
    } else {
        const std::string state(enum_name(record.state));
        bus_check(bus_library().emit_signal(bus, bus_path, bus_interface, "MessageStateChanged",
                                            "ts", record.id, state.c_str()));
    }
    if (subscribers_.empty()) return;
    const Json message = message_json(record);
    for (const std::string& subscriber : subscribers_) {
        sd_bus_message* made = nullptr;
        bus_check(bus_library().message_new_signal(bus, &made, bus_path, bus_interface, "Message"));
        const BusMessage signal(made);
        append_dictionary(*made, message);
        bus_check(bus_library().send_to(bus, made, subscriber.c_str(), nullptr));
    }
}

void BusServer::counts_changed() {
    if (connection_.get() == nullptr || std::exchange(refreshing_, true)) return;
    refresh_timer_.expires_after(know_status_ ? refresh_interval : std::chrono::milliseconds{0});
    refresh_timer_.async_wait([this](const boost::system::error_code& error) {
        refreshing_ = false;
        if (!error && connection_.get() != nullptr) refresh();
    });
}

void BusServer::refresh() {
    hooks_.ask(0, request_line(status_id, "status", NoParams{}));
}

void BusServer::take_status(const Json& answer) {
    const auto result = answer.find("result");
    if (result == answer.end() || connection_.get() == nullptr) return;
    const StatusResult before = std::move(status_);
    read_fields(*result, status_);
    if (!std::exchange(know_status_, true)) return request_name();
    std::vector<char*> names;
    const auto compare = [&names](const char* name, bool same) {
        if (!same) names.push_back(const_cast<char*>(name));  // sd-bus does not write there
    };
    compare("Listening", before.listening == status_.listening);
    compare("Unread", before.unread == status_.unread);
    compare("Queued", before.queued == status_.queued);
    if (names.empty() || !on_the_bus_) return;
    names.push_back(nullptr);
    const int result_of = bus_library().emit_properties_changed_strv(connection_.get(), bus_path,
                                                                     bus_interface, names.data());
    if (result_of < 0) connection_.give_up(BusFailure(result_of).what());
    connection_.sent();
}

void BusServer::append_property(std::string_view name, sd_bus_message& message) const {
    if (name == "Version") {
        bus_check(bus_library().message_append(&message, "s", P2PD_VERSION));
    } else if (name == "ProtocolVersion") {
        bus_check(bus_library().message_append(&message, "u", control_protocol_version));
    } else if (name == "Listening") {
        append_texts(message, status_.listening);
    } else {
        const std::uint64_t count = name == "Unread" ? status_.unread : status_.queued;
        bus_check(bus_library().message_append(&message, "t", count));
    }
}

void BusServer::answer(std::string_view line) {
    const Json answer = Json::parse(line);
    const Json& id = answer.at("id");
    // A line that the control server could not read has no id; none of ours is like that.
    if (!id.is_number_unsigned()) return;
    if (id.get<std::uint64_t>() == status_id) return take_status(answer);
    const auto found = calls_.find(id.get<std::uint64_t>());
    if (found == calls_.end()) return;  // its bus has gone
    finish(found->second, answer);
    connection_.sent();
}

}  // namespace p2pd
