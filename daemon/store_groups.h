// daemon: the groups of the address book. Includes std, common, the other rooms of the store.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/control_protocol.h"
#include "daemon/store_state.h"

namespace p2pd {

/// Members are kept as they were given (a name of the book, an address, a host name) and in the
/// order in which they came. A group without members is none.
class GroupTable {
public:
    explicit GroupTable(StoreState& state);

    std::vector<GroupRecord> list();
    /// Empty members: there is no such group.
    GroupRecord find(const std::string& name);
    /// Who is in it already stays. All or none.
    GroupChange add(const std::string& name, std::span<const std::string> members);
    /// Without members the whole group.
    GroupChange remove(const std::string& name, std::span<const std::string> members);

    /// In a transaction only. False if it is in the group already, or there is no room.
    bool add_one(const std::string& name, const std::string& member);

private:
    StoreState& state_;
    sqlite::Statement list_;
    sqlite::Statement insert_;
    sqlite::Statement remove_;
    sqlite::Statement remove_all_;
};

}  // namespace p2pd
