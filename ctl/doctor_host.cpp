// ctl: what may be wrong with this host: facts in, findings out. Includes std and common.
#include "ctl/doctor_host.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/endpoint_text.h"
#include "ctl/output_human.h"
#include "ctl/output_status.h"

namespace p2pd {

namespace {

constexpr std::uint64_t free_bytes_min = std::uint64_t{100} * 1024 * 1024;

std::uint64_t count_of(const std::vector<NamedCount>& counts, std::string_view name) {
    const auto found = std::ranges::find(counts, name, &NamedCount::name);
    return found == counts.end() ? 0 : found->count;
}

bool is_full(const LimitUse& limit) {
    return limit.max > 0 && limit.used >= limit.max;
}

bool is_nearly_full(const LimitUse& limit) {
    return limit.max > 0 && limit.used >= limit.max - limit.max / 10;
}

Findings limit_findings(const std::vector<LimitUse>& limits) {
    Findings findings;
    for (const LimitUse& limit : limits) {
        // Peers that are idle make room for others.
        if (limit.name == "peers_max" || !is_nearly_full(limit)) continue;
        Finding found = warning("limits",
                                limit.name + ": " + std::to_string(limit.used) + " of " +
                                    std::to_string(limit.max) + " are used",
                                "p2pctl sent and p2pctl status show what waits; p2pctl purge, or a "
                                "higher " +
                                    limit.name + " in p2pd.conf, makes room");
        if (is_full(limit)) found.level = Level::problem;
        findings.push_back(std::move(found));
    }
    if (findings.empty()) findings.push_back(fine("limits", "no limit is nearly reached"));
    return findings;
}

Finding address_missing(const Binding& binding) {
    const auto split = split_host_port(binding.endpoint, default_udp_port);
    return warning("address",
                   "no interface of this host has " + (split ? split->host : binding.endpoint),
                   "p2pd waits for it; see ip address, and listen in p2pd.conf");
}

Findings address_findings(const std::vector<Binding>& bindings) {
    Findings findings;
    std::string all;
    for (const Binding& binding : bindings) {
        all += (all.empty() ? "" : ", ") + binding.endpoint;
        if (binding.error == EADDRNOTAVAIL) findings.push_back(address_missing(binding));
    }
    if (findings.empty()) findings.push_back(fine("address", "listening on " + all));
    return findings;
}

Finding version_finding(const StatusResult& status) {
    if (status.version == P2PD_VERSION) return fine("version", "p2pd and p2pctl are " P2PD_VERSION);
    return warning("version", "p2pd is " + status.version + ", p2pctl " P2PD_VERSION,
                   "after an upgrade: systemctl restart p2pd");
}

Finding receive_finding(const StatusResult& status) {
    const std::uint64_t dropped = count_of(status.counters, "kernel_dropped");
    if (dropped == 0) return fine("receive", "the kernel has dropped no datagram");
    return warning("receive",
                   "the kernel has dropped " + counted(dropped, "datagram") +
                       " since the start, as they came faster than they were read",
                   "they come again; if it goes on: sysctl -w net.core.rmem_max=8388608, then "
                   "restart p2pd");
}

Finding service_finding(const UnitState& unit) {
    if (unit.restarts == 0) return fine("service", unit.unit + " is " + unit.state);
    return warning(
        "service",
        "systemd has started " + unit.unit + " again after " + counted(unit.restarts, "failure"),
        "journalctl -u " + unit.unit + " says why");
}

}  // namespace

Finding denied_finding(const Access& access) {
    const std::string what = access.user + " may not open " + access.socket + ": ";
    if (access.active) {
        return problem("permission",
                       what + "the group " + access.group + " is active, the mode is wrong",
                       "ls -l " + access.socket + " should show srw-rw---- and the group " +
                           access.group + "; systemctl restart p2pd makes it so");
    }
    if (access.member) {
        return problem("permission",
                       what + "a member of the group " + access.group +
                           ", but not in this login, which is older",
                       "log out and in again, or for this shell: newgrp " + access.group);
    }
    return problem("permission", what + "no member of the group " + access.group,
                   "sudo adduser " + access.user + " " + access.group + ", then log in again");
}

Finding down_finding(const Down& down) {
    std::string message = "p2pd is not running: ";
    message +=
        down.socket_exists ? "nobody listens on " + down.socket : down.socket + " does not exist";
    if (down.unit) {
        message += "; " + down.unit->unit + " is " + down.unit->state;
        if (down.unit->exit_code != 0) {
            message += ", it ended with " + std::to_string(down.unit->exit_code);
        }
    }
    return problem("daemon", message, down.hint);
}

Findings port_findings(const std::vector<Binding>& bindings) {
    Findings findings;
    for (const Binding& binding : bindings) {
        const auto split = split_host_port(binding.endpoint, default_udp_port);
        if (!split || binding.error == 0 || binding.error == EAFNOSUPPORT) continue;
        const std::string port = std::to_string(split->port);
        if (binding.error == EADDRINUSE) {
            findings.push_back(
                problem("port", "UDP " + binding.endpoint + " is taken by another program",
                        "sudo ss -lunp 'sport = :" + port +
                            "' says by which: end it, or choose another port with listen in "
                            "p2pd.conf"));
        } else if (binding.error == EADDRNOTAVAIL) {
            findings.push_back(address_missing(binding));
        } else {
            findings.push_back(problem(
                "port",
                "UDP " + binding.endpoint + " cannot be used: " + std::strerror(binding.error),
                "see listen in p2pd.conf"));
        }
    }
    if (findings.empty()) findings.push_back(fine("port", "the UDP ports are free"));
    return findings;
}

Finding disk_finding(const std::string& folder, std::uint64_t free_bytes) {
    const std::string message = bytes_text(free_bytes) + " are free for " + folder;
    if (free_bytes >= free_bytes_min) return fine("disk", message);
    return warning("disk", message,
                   "make room: with a full disk p2pd takes and confirms nothing; p2pctl purge "
                   "deletes what is read");
}

Findings running_findings(const StatusResult& status, const std::optional<UnitState>& unit,
                          const std::vector<Binding>& bindings) {
    Findings findings{fine("daemon", "p2pd is running, process " + std::to_string(status.pid)),
                      version_finding(status)};
    if (unit) findings.push_back(service_finding(*unit));
    std::ranges::move(address_findings(bindings), std::back_inserter(findings));
    if (status.disk_full) {
        findings.push_back(problem(
            "disk", "the disk of " + status.state_dir + " is full: nothing is taken or confirmed",
            "make room there; p2pd goes on by itself"));
    } else if (status.disk_free_bytes) {
        findings.push_back(disk_finding(status.state_dir, *status.disk_free_bytes));
    }
    std::ranges::move(limit_findings(status.limits), std::back_inserter(findings));
    findings.push_back(receive_finding(status));
    return findings;
}

}  // namespace p2pd
