// tests/reference: what the reader of datagrams is held against.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "daemon/core/codec.h"

namespace p2pd::reference {

/// Reads a datagram as p2pd::decode() does, by nlohmann's JSON: the reader that p2pd had before.
std::variant<Datagram, DropCause> decode(std::string_view bytes);

/// What differs between two readings of `bytes`; empty when nothing does.
std::string difference(const std::variant<Datagram, DropCause>& a,
                       const std::variant<Datagram, DropCause>& b);

}  // namespace p2pd::reference
