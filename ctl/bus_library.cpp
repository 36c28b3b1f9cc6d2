// ctl: sd-bus, loaded when it is needed. Includes std and sd-bus.
#include "ctl/bus_library.h"

namespace p2pd {

BusLibrary::BusLibrary() : library_("libsystemd.so.0", RTLD_LAZY | RTLD_LOCAL) {}

bool BusLibrary::load() {
    const auto find = [this](auto& function, const char* name) {
        return library_.find(function, name);
    };
    return find(open_system, "sd_bus_open_system") && find(open_user, "sd_bus_open_user") &&
           find(close, "sd_bus_flush_close_unref") &&
           find(set_timeout, "sd_bus_set_method_call_timeout") &&
           find(call_method, "sd_bus_call_method") && find(read, "sd_bus_message_read") &&
           find(read_texts, "sd_bus_message_read_strv") && find(unref, "sd_bus_message_unref") &&
           find(get_text, "sd_bus_get_property_string") &&
           find(get_number, "sd_bus_get_property_trivial");
}

}  // namespace p2pd
