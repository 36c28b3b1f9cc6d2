// ctl: what may be wrong with this host: facts in, findings out. Includes std and common.
#include "ctl/doctor_host.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/endpoint_text.h"
#include "ctl/language.h"
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
        Finding found =
            warning("limits", tr("{1}: {2} of {3} are used", limit.name, limit.used, limit.max),
                    tr("p2pctl sent and p2pctl status show what waits; p2pctl purge, or "
                       "a higher {1} in p2pd.conf, makes room",
                       limit.name));
        if (is_full(limit)) found.level = Level::problem;
        findings.push_back(std::move(found));
    }
    if (findings.empty()) findings.push_back(fine("limits", tr("no limit is nearly reached")));
    return findings;
}

Finding address_missing(const Binding& binding) {
    const auto split = split_host_port(binding.endpoint, default_udp_port);
    return warning("address",
                   tr("no interface of this host has {1}", split ? split->host : binding.endpoint),
                   tr("p2pd waits for it; see ip address, and listen in p2pd.conf"));
}

Findings address_findings(const std::vector<Binding>& bindings) {
    Findings findings;
    std::string all;
    for (const Binding& binding : bindings) {
        all += (all.empty() ? "" : ", ") + binding.endpoint;
        if (binding.error == EADDRNOTAVAIL) findings.push_back(address_missing(binding));
    }
    if (findings.empty()) findings.push_back(fine("address", tr("listening on {1}", all)));
    return findings;
}

Finding version_finding(const StatusResult& status) {
    if (status.version == P2PD_VERSION)
        return fine("version", tr("p2pd and p2pctl are {1}", P2PD_VERSION));
    return warning("version", tr("p2pd is {1}, p2pctl {2}", status.version, P2PD_VERSION),
                   tr("after an upgrade: systemctl restart p2pd"));
}

Finding receive_finding(const StatusResult& status) {
    const std::uint64_t dropped = count_of(status.counters, "kernel_dropped");
    if (dropped == 0) return fine("receive", tr("the kernel has dropped no datagram"));
    return warning(
        "receive",
        tr_count("the kernel has dropped {1} datagram since the start, as they came faster "
                 "than they were read",
                 "the kernel has dropped {1} datagrams since the start, as they came "
                 "faster than they were read",
                 dropped),
        tr("they come again; if it goes on: sysctl -w net.core.rmem_max=8388608, then "
           "restart p2pd"));
}

Finding service_finding(const UnitState& unit) {
    if (unit.restarts == 0)
        return fine("service", tr("{1} is {2}, as systemd says", unit.unit, unit.state));
    return warning(
        "service",
        tr_count("systemd has started {2} again after {1} failure",
                 "systemd has started {2} again after {1} failures", unit.restarts, unit.unit),
        tr("journalctl -u {1} says why", unit.unit));
}

}  // namespace

Finding denied_finding(const Access& access) {
    if (access.active) {
        return problem("permission",
                       tr("{1} may not open {2}: the group {3} is active, the mode is wrong",
                          access.user, access.socket, access.group),
                       tr("ls -l {1} should show srw-rw---- and the group {2}; systemctl restart "
                          "p2pd makes it so",
                          access.socket, access.group));
    }
    if (access.member) {
        return problem("permission",
                       tr("{1} may not open {2}: a member of the group {3}, but not in this login, "
                          "which is older",
                          access.user, access.socket, access.group),
                       tr("log out and in again, or for this shell: newgrp {1}", access.group));
    }
    return problem(
        "permission",
        tr("{1} may not open {2}: no member of the group {3}", access.user, access.socket,
           access.group),
        tr("{1}, then log in again", "sudo adduser " + access.user + " " + access.group));
}

Finding down_finding(const Down& down) {
    std::string message = down.socket_exists
                              ? tr("p2pd is not running: nobody listens on {1}", down.socket)
                              : tr("p2pd is not running: {1} does not exist", down.socket);
    if (down.unit) {
        const UnitEnd& unit = *down.unit;
        message +=
            "; " + (unit.exit_code == 0 ? tr("{1} is {2}, as systemd says", unit.unit, unit.state)
                                        : tr("{1} is {2}, it ended with {3}", unit.unit, unit.state,
                                             unit.exit_code));
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
                problem("port", tr("UDP {1} is taken by another program", binding.endpoint),
                        tr("sudo ss -lunp 'sport = :{1}' says by which: end it, or choose another "
                           "port with listen in p2pd.conf",
                           port)));
        } else if (binding.error == EADDRNOTAVAIL) {
            findings.push_back(address_missing(binding));
        } else {
            findings.push_back(problem(
                "port",
                tr("UDP {1} cannot be used: {2}", binding.endpoint, std::strerror(binding.error)),
                tr("see listen in p2pd.conf")));
        }
    }
    if (findings.empty()) findings.push_back(fine("port", tr("the UDP ports are free")));
    return findings;
}

Finding disk_finding(const std::string& folder, std::uint64_t free_bytes) {
    const std::string message = tr("{1} are free for {2}", bytes_text(free_bytes), folder);
    if (free_bytes >= free_bytes_min) return fine("disk", message);
    return warning("disk", message,
                   tr("make room: with a full disk p2pd takes and confirms nothing; p2pctl purge "
                      "deletes what is read"));
}

Findings running_findings(const StatusResult& status, const std::optional<UnitState>& unit,
                          const std::vector<Binding>& bindings) {
    Findings findings{fine("daemon", tr("p2pd is running, process {1}", status.pid)),
                      version_finding(status)};
    if (unit) findings.push_back(service_finding(*unit));
    std::ranges::move(address_findings(bindings), std::back_inserter(findings));
    if (status.disk_full) {
        findings.push_back(problem(
            "disk", tr("the disk of {1} is full: nothing is taken or confirmed", status.state_dir),
            tr("make room there; p2pd goes on by itself")));
    } else if (status.disk_free_bytes) {
        findings.push_back(disk_finding(status.state_dir, *status.disk_free_bytes));
    }
    std::ranges::move(limit_findings(status.limits), std::back_inserter(findings));
    findings.push_back(receive_finding(status));
    return findings;
}

}  // namespace p2pd
