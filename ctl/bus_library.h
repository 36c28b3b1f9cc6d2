// ctl: sd-bus, loaded when it is needed. Includes std and sd-bus.
#pragma once

#include <memory>

#include <systemd/sd-bus.h>

#include "common/loaded_library.h"

namespace p2pd {

/// Its functions, for those who ask a bus: most commands do without, and are to start fast. It
/// stays loaded until the process ends.
class BusLibrary {
public:
    BusLibrary();

    /// Whether all of them are there; else none may be called.
    bool load();

    decltype(&sd_bus_open_system) open_system = nullptr;
    decltype(&sd_bus_open_user) open_user = nullptr;
    decltype(&sd_bus_flush_close_unref) close = nullptr;
    decltype(&sd_bus_set_method_call_timeout) set_timeout = nullptr;
    decltype(&sd_bus_call_method) call_method = nullptr;
    decltype(&sd_bus_message_read) read = nullptr;
    decltype(&sd_bus_message_read_strv) read_texts = nullptr;
    decltype(&sd_bus_message_unref) unref = nullptr;
    decltype(&sd_bus_get_property_string) get_text = nullptr;
    decltype(&sd_bus_get_property_trivial) get_number = nullptr;

private:
    LoadedLibrary library_;
};

using Bus = std::unique_ptr<sd_bus, decltype(&sd_bus_flush_close_unref)>;
using BusMessage = std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)>;

}  // namespace p2pd
