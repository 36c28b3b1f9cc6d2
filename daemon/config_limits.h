// daemon: the configuration in the terms of each room. Includes std, core, common, the rooms'
// headers.
#pragma once

#include <vector>

#include "common/config.h"
#include "daemon/control_server.h"
#include "daemon/core/node.h"
#include "daemon/store.h"

namespace p2pd {

NodeLimits node_limits(const Config& config);
ControlLimits control_limits(const Config& config);
StoreOptions store_options(const Config& config);
/// Throws ListenError for what is no address.
std::vector<Endpoint> listen_endpoints(const Config& config);

}  // namespace p2pd
