// daemon: the configuration in the terms of each room. Includes all of daemon.
#include "daemon/config_limits.h"

#include "daemon/peer_socket.h"

namespace p2pd {

NodeLimits node_limits(const Config& config) {
    NodeLimits limits{config.text_bytes_max, config.peers_max, config.queue_messages_max,
                      config.peer_memory_max, config.memory_max};
    limits.read_receipts = config.read_receipts;
    limits.admission.known_only = config.accept == Accept::known;
    for (const std::string& text : config.block) {
        limits.admission.blocked.push_back(parse_network(text).value());
    }
    limits.admission.stranger_rate = static_cast<std::uint32_t>(config.stranger_rate);
    limits.admission.strangers_rate = static_cast<std::uint32_t>(config.strangers_rate);
    return limits;
}

namespace {

StrangerQuotas stranger_quotas(const Config& config) {
    return {config.stranger_messages_max, config.stranger_bytes_max, config.strangers_messages_max,
            config.strangers_bytes_max};
}

}  // namespace

ControlLimits control_limits(const Config& config) {
    return {config.clients_max, config.client_pending_max, config.line_timeout,
            config.write_timeout};
}

StoreOptions store_options(const Config& config) {
    StoreOptions options;
    options.state_dir = config.state_dir;
    options.checkpoint_bytes = config.checkpoint_bytes;
    options.part_timeout = config.part_timeout;
    options.quotas = stranger_quotas(config);
    return options;
}

std::vector<Endpoint> listen_endpoints(const Config& config) {
    std::vector<Endpoint> endpoints;
    for (const std::string& text : config.listen) {
        const auto endpoint = parse_endpoint(text, default_udp_port);
        if (!endpoint) throw ListenError("cannot listen on " + text + ": not an address");
        endpoints.push_back(*endpoint);
    }
    return endpoints;
}

}  // namespace p2pd
