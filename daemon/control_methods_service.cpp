// daemon: methods about the daemon itself. Includes all of daemon.
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include "common/endpoint_text.h"
#include "daemon/control_continuation.h"
#include "daemon/control_methods.h"
#include "daemon/daemon.h"
#include "daemon/message_log.h"
#include "daemon/metrics.h"

namespace p2pd {

namespace {

/// What is left for the daemon's user on the disk of `folder`.
std::optional<std::uint64_t> free_bytes(const std::string& folder) {
    std::error_code error;
    const std::filesystem::space_info space = std::filesystem::space(folder, error);
    if (error) return std::nullopt;
    return space.available;
}

/// How full everything is.
struct Fill {
    StoreCounts store;
    std::optional<std::uint64_t> free_bytes;
};

std::vector<LimitUse> limits(Daemon& daemon, const StoreCounts& store) {
    const Config& config = daemon.config();
    const Node& node = daemon.node();
    return {{"peers_max", node.peers(), config.peers_max},
            {"queue_messages_max", store.pending, config.queue_messages_max},
            {"memory_max", node.outgoing_bytes(), config.memory_max},
            {"clients_max", daemon.control_server().clients(), config.clients_max},
            {"strangers_messages_max", store.stranger_messages, config.strangers_messages_max},
            {"strangers_bytes_max", store.stranger_bytes, config.strangers_bytes_max}};
}

}  // namespace

void ControlMethods::hello(const Caller& caller, const HelloParams& /*params*/,
                           const Responder& responder) {
    responder.result(HelloResult{.version = P2PD_VERSION, .admin = is_admin(caller)});
}

void ControlMethods::status(const Caller& /*caller*/, const NoParams& /*params*/,
                            const Responder& responder) {
    daemon_.query(
        [folder = daemon_.config().state_dir](Store& store) {
            return Fill{store.counts(), free_bytes(folder)};
        },
        [this, responder](const Fill& fill) mutable {
            const StoreCounts& store = fill.store;
            StatusResult status;
            status.version = P2PD_VERSION;
            status.pid = getpid();
            status.started_at = {daemon_.started_at().time_since_epoch().count()};
            for (const Endpoint& endpoint : daemon_.peer_socket().listening()) {
                status.listening.push_back(endpoint.text());
            }
            status.state_dir = daemon_.config().state_dir;
            status.socket = daemon_.config().socket;
            status.unread = store.unread;
            status.queued = store.pending;
            status.messages = store.messages;
            status.newest_id = store.newest_id;
            status.peers = store.peers;
            status.store_bytes = store.bytes;
            status.disk_full = daemon_.node().disk_full();
            status.disk_free_bytes = fill.free_bytes;
            status.clients = static_cast<std::uint32_t>(daemon_.control_server().clients());
            const NodeCounters counters = daemon_.node().counters();
            status.counters = traffic_counts(counters, daemon_.peer_socket().counters());
            status.dropped = drop_counts(counters);
            status.limits = limits(daemon_, store);
            responder.result(status);
        });
}

void ControlMethods::metrics(const Caller& /*caller*/, const NoParams& /*params*/,
                             const Responder& responder) {
    daemon_.query([](Store& store) { return store.counts(); },
                  [this, responder](const StoreCounts& store) mutable {
                      MetricsFacts facts;
                      facts.version = P2PD_VERSION;
                      facts.started_at = daemon_.started_at();
                      facts.node = daemon_.node().counters();
                      facts.socket = daemon_.peer_socket().counters();
                      facts.daemon = daemon_.counters();
                      facts.store = store;
                      facts.disk_full = daemon_.node().disk_full();
                      facts.clients = daemon_.control_server().clients();
                      facts.unstored_received = daemon_.node().unstored_received();
                      facts.outgoing_bytes = daemon_.node().outgoing_bytes();
                      facts.limits = limits(daemon_, store);
                      responder.result(metrics_of(facts));
                  });
}

void ControlMethods::config(const Caller& /*caller*/, const NoParams& /*params*/,
                            const Responder& responder) {
    responder.result(ConfigResult{daemon_.config().entries()});
}

void ControlMethods::reload(const Caller& /*caller*/, const NoParams& /*params*/,
                            const Responder& responder) {
    try {
        responder.result(daemon_.reload());
    } catch (const ConfigError& error) {
        throw ControlFailure{error_configuration, error.what(), "nothing was changed"};
    }
}

void ControlMethods::log_level(const Caller& caller, const LogLevelParams& params,
                               const Responder& responder) {
    if (params.level) {
        if (!is_admin(caller)) {
            throw ControlFailure{error_not_permitted,
                                 "changing the log level is for administrators only"};
        }
        const auto level = enum_value<LogLevel>(*params.level);
        if (!level) {
            throw ControlFailure{error_params,
                                 "\"level\": must be one of: debug, info, warning, error"};
        }
        daemon_.log().set_level(*level);
    }
    responder.result(LogLevelResult{std::string(enum_name(daemon_.log().level()))});
}

void ControlMethods::discover(const Caller& /*caller*/, const NoParams& /*params*/,
                              const Responder& responder) {
    responder.result(Json{{"protocol", control_protocol_version},
                          {"version", P2PD_VERSION},
                          {"methods", descriptions_}});
}

}  // namespace p2pd
