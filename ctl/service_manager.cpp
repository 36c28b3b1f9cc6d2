// ctl: what systemd knows of the daemon's unit, over sd-bus. Includes std and common.
#include "ctl/service_manager.h"

#include <cstdlib>
#include <memory>

#include "ctl/bus_library.h"

namespace p2pd {

namespace {

constexpr const char* manager = "org.freedesktop.systemd1";
constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
constexpr const char* service_interface = "org.freedesktop.systemd1.Service";
constexpr std::uint64_t answer_timeout_us = 1'000'000;

Bus open_bus(const BusLibrary& library, bool of_user) {
    sd_bus* bus = nullptr;
    const int opened = of_user ? library.open_user(&bus) : library.open_system(&bus);
    Bus owned(bus, library.close);
    if (opened < 0 || library.set_timeout(bus, answer_timeout_us) < 0) owned.reset();
    return owned;
}

/// `key` is what `method` takes, by which the unit is found.
template <class Key>
std::optional<std::string> unit_path(const BusLibrary& library, sd_bus* bus, const char* method,
                                     const char* type, Key key) {
    sd_bus_message* reply = nullptr;
    const int asked =
        library.call_method(bus, manager, "/org/freedesktop/systemd1",
                            "org.freedesktop.systemd1.Manager", method, nullptr, &reply, type, key);
    const std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)> owned(reply,
                                                                                 library.unref);
    const char* path = nullptr;
    if (asked < 0 || library.read(reply, "o", &path) < 0) return std::nullopt;
    return path;
}

std::optional<std::string> text(const BusLibrary& library, sd_bus* bus, const std::string& path,
                                const char* name) {
    char* value = nullptr;
    const int got =
        library.get_text(bus, manager, path.c_str(), unit_interface, name, nullptr, &value);
    const std::unique_ptr<char, decltype(&std::free)> owned(value, std::free);
    if (got < 0) return std::nullopt;
    return value;
}

std::optional<UnitState> state_on(const BusLibrary& library, bool of_user, std::int64_t pid) {
    const Bus bus = open_bus(library, of_user);
    if (!bus) return std::nullopt;
    const auto path =
        unit_path(library, bus.get(), "GetUnitByPID", "u", static_cast<std::uint32_t>(pid));
    if (!path) return std::nullopt;
    const auto unit = text(library, bus.get(), *path, "Id");
    const auto state = text(library, bus.get(), *path, "ActiveState");
    // To the system's manager everything of a user is one service.
    if (!unit || !state || !unit->ends_with(".service") || unit->starts_with("user@")) {
        return std::nullopt;
    }
    UnitState result{*unit, *state, {}, 0};
    std::uint64_t since_us = 0;
    if (library.get_number(bus.get(), manager, path->c_str(), unit_interface,
                           "ActiveEnterTimestamp", nullptr, 't', &since_us) < 0 ||
        library.get_number(bus.get(), manager, path->c_str(), service_interface, "NRestarts",
                           nullptr, 'u', &result.restarts) < 0) {
        return std::nullopt;
    }
    result.since = {static_cast<std::int64_t>(since_us)};
    return result;
}

}  // namespace

std::optional<UnitEnd> unit_end(const std::string& unit, bool of_user) {
    BusLibrary library;
    if (!library.load()) return std::nullopt;
    const Bus bus = open_bus(library, of_user);
    if (!bus) return std::nullopt;
    const auto path = unit_path(library, bus.get(), "GetUnit", "s", unit.c_str());
    if (!path) return std::nullopt;
    const auto state = text(library, bus.get(), *path, "ActiveState");
    UnitEnd end{unit, state.value_or(""), 0};
    if (!state || library.get_number(bus.get(), manager, path->c_str(), service_interface,
                                     "ExecMainStatus", nullptr, 'i', &end.exit_code) < 0) {
        return std::nullopt;
    }
    return end;
}

std::optional<UnitState> unit_state(std::int64_t pid) {
    BusLibrary library;
    if (!library.load()) return std::nullopt;
    if (auto state = state_on(library, false, pid)) return state;
    return state_on(library, true, pid);
}

}  // namespace p2pd
