// ctl: messages as notifications of the user's desktop. Includes std and common.
#pragma once

#include <optional>
#include <string>

#include "common/control_protocol.h"
#include "ctl/bus_library.h"

namespace p2pd {

/// What a notification says of a message.
struct Notification {
    std::string summary;  ///< who it is from; of a sent one whom to and its state
    std::string body;     ///< the text
};

/// Made safe and bounded: control characters are visible, at most 400 characters of the text are
/// there, and with `markup` nothing in the body can be taken for markup.
Notification notification_of(const MessageRecord& record, bool markup);

/// `org.freedesktop.Notifications` on the user's session bus. Each message is a connection of its
/// own, so a bus or a service that comes back is found, and nothing piles up in one that nobody
/// reads. A service that does not answer is given five seconds.
class DesktopNotifier {
public:
    /// Throws ControlError (exit 74) when there is no bus or nobody on it who shows notifications.
    DesktopNotifier();

    /// Empty when it is shown; else why it is not.
    std::optional<std::string> show(const MessageRecord& record) const;

private:
    BusLibrary library_;
};

}  // namespace p2pd
