// daemon: what the log says of messages and peers, by which the journal finds their history.
// Includes std, core, common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/logging.h"
#include "daemon/core/node.h"

namespace p2pd {

/// Ids, addresses and states; never a text, nor a reason that a peer has given. What a peer can
/// cause at will is limited.
void log_accepted(Log& log, MessageId first, std::uint32_t count, const Endpoint& peer);
void log_end(Log& log, const Finished& finished);
void log_received(Log& log, const StoreBatch& batch, const BatchResult& result);
/// Without a name: it has none any more.
void log_named(Log& log, const Endpoint& peer, const std::optional<std::string>& name);

}  // namespace p2pd
