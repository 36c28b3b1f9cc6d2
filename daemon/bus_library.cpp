// bus_server: sd-bus, loaded when a bus is joined. Includes sd-bus, common.
#include "daemon/bus_library.h"

#include "common/loaded_library.h"

namespace p2pd {

namespace {

BusLibrary& library() {
    static BusLibrary functions;
    return functions;
}

}  // namespace

bool load_bus_library() {
    static const bool loaded = [] {
        BusLibrary& to = library();
        const LoadedLibrary from("libsystemd.so.0", RTLD_LAZY | RTLD_LOCAL);
        bool all = true;
        const auto find = [&](auto& function, const char* name) {
            all = from.find(function, name) && all;
        };
        find(to.add_match_async, "sd_bus_add_match_async");
        find(to.add_object_vtable, "sd_bus_add_object_vtable");
        find(to.call_method_async, "sd_bus_call_method_async");
        find(to.close_unref, "sd_bus_close_unref");
        find(to.emit_properties_changed_strv, "sd_bus_emit_properties_changed_strv");
        find(to.emit_signal, "sd_bus_emit_signal");
        find(to.get_events, "sd_bus_get_events");
        find(to.get_fd, "sd_bus_get_fd");
        find(to.get_n_queued_write, "sd_bus_get_n_queued_write");
        find(to.get_timeout, "sd_bus_get_timeout");
        find(to.message_append, "sd_bus_message_append");
        find(to.message_close_container, "sd_bus_message_close_container");
        find(to.message_enter_container, "sd_bus_message_enter_container");
        find(to.message_exit_container, "sd_bus_message_exit_container");
        find(to.message_get_error, "sd_bus_message_get_error");
        find(to.message_get_member, "sd_bus_message_get_member");
        find(to.message_get_sender, "sd_bus_message_get_sender");
        find(to.message_is_method_error, "sd_bus_message_is_method_error");
        find(to.message_new_method_return, "sd_bus_message_new_method_return");
        find(to.message_new_signal, "sd_bus_message_new_signal");
        find(to.message_open_container, "sd_bus_message_open_container");
        find(to.message_peek_type, "sd_bus_message_peek_type");
        find(to.message_read, "sd_bus_message_read");
        find(to.message_read_array, "sd_bus_message_read_array");
        find(to.message_read_basic, "sd_bus_message_read_basic");
        find(to.message_ref, "sd_bus_message_ref");
        find(to.message_unref, "sd_bus_message_unref");
        find(to.open_system, "sd_bus_open_system");
        find(to.open_user, "sd_bus_open_user");
        find(to.process, "sd_bus_process");
        find(to.reply_method_error, "sd_bus_reply_method_error");
        find(to.reply_method_return, "sd_bus_reply_method_return");
        find(to.request_name_async, "sd_bus_request_name_async");
        find(to.send, "sd_bus_send");
        find(to.send_to, "sd_bus_send_to");
        find(to.slot_unref, "sd_bus_slot_unref");
        find(to.object_vtable_format, "sd_bus_object_vtable_format");
        return all;
    }();
    return loaded;
}

const BusLibrary& bus_library() {
    return library();
}

}  // namespace p2pd
