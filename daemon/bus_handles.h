// bus_server: what sd-bus hands out, owned. Includes std, sd-bus.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

#include "daemon/bus_library.h"

namespace p2pd {

/// sd-bus could not do it; the text says why.
class BusFailure : public std::runtime_error {
public:
    explicit BusFailure(int result)
        : std::runtime_error(std::generic_category().message(-result)), result_(result) {}
    /// As sd-bus gives it, below zero.
    int result() const { return result_; }

private:
    int result_;
};

/// `result`, or throws BusFailure.
inline int bus_check(int result) {
    if (result < 0) throw BusFailure(result);
    return result;
}

struct BusCloser {
    /// Without writing what waits: that could block.
    void operator()(sd_bus* bus) const { bus_library().close_unref(bus); }
};
struct BusMessageCloser {
    void operator()(sd_bus_message* message) const { bus_library().message_unref(message); }
};
struct BusSlotCloser {
    void operator()(sd_bus_slot* slot) const { bus_library().slot_unref(slot); }
};
using BusHandle = std::unique_ptr<sd_bus, BusCloser>;
using BusMessage = std::unique_ptr<sd_bus_message, BusMessageCloser>;
using BusSlot = std::unique_ptr<sd_bus_slot, BusSlotCloser>;

}  // namespace p2pd
