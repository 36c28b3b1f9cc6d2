// daemon: packs of a damaged store become rows. Includes std, the rooms of the store.
#pragma once

#include <string>
#include <vector>

#include "daemon/store_state.h"

namespace p2pd {

/// Takes all packs of the store apart, with or without all of their spans, in a transaction: what
/// has a row already is left as it is. A sent message whose span is lost is cancelled, as nobody
/// knows whether it arrived; cursors above `last_cursor` are theirs, and it is raised. Returns the
/// ids of messages that were in packs and are lost.
std::vector<std::string> unpack_all(StoreState& state, RowId& last_cursor);

/// The same for packs of identities. Returns how many are lost.
std::int64_t unpack_all_identities(sqlite::Connection& connection);

}  // namespace p2pd
