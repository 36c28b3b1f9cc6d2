// ctl: what may be wrong on the way to a peer: facts in, findings out. Includes std and common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/control_protocol.h"
#include "ctl/doctor.h"

namespace p2pd {

/// All that the daemon knows of one peer. Nothing is sent to find out: a program of the field shows
/// what it can read to its user, and may die of what it cannot.
struct PeerCase {
    PeerRecord peer;
    std::optional<MessageRecord> waiting;        ///< not confirmed, and tried most often
    std::optional<UtcTime> confirmed_at;         ///< the last that it confirmed
    std::vector<MessageRecord> received = {};    ///< the newest ones, oldest first
    std::vector<PeerRecord> same_host = {};      ///< other ports of its host
    std::optional<std::string> blocked_by = {};  ///< the entry of `block` that its host is in
    bool has_socket = true;                      ///< p2pd listens on an address of its family
    UtcTime now;
};

Findings peer_findings(const PeerCase& facts);

/// Of a host that the configuration blocks, known or not.
Finding blocked_finding(const std::string& network);

}  // namespace p2pd
