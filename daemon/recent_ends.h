// daemon: how outgoing messages ended a short time ago. Includes std, core, common, store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/control_protocol.h"
#include "daemon/core/node.h"
#include "daemon/store.h"

namespace p2pd {

inline UtcTime utc(WallTime time) {
    return {time.time_since_epoch().count()};
}
/// What a record says of an outgoing message, without its text and the peer's name.
MessageRecord outgoing_record(const OutgoingMessage& message);
bool is_final(SendState state);
/// Puts a final state into a record.
void apply(const OutgoingUpdate& update, MessageRecord& record);
inline double milliseconds_of(Duration time) {
    return static_cast<double>(time.count()) / 1000.0;
}

/// A message that has come to its end, which the store may not know yet.
struct RecentEnd {
    OutgoingUpdate update;
    Endpoint peer;
    WallTime created_at;
    WallTime expires_at;
    std::uint32_t parts = 1;
    std::optional<MessageId> reply_to;

    /// Without its text and the peer's name.
    MessageRecord record() const;
};

/// Those of the last 8,192 ids, or so.
class RecentEnds {
public:
    void add(const Finished& finished);
    /// It is being sent anew.
    void forget(MessageId id);
    /// Empty: it is none of them.
    std::optional<RecentEnd> find(MessageId id) const;

private:
    static constexpr std::size_t places = 8192;
    struct Place {
        MessageId id = 0;
        std::shared_ptr<const RecentEnd> end = {};  ///< shared with those that ended with it
    };

    std::vector<Place> ends_;  ///< by id modulo `places`
};

}  // namespace p2pd
