// ctl: messages as notifications of the user's desktop, over sd-bus. Includes std and common.
#include "ctl/desktop_notifier.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "common/terminal_text.h"
#include "ctl/control_error.h"
#include "ctl/language.h"
#include "ctl/output_human.h"

namespace p2pd {

namespace {

constexpr const char* desktop = "org.freedesktop.Notifications";
constexpr const char* desktop_path = "/org/freedesktop/Notifications";
constexpr std::uint64_t desktop_timeout_us = 5'000'000;
constexpr std::size_t body_characters_max = 400;

/// Before it is made safe: one character of a text may become several then, but only so many.
std::string shortened(std::string_view text) {
    std::size_t end = 0;
    for (std::size_t count = 0; end < text.size(); ++count) {
        if (count == body_characters_max) return std::string(text.substr(0, end)) + "…";
        end += std::max<std::size_t>(decode_character(text.substr(end)).bytes, 1);
    }
    return std::string(text);
}

std::string without_markup(std::string_view text) {
    std::string result;
    for (const char each : text) {
        if (each == '&') {
            result += "&amp;";
        } else if (each == '<') {
            result += "&lt;";
        } else if (each == '>') {
            result += "&gt;";
        } else {
            result += each;
        }
    }
    return result;
}

std::string reason_of(int error) {
    if (error == -EHOSTUNREACH || error == -ENXIO) {
        return tr("nobody on the session bus shows notifications");
    }
    return tr("the desktop's notifications cannot be used: {1}", std::strerror(-error));
}

/// For what sd-bus gives away.
struct Freed {
    void operator()(void* memory) const { std::free(memory); }  // NOLINT: it is C's
};

/// Whether the body is read as markup; negative, an errno, if that cannot be asked. An older or
/// newer service may have taken over since the last message.
int takes_markup(const BusLibrary& library, sd_bus* bus) {
    sd_bus_message* reply = nullptr;
    const int asked = library.call_method(bus, desktop, desktop_path, desktop, "GetCapabilities",
                                          nullptr, &reply, "");
    const BusMessage owned(reply, library.unref);
    char** names = nullptr;
    if (asked < 0) return asked;
    if (const int got = library.read_texts(reply, &names); got < 0) return got;
    const std::unique_ptr<char*, Freed> list(names);
    int found = 0;
    for (char** name = names; name != nullptr && *name != nullptr; ++name) {
        const std::unique_ptr<char, Freed> owned_name(*name);
        if (std::string_view(*name) == "body-markup") found = 1;
    }
    return found;
}

int notify(const BusLibrary& library, sd_bus* bus, const Notification& notification) {
    constexpr std::uint32_t replaces_none = 0;
    constexpr int no_actions = 0;
    constexpr int hints = 1;
    constexpr std::int32_t usual_time = -1;
    return library.call_method(bus, desktop, desktop_path, desktop, "Notify", nullptr, nullptr,
                               "susssasa{sv}i", "p2pd", replaces_none, "",
                               notification.summary.c_str(), notification.body.c_str(), no_actions,
                               hints, "category", "s", "im.received", usual_time);
}

/// Connects and shows `record`, or without one only sees that somebody could. Empty, or why not.
std::optional<std::string> show_on_desktop(const BusLibrary& library, const MessageRecord* record) {
    sd_bus* bus = nullptr;
    const int opened = library.open_user(&bus);
    const Bus owned(bus, library.close);
    if (opened < 0) return tr("no session bus: {1}", std::strerror(-opened));
    int done = library.set_timeout(bus, desktop_timeout_us);
    if (done >= 0) done = takes_markup(library, bus);
    if (done >= 0 && record != nullptr) {
        done = notify(library, bus, notification_of(*record, done > 0));
    }
    if (done < 0) return reason_of(done);
    return std::nullopt;
}

}  // namespace

Notification notification_of(const MessageRecord& record, bool markup) {
    std::string who = record.name.value_or(record.peer);
    if (record.dir == Direction::out) {
        who = tr("to {1}: {2}", who, state_name(record.state));
    }
    const std::string body = terminal_text(shortened(record.text), LineBreaks::keep);
    return {terminal_text(who, LineBreaks::show), markup ? without_markup(body) : body};
}

DesktopNotifier::DesktopNotifier() {
    if (!library_.load()) {
        throw ControlError(error_io, tr("--notify needs libsystemd, which cannot be loaded"),
                           tr("install it: {1}", "apt install libsystemd0"));
    }
    if (const auto problem = show_on_desktop(library_, nullptr)) {
        throw ControlError(error_io, *problem,
                           tr("--notify is for a desktop session: run it there, or start "
                              "p2p-notify.service of systemd --user"));
    }
}

std::optional<std::string> DesktopNotifier::show(const MessageRecord& record) const {
    return show_on_desktop(library_, &record);
}

}  // namespace p2pd
