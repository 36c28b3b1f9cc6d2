// daemon: methods about the groups of the address book. Includes all of daemon.
#include "common/endpoint_text.h"
#include "daemon/control_continuation.h"
#include "daemon/daemon.h"

namespace p2pd {

namespace {

struct ChangedGroup {
    GroupChange change = GroupChange::done;
    GroupRecord group;
};

void check_group(const std::string& name, const std::vector<std::string>& members) {
    if (!is_peer_name(name)) {
        throw ControlFailure{
            error_params, "\"name\": letters, digits, - and _, a letter first, at most 63 bytes"};
    }
    for (const std::string& member : members) {
        if (!is_group_member(member)) {
            throw ControlFailure{error_params,
                                 "\"members\": names, addresses or host names, each "
                                 "of at most 255 bytes"};
        }
    }
}

void answer_changed(const ChangedGroup& changed, const Responder& responder) {
    switch (changed.change) {
        case GroupChange::done:
            return responder.result(changed.group);
        case GroupChange::disk_full:
            throw ControlFailure{error_disk_full, "the disk is full"};
        case GroupChange::too_many:
            throw ControlFailure{error_params, "at most " + std::to_string(groups_max) +
                                                   " groups of at most " +
                                                   std::to_string(group_members_max) + " members"};
        case GroupChange::unknown:
            throw ControlFailure{error_unknown_peer, "no such group, or no such member of it",
                                 "p2pctl group list"};
    }
}

}  // namespace

void ControlMethods::groups_list(const Caller& /*caller*/, const NoParams& /*params*/,
                                 const Responder& responder) {
    daemon_.query([](Store& store) { return store.groups(); },
                  [responder](std::vector<GroupRecord> groups) mutable {
                      responder.result(GroupsResult{std::move(groups)});
                  });
}

void ControlMethods::groups_add(const Caller& /*caller*/, const GroupAddParams& params,
                                const Responder& responder) {
    check_group(params.name, params.members);
    if (params.members.empty()) throw ControlFailure{error_params, "\"members\": is empty"};
    daemon_.query(
        [params](Store& store) {
            const GroupChange change = store.add_to_group(params.name, params.members);
            return ChangedGroup{change, store.group(params.name)};
        },
        answering(responder, [responder](const ChangedGroup& changed) {
            answer_changed(changed, responder);
        }));
}

void ControlMethods::groups_remove(const Caller& /*caller*/, const GroupRemoveParams& params,
                                   const Responder& responder) {
    check_group(params.name, params.members);
    daemon_.query(
        [params](Store& store) {
            const GroupChange change = store.remove_from_group(params.name, params.members);
            return ChangedGroup{change, store.group(params.name)};
        },
        answering(responder, [responder](const ChangedGroup& changed) {
            answer_changed(changed, responder);
        }));
}

}  // namespace p2pd
