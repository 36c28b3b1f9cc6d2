// ctl: one text to each member of a group. Includes std and common.
#include "ctl/group_send.h"

#include <algorithm>
#include <set>

#include "ctl/language.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

/// One member, and what became of the message to it.
struct MemberSend {
    std::string member;
    std::string address;
    MessageRecord record;
    std::optional<ControlError> failure;  ///< then there is no record
};

/// Where each member is. Two that are the same peer get one message.
std::vector<MemberSend> resolved(Context& context, const std::string& group) {
    std::vector<MemberSend> sends;
    std::set<std::string> addresses;
    for (const std::string& member : group_members(context, group)) {
        MemberSend send{member, {}, {}, std::nullopt};
        try {
            send.address = peer_address(context, member);
            if (!addresses.insert(send.address).second) continue;
        } catch (const ControlError& error) {
            if (!error.is(error_unknown_peer) && !error.is(error_unknown_host)) throw;
            send.failure = error;
        }
        sends.push_back(std::move(send));
    }
    return sends;
}

void send_to(Context& context, MemberSend& send, const std::string& text,
             const DeliveryOptions& options) {
    try {
        const SendResult accepted = send_message(context, send.address, text, options.expires_s);
        send.record = accepted_record(accepted, text);
    } catch (const ControlError& error) {
        send.failure = error;
    }
}

std::vector<std::uint64_t> accepted_ids(const std::vector<MemberSend>& sends) {
    std::vector<std::uint64_t> ids;
    for (const MemberSend& send : sends) {
        if (!send.failure) ids.push_back(send.record.id);
    }
    return ids;
}

/// What is not answered stays as it was accepted.
void await_ends(Context& context, std::vector<MemberSend>& sends, const DeliveryOptions& options) {
    const auto ids = accepted_ids(sends);
    if (ids.empty()) return;
    for (MessageRecord& record : confirmed(context, ids, options.timeout)) {
        const auto found = std::ranges::find_if(sends, [&](const MemberSend& send) {
            return !send.failure && send.record.id == record.id;
        });
        if (found != sends.end()) found->record = std::move(record);
    }
}

bool has_arrived(const MemberSend& send, bool waited) {
    return !send.failure && (!waited || send.record.state == SendState::delivered);
}

Json missing_json(const MemberSend& send) {
    Json json{{"member", send.member}, {"id", nullptr}, {"state", nullptr}, {"message", nullptr}};
    if (send.failure) {
        json["message"] = send.failure->what();
    } else {
        json["id"] = send.record.id;
        json["state"] = enum_name(send.record.state);
    }
    return json;
}

void print_group_json(Context& context, const std::string& group,
                      const std::vector<MemberSend>& sends, std::uint64_t arrived, bool waited) {
    Json missing = Json::array();
    for (const MemberSend& send : sends) {
        if (!has_arrived(send, waited)) missing.push_back(missing_json(send));
    }
    if (const auto ids = accepted_ids(sends); !ids.empty() && context.connected()) {
        for (const MessageRecord& record : get_messages(context, ids)) {
            context.print_json("message", message_json(record));
        }
    }
    context.print_json("group_delivery", {{"group", group.substr(1)},
                                          {"members", sends.size()},
                                          {waited ? "delivered" : "queued", arrived},
                                          {"missing", missing}});
}

void print_group(Context& context, const std::string& group, const std::vector<MemberSend>& sends,
                 std::uint64_t arrived, bool waited) {
    std::string again;
    for (const MemberSend& send : sends) {
        if (has_arrived(send, waited)) continue;
        if (send.failure) {
            context.print("→ " + send.member + ": " +
                          tr("not sent: {1}", one_line(send.failure->what())) + "\n");
        } else {
            context.print(sent_line(send.record, context.style()));
            if (is_final(send.record.state)) again += " " + std::to_string(send.record.id);
        }
    }
    if (!context.quiet() || arrived < sends.size()) {
        context.print((waited ? tr("{1}: {2} of {3} delivered", group, arrived, sends.size())
                              : tr("{1}: {2} of {3} queued", group, arrived, sends.size())) +
                      "\n");
    }
    if (!again.empty()) context.remark(tr("to send again to those alone: p2pctl retry{1}", again));
}

}  // namespace

ExitCode send_to_group(Context& context, const std::string& group, const std::string& text,
                       const DeliveryOptions& options) {
    std::vector<MemberSend> sends = resolved(context, group);
    for (MemberSend& send : sends) {
        if (!send.failure) send_to(context, send, text, options);
    }
    if (options.wait) await_ends(context, sends, options);
    ExitCode exit = ExitCode::done;
    std::uint64_t arrived = 0;
    for (const MemberSend& send : sends) {
        if (has_arrived(send, options.wait)) {
            ++arrived;
        } else {
            exit = worse(exit, send.failure ? send.failure->exit() : exit_of(send.record.state));
        }
    }
    if (context.json()) {
        print_group_json(context, group, sends, arrived, options.wait);
    } else {
        print_group(context, group, sends, arrived, options.wait);
    }
    context.out().flush();
    return exit;
}

}  // namespace p2pd
