// daemon: the groups of the address book. Includes std, common, the other rooms of the store.
#include "daemon/store_groups.h"

#include <algorithm>

namespace p2pd {

GroupTable::GroupTable(StoreState& state)
    : state_(state),
      list_(state.connection(),
            "SELECT name, member FROM peer_group WHERE name > '' ORDER BY name, id"),
      insert_(state.connection(),
              "INSERT OR IGNORE INTO peer_group (kind, name, member) "
              "VALUES (0, ?1, ?2)"),
      remove_(state.connection(), "DELETE FROM peer_group WHERE name = ?1 AND member = ?2"),
      remove_all_(state.connection(), "DELETE FROM peer_group WHERE name = ?1") {}

std::vector<GroupRecord> GroupTable::list() {
    std::vector<GroupRecord> groups;
    sqlite::Run row = list_.run();
    while (row.step()) {
        auto name = row.next<std::string>();
        if (groups.empty() || groups.back().name != name) groups.push_back({std::move(name), {}});
        groups.back().members.push_back(row.next<std::string>());
    }
    return groups;
}

GroupRecord GroupTable::find(const std::string& name) {
    for (GroupRecord& group : list()) {
        if (group.name == name) return std::move(group);
    }
    return {name, {}};
}

GroupChange GroupTable::add(const std::string& name, std::span<const std::string> members) {
    const auto outside = [](const GroupRecord& group, const std::string& member) {
        return std::ranges::find(group.members, member) == group.members.end();
    };
    GroupRecord group = find(name);
    if (group.members.empty() && list().size() >= groups_max) return GroupChange::too_many;
    for (const std::string& member : members) {
        if (outside(group, member)) group.members.push_back(member);
    }
    if (group.members.size() > group_members_max) return GroupChange::too_many;
    const bool written = state_.transact([&] {
        for (const std::string& member : members) insert_.execute(name, member);
    });
    return written ? GroupChange::done : GroupChange::disk_full;
}

GroupChange GroupTable::remove(const std::string& name, std::span<const std::string> members) {
    std::size_t removed = 0;
    const bool written = state_.transact([&] {
        removed = 0;
        if (members.empty()) removed += static_cast<std::size_t>(remove_all_.execute(name));
        for (const std::string& member : members) {
            removed += static_cast<std::size_t>(remove_.execute(name, member));
        }
    });
    if (!written) return GroupChange::disk_full;
    return removed > 0 ? GroupChange::done : GroupChange::unknown;
}

bool GroupTable::add_one(const std::string& name, const std::string& member) {
    const GroupRecord group = find(name);
    const bool has_room = group.members.empty() ? list().size() < groups_max
                                                : group.members.size() < group_members_max;
    return has_room && insert_.execute(name, member) > 0;
}

}  // namespace p2pd
