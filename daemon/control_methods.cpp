// daemon: the table of control methods, rights, and how peers are named. Includes all of daemon.
#include "daemon/control_methods.h"

#include <algorithm>
#include <net/if.h>
#include <pwd.h>
#include <unistd.h>

#include "common/endpoint_text.h"
#include "common/log_ids.h"
#include "common/nearest_name.h"
#include "daemon/control_request.h"
#include "daemon/daemon.h"
#include "daemon/message_log.h"

namespace p2pd {

ControlMethods::ControlMethods(Daemon& daemon)
    : daemon_(daemon),
      waits_(daemon.loop()),
      span_waits_(daemon.loop(), [this](MessageId id) { return attempts(id); }),
      receipt_waits_(daemon.loop(),
                     [this](const ReceiptKey& about) { daemon_.node().stop_asking(about); }) {
    waits_.set_attempts([this](MessageId id) { return attempts(id); });
    configured();
}

std::optional<std::uint32_t> ControlMethods::attempts(MessageId id) const {
    const OutgoingMessage* const message = daemon_.node().outgoing(id);
    return message == nullptr ? std::nullopt : std::optional(message->attempts);
}

void ControlMethods::configured() {
    admins_ = {0, geteuid()};
    for (const std::string& name : daemon_.config().admins) {
        if (const passwd* const user = getpwnam(name.c_str())) {
            admins_.insert(user->pw_uid);
        } else {
            daemon_.log().warning("admins: there is no user " + name,
                                  {.message_id = log_id::admin_unknown});
        }
    }
}

bool ControlMethods::is_admin(const Caller& caller) const {
    return admins_.contains(caller.uid);
}

template <class Params, class Method>
void ControlMethods::add(ControlServer& server, std::string name, Method method, Order order,
                         Rights rights) {
    descriptions_.push_back({{"name", name},
                             {"params", describe_fields<Params>()},
                             {"administrators_only", rights == Rights::administrators}});
    const auto call = [this, method, rights](const Caller& caller, const LineJson& json,
                                             const Responder& responder) {
        try {
            if (rights == Rights::administrators && !is_admin(caller)) {
                throw ControlFailure{error_not_permitted, "this is for administrators only",
                                     "as root, or a user named in admins of p2pd.conf"};
            }
            Params params;
            read_fields(json, params);
            (this->*method)(caller, std::move(params), responder);
        } catch (const FieldError& error) {
            responder.error(error_params, error.what());
        } catch (const ControlFailure& failure) {
            responder.error(failure.kind, failure.message, failure.hint);
        }
        daemon_.schedule_flush();
    };
    server.add_method(std::move(name), {call, order == Order::pipelined});
}

void ControlMethods::add_to(ControlServer& server) {
    add_message_methods(server);
    add_peer_methods(server);
    add_service_methods(server);
    for (const auto& [name, fields] : {std::pair{"subscribe", describe_fields<SubscribeParams>()},
                                       std::pair{"unsubscribe", describe_fields<NoParams>()}}) {
        descriptions_.push_back(
            {{"name", name}, {"params", fields}, {"administrators_only", false}});
    }
    server.set_changes([this](std::uint64_t since, auto done) { changes(since, std::move(done)); });
}

void ControlMethods::changes(std::uint64_t since,
                             std::function<void(std::vector<MessageRecord>)> done) {
    constexpr std::uint32_t page_messages = 200;
    daemon_.query(
        [since](Store& store) { return store.changes(since, page_messages); },
        [done = std::move(done)](MessagesResult page) { done(std::move(page.messages)); });
}

void ControlMethods::add_message_methods(ControlServer& server) {
    using This = ControlMethods;
    add<SendParams>(server, "send", &This::send, Order::pipelined);
    add<SendManyParams>(server, "send_many", &This::send_many, Order::pipelined);
    add<ReplyParams>(server, "reply", &This::reply, Order::pipelined);
    add<WaitParams>(server, "wait", &This::wait, Order::pipelined);
    add<TraceParams>(server, "trace", &This::trace);
    add<ReceiptParams>(server, "receipt", &This::receipt, Order::pipelined);
    add<IdsParams>(server, "retry", &This::retry);
    add<IdsParams>(server, "cancel", &This::cancel);
    add<ListParams>(server, "list", &This::list);
    add<IdsParams>(server, "get", &This::get);
    add<ThreadParams>(server, "thread", &This::thread);
    add<SearchParams>(server, "search", &This::search);
    add<MarkParams>(server, "mark", &This::mark);
    add<IdsParams>(server, "delete", &This::remove);
    add<PurgeParams>(server, "purge", &This::purge, Order::in_turn, Rights::administrators);
}

void ControlMethods::add_peer_methods(ControlServer& server) {
    using This = ControlMethods;
    add<PeersListParams>(server, "peers.list", &This::peers_list);
    add<PeersNamesParams>(server, "peers.names", &This::peers_names);
    add<PeerAddParams>(server, "peers.add", &This::peers_add);
    add<PeerRenameParams>(server, "peers.rename", &This::peers_rename);
    add<PeerParams>(server, "peers.remove", &This::peers_remove);
    add<PeerParams>(server, "peers.show", &This::peers_show);
    add<NoParams>(server, "groups.list", &This::groups_list);
    add<GroupAddParams>(server, "groups.add", &This::groups_add);
    add<GroupRemoveParams>(server, "groups.remove", &This::groups_remove);
}

void ControlMethods::add_service_methods(ControlServer& server) {
    using This = ControlMethods;
    add<HelloParams>(server, "hello", &This::hello);
    add<NoParams>(server, "status", &This::status);
    add<NoParams>(server, "metrics", &This::metrics);
    add<NoParams>(server, "config.get", &This::config);
    add<NoParams>(server, "reload", &This::reload, Order::in_turn, Rights::administrators);
    add<LogLevelParams>(server, "log_level", &This::log_level);
    add<ExportParams>(server, "export", &This::export_page);
    add<ImportParams>(server, "import", &This::import_records, Order::in_turn,
                      Rights::administrators);
    add<NoParams>(server, "backup", &This::backup, Order::pipelined, Rights::administrators);
    add<NoParams>(server, "rpc.discover", &This::discover);
}

void ControlMethods::handle(const Event& event) {
    if (const auto* outcome = std::get_if<SendOutcome>(&event)) {
        sent(*outcome);
    } else if (const auto* finished = std::get_if<Finished>(&event)) {
        recent_ends_.add(*finished);
        span_waits_.finished(finished->update, finished->count);  // they wait, the log does not
        waits_.finished(*finished);
        log_end(daemon_.log(), *finished);
    } else {
        receipt_waits_.heard(std::get<ReceiptHeard>(event));
    }
}

namespace {

/// `fe80::1%eth0`: the core knows interfaces by number only.
std::string numeric_scope(const HostPort& address) {
    const std::size_t percent = address.host.find('%');
    if (percent == std::string::npos) return address.host;
    const unsigned index = if_nametoindex(address.host.c_str() + percent + 1);
    if (index == 0) return address.host;
    return address.host.substr(0, percent + 1) + std::to_string(index);
}

bool is_multicast(const Endpoint& endpoint) {
    constexpr std::size_t v4_offset = 12;
    return endpoint.is_v4() ? endpoint.address[v4_offset] >= 224 : endpoint.address[0] == 0xff;
}

bool is_link_local(const Endpoint& endpoint) {
    return endpoint.address[0] == 0xfe && (endpoint.address[1] & 0xc0U) == 0x80;
}

/// Of link-local addresses the interface is a part, as those of others are not: nothing that comes
/// from another has it.
Endpoint endpoint_of(const std::string& peer, const HostPort& address) {
    auto endpoint = parse_endpoint(join_host_port(numeric_scope(address), address.port), 0);
    if (!endpoint && address.host.find('%') != std::string::npos) {
        throw ControlFailure{error_params,
                             "\"peer\": this host has no network interface " +
                                 address.host.substr(address.host.find('%') + 1),
                             "ip link shows which there are"};
    }
    if (!endpoint || endpoint->port == 0 || endpoint->is_unspecified() || is_multicast(*endpoint)) {
        throw ControlFailure{error_params, "\"peer\": " + peer + " is no address of one host",
                             "IP, IP:PORT or [IPv6]:PORT, the port from 1 to 65535"};
    }
    if (!is_link_local(*endpoint)) {
        endpoint->scope_id = 0;
    } else if (endpoint->scope_id == 0) {
        throw ControlFailure{error_params,
                             "\"peer\": " + peer + " is a link-local address without its interface",
                             address.host + "%INTERFACE, such as " + address.host + "%eth0"};
    }
    return *endpoint;
}

}  // namespace

Endpoint ControlMethods::resolve(const std::string& peer) {
    if (const auto known = daemon_.book().find(peer)) return *known;
    if (peer == resolved_text_) return resolved_;
    const auto address = split_host_port(peer, default_udp_port);
    if (address && is_ip_address(address->host)) {
        const Endpoint endpoint = endpoint_of(peer, *address);
        if (endpoint.scope_id == 0) {  // an interface may get another number
            resolved_text_ = peer;
            resolved_ = endpoint;
        }
        return endpoint;
    }
    const auto names = daemon_.book().names();
    const auto nearest = nearest_name(peer, names);
    throw ControlFailure{
        error_unknown_peer, "no peer \"" + peer + "\" in the address book",
        nearest ? "did you mean " + std::string(*nearest) + "?" : "p2pctl peer add NAME ADDRESS"};
}

std::optional<Endpoint> ControlMethods::resolve(const std::optional<std::string>& peer) {
    if (!peer) return std::nullopt;
    return resolve(*peer);
}

void require_ids(const std::vector<std::uint64_t>& ids) {
    if (ids.empty() || ids.size() > ids_max) {
        throw ControlFailure{error_params,
                             "\"ids\": must be 1 to " + std::to_string(ids_max) + " ids"};
    }
}

void require_all(const std::vector<std::uint64_t>& ids, const std::vector<MessageRecord>& found,
                 MessageId newest) {
    for (const std::uint64_t id : ids) {
        const bool known = std::any_of(found.begin(), found.end(),
                                       [id](const auto& record) { return record.id == id; });
        if (known) continue;
        throw ControlFailure{
            error_unknown_message,
            "no message " + std::to_string(id) +
                (newest == 0 ? "; there is none yet" : "; the newest is " + std::to_string(newest)),
            "p2pctl inbox"};
    }
}

}  // namespace p2pd
