// ctl: from what was typed for PEER to what the daemon understands. Includes std, POSIX, common.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/context.h"

namespace p2pd {

/// Asks `method` with `params` whose member `peer` is what was typed: an address, or a name of
/// the book. If the daemon knows no such name it is looked up as a host name, and asked again with
/// the address. Throws ControlError: 67 for an unknown name, 68 for a host that is not found.
Json call_with_peer(Context& context, std::string_view method, Json params);

/// The same for any way of asking.
Json ask_with_peer(Context& context, const std::string& peer,
                   const std::function<Json(const std::string& peer)>& ask);

/// The names of the address book that begin so, in their order; `ask` asks the daemon for
/// peers.names.
std::vector<PeerName> peer_names(const std::function<Json(const Json& params)>& ask,
                                 std::string_view beginning = {});

/// The `IP:PORT` of what was typed for PEER, known to the daemon or not, as the daemon writes it.
/// Throws as the others do.
std::string peer_address(Context& context, const std::string& peer);

/// `@NAME`, a group of the address book.
inline bool is_group_word(std::string_view word) {
    return word.starts_with('@');
}

/// The members of a group, as the address book has them. Throws ControlError (67) if there is no
/// such group.
std::vector<std::string> group_members(Context& context, const std::string& group);

/// The `IP:PORT` of a peer, or those of the members of a group; a member that is not found any more
/// is told and left out. Throws as the others do.
std::set<std::string, std::less<>> peer_addresses(Context& context, const std::string& who);

/// `IP:PORT` of a host name, maybe with a port; addresses stay as they are, but for the name of an
/// interface. Of several addresses it is the one that was heard last, else the first, with those of
/// IPv4, which all peers in the field understand, before the others. Throws ControlError (exit 68,
/// or 64 if it cannot be one).
std::string resolve_address(Context& context, const std::string& text);

}  // namespace p2pd
