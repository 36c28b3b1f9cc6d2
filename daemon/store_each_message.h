// daemon: all messages as one table, to be read. Includes daemon/sqlite.h.
#pragma once

#include "daemon/sqlite.h"

namespace p2pd {

/// Makes `each_message` known to the connection: a virtual table (sqlite.org/vtab.html) with the
/// columns of message and body, and a row for each message, whether it has one there or is in a
/// pack. Rows come in the order of ids; a range of ids costs what is in it.
void add_each_message(sqlite::Connection& connection);

}  // namespace p2pd
