// bus_server: sd-bus, loaded when a bus is joined. Includes std and sd-bus.
#pragma once

#include <systemd/sd-bus.h>

namespace p2pd {

/// The functions of sd-bus that are called. A daemon that is on no bus does without libsystemd,
/// which draws in more libraries than all else, and takes them a tenth of its memory.
struct BusLibrary {
    decltype(&sd_bus_add_match_async) add_match_async = nullptr;
    decltype(&sd_bus_add_object_vtable) add_object_vtable = nullptr;
    decltype(&sd_bus_call_method_async) call_method_async = nullptr;
    decltype(&sd_bus_close_unref) close_unref = nullptr;
    decltype(&sd_bus_emit_properties_changed_strv) emit_properties_changed_strv = nullptr;
    decltype(&sd_bus_emit_signal) emit_signal = nullptr;
    decltype(&sd_bus_get_events) get_events = nullptr;
    decltype(&sd_bus_get_fd) get_fd = nullptr;
    decltype(&sd_bus_get_n_queued_write) get_n_queued_write = nullptr;
    decltype(&sd_bus_get_timeout) get_timeout = nullptr;
    decltype(&sd_bus_message_append) message_append = nullptr;
    decltype(&sd_bus_message_close_container) message_close_container = nullptr;
    decltype(&sd_bus_message_enter_container) message_enter_container = nullptr;
    decltype(&sd_bus_message_exit_container) message_exit_container = nullptr;
    decltype(&sd_bus_message_get_error) message_get_error = nullptr;
    decltype(&sd_bus_message_get_member) message_get_member = nullptr;
    decltype(&sd_bus_message_get_sender) message_get_sender = nullptr;
    decltype(&sd_bus_message_is_method_error) message_is_method_error = nullptr;
    decltype(&sd_bus_message_new_method_return) message_new_method_return = nullptr;
    decltype(&sd_bus_message_new_signal) message_new_signal = nullptr;
    decltype(&sd_bus_message_open_container) message_open_container = nullptr;
    decltype(&sd_bus_message_peek_type) message_peek_type = nullptr;
    decltype(&sd_bus_message_read) message_read = nullptr;
    decltype(&sd_bus_message_read_array) message_read_array = nullptr;
    decltype(&sd_bus_message_read_basic) message_read_basic = nullptr;
    decltype(&sd_bus_message_ref) message_ref = nullptr;
    decltype(&sd_bus_message_unref) message_unref = nullptr;
    decltype(&sd_bus_open_system) open_system = nullptr;
    decltype(&sd_bus_open_user) open_user = nullptr;
    decltype(&sd_bus_process) process = nullptr;
    decltype(&sd_bus_reply_method_error) reply_method_error = nullptr;
    decltype(&sd_bus_reply_method_return) reply_method_return = nullptr;
    decltype(&sd_bus_request_name_async) request_name_async = nullptr;
    decltype(&sd_bus_send) send = nullptr;
    decltype(&sd_bus_send_to) send_to = nullptr;
    decltype(&sd_bus_slot_unref) slot_unref = nullptr;
    decltype(&sd_bus_object_vtable_format) object_vtable_format = nullptr;
};

/// Loads it, for good; false if it is not there, and then none may be called.
bool load_bus_library();
/// Once it is loaded.
const BusLibrary& bus_library();

}  // namespace p2pd
