// daemon: the tables of the store and the way to them from older versions. Includes std,
// daemon/sqlite.h.
#pragma once

#include <span>

#include "daemon/sqlite.h"

namespace p2pd {

/// Step i (from 0) leads from schema version i to i + 1. A step that was released never changes;
/// a new version is a new step at the end.
std::span<const char* const> store_migrations();

/// Brings the file to the last version, each step in one transaction. Throws StoreFailure if it
/// was written by a newer p2pd, or is not a store of p2pd.
void migrate(sqlite::Connection& connection, std::span<const char* const> steps);

/// Where a message lies. The two indexes on it give every page and every queue.
enum class Tray : std::uint8_t { unread, read, pending, finished };

}  // namespace p2pd
