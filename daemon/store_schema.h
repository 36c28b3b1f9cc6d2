// daemon: the tables of the store and the way to them from older versions. Includes std,
// daemon/sqlite.h.
#pragma once

#include <span>

#include "daemon/sqlite.h"

namespace p2pd {

/// Step i (from 0) leads from schema version i to i + 1. A step that was released never changes;
/// a new version is a new step at the end.
std::span<const char* const> store_migrations();

/// SQL that finds the hosts of all peers, and counts what is kept of each and of strangers.
const char* recount_hosts();

/// SQL that fills the empty tables of blocks and spans from the messages: one of each a message.
const char* rebuild_blocks();

/// Brings the file to the last version, in one transaction. Throws StoreFailure if it
/// was written by a newer p2pd, or is not a store of p2pd.
void migrate(sqlite::Connection& connection, std::span<const char* const> steps);

/// Throws StoreFailure if the file belongs to another program, or has lost the mark that its pages
/// have sums. An empty one is ours to fill.
void require_own(sqlite::Connection& connection);

/// The full-text index, as version 1 makes it; it holds nothing that the messages do not.
inline constexpr const char* create_index_sql =
    "CREATE VIRTUAL TABLE message_fts USING fts5 ("
    "text, peer, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2')";

/// Where a message lies.
enum class Tray : std::uint8_t { unread, read, pending, finished };

}  // namespace p2pd
