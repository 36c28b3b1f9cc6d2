// daemon: what is counted, as `status` and `metrics` tell it. Includes core, common, store and
// peer_socket.
#include "daemon/metrics.h"

#include <string_view>
#include <utility>
#include <variant>

namespace p2pd {

namespace {

using Counter = std::variant<std::uint64_t NodeCounters::*, std::uint64_t PeerSocketCounters::*>;

struct CounterRow {
    std::string_view name;
    Counter member;
    std::string_view help;
};
constexpr CounterRow counter_rows[] = {
    {"datagrams_received", &NodeCounters::datagrams_received, "Datagrams that came in."},
    {"messages_received", &NodeCounters::messages_received,
     "Messages and replies that came in, copies included."},
    {"acks_received", &NodeCounters::acks_received, "ACKs that came in."},
    {"acks_unmatched", &NodeCounters::acks_unmatched,
     "ACKs that came in for what nothing waits for."},
    {"receipts_received", &NodeCounters::receipts_received,
     "Questions and answers that came in about whether a message was read."},
    {"acks_sent", &NodeCounters::acks_sent, "Messages confirmed or refused."},
    {"acks_too_late", &NodeCounters::acks_too_late,
     "ACKs not sent, as the sender has tried again since."},
    {"acks_dropped", &NodeCounters::acks_dropped,
     "ACKs not sent, as too many waited for the socket."},
    {"transmissions", &NodeCounters::transmissions, "Messages sent, each time counted."},
    {"retransmissions", &NodeCounters::retransmissions, "Messages sent again."},
    {"inbox_full", &NodeCounters::inbox_full,
     "Messages not taken, as too many waited for the disk."},
    {"kernel_dropped", &PeerSocketCounters::kernel_dropped,
     "Datagrams that did not fit the receive buffer of a socket."},
    {"send_errors", &PeerSocketCounters::send_errors, "Datagrams that could not be sent."},
};

/// In the order of OutState.
constexpr std::array<std::string_view, DaemonCounters::ends> end_names{
    {"delivered", "refused", "expired", "cancelled"}};

double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string full_name(std::string_view name) {
    return "p2pd_" + std::string(name);
}

MetricFamily family(std::string_view name, MetricType type, std::string_view help) {
    MetricFamily family;
    family.name = full_name(name);
    family.type = type;
    family.help = help;
    return family;
}

/// One number without a label.
MetricFamily single(std::string_view name, MetricType type, std::string_view help, double value) {
    MetricFamily made = family(name, type, help);
    made.samples.push_back({std::nullopt, value});
    return made;
}

MetricFamily gauge(std::string_view name, std::string_view help, double value) {
    return single(name, MetricType::gauge, help, value);
}

MetricFamily in_unit(std::string_view unit, MetricFamily family) {
    family.unit = unit;
    return family;
}

MetricFamily labelled(MetricFamily family, std::string_view label,
                      const std::vector<NamedCount>& counts) {
    family.label = label;
    for (const NamedCount& each : counts) {
        family.samples.push_back({each.name, static_cast<double>(each.count)});
    }
    return family;
}

MetricFamily histogram(std::string_view name, std::string_view help,
                       const DurationHistogram& durations) {
    MetricFamily made = in_unit("seconds", family(name, MetricType::histogram, help));
    for (std::size_t i = 0; i < durations.counts().size(); ++i) {
        made.count += durations.counts()[i];
        if (i == DurationHistogram::bounds.size()) break;
        made.buckets.push_back({seconds(DurationHistogram::bounds[i]), made.count});
    }
    made.sum = seconds(durations.sum());
    return made;
}

std::uint64_t value_of(const CounterRow& row, const NodeCounters& node,
                       const PeerSocketCounters& socket) {
    if (const auto* const member = std::get_if<std::uint64_t NodeCounters::*>(&row.member)) {
        return node.**member;
    }
    return socket.*std::get<std::uint64_t PeerSocketCounters::*>(row.member);
}

std::vector<NamedCount> end_counts(const DaemonCounters& counters) {
    std::vector<NamedCount> counts;
    for (std::size_t i = 0; i < end_names.size(); ++i) {
        counts.push_back({std::string(end_names[i]), counters.ended[i]});
    }
    return counts;
}

void add_counters(std::vector<MetricFamily>& families, const MetricsFacts& facts) {
    for (const CounterRow& row : counter_rows) {
        const std::uint64_t value = value_of(row, facts.node, facts.socket);
        families.push_back(
            single(row.name, MetricType::counter, row.help, static_cast<double>(value)));
    }
    families.push_back(labelled(family("datagrams_dropped", MetricType::counter,
                                       "Datagrams that were not taken, by cause."),
                                "cause", drop_counts(facts.node)));
    families.push_back(single("messages_accepted", MetricType::counter,
                              "Messages that became durable here, to be sent.",
                              static_cast<double>(facts.daemon.accepted)));
    families.push_back(
        labelled(family("messages_ended", MetricType::counter,
                        "Sent messages that reached a final state, by what became of them."),
                 "state", end_counts(facts.daemon)));
}

void add_gauges(std::vector<MetricFamily>& families, const MetricsFacts& facts) {
    const auto number = [](auto value) { return static_cast<double>(value); };
    families.push_back(gauge("queued_messages", "Sent messages without a final state.",
                             number(facts.store.pending)));
    families.push_back(gauge("unread_messages", "Messages of the inbox that nobody has read.",
                             number(facts.store.unread)));
    families.push_back(gauge("stored_messages", "Messages that are kept, in and out.",
                             number(facts.store.messages)));
    families.push_back(gauge("unstored_messages", "Received messages that wait for the disk.",
                             number(facts.unstored_received)));
    families.push_back(
        in_unit("bytes", gauge("outgoing_memory_bytes", "Memory that messages to be sent take.",
                               number(facts.outgoing_bytes))));
    families.push_back(
        in_unit("bytes", gauge("store_bytes", "Size of the store on disk, its log included.",
                               number(facts.store.bytes))));
    families.push_back(gauge("peers", "Peers that the store knows.", number(facts.store.peers)));
    families.push_back(
        gauge("clients", "Connections to the control socket.", number(facts.clients)));
    families.push_back(gauge("disk_full",
                             "1 while the disk is full and nothing is accepted, else 0.",
                             facts.disk_full ? 1 : 0));
}

void add_limits(std::vector<MetricFamily>& families, const MetricsFacts& facts) {
    std::vector<NamedCount> used;
    std::vector<NamedCount> most;
    for (const LimitUse& limit : facts.limits) {
        used.push_back({limit.name, limit.used});
        most.push_back({limit.name, limit.max});
    }
    families.push_back(
        labelled(family("limit", MetricType::gauge, "Limits of the configuration, by their key."),
                 "key", most));
    families.push_back(labelled(
        family("limit_used", MetricType::gauge, "How much of each limit is used."), "key", used));
}

}  // namespace

void DaemonCounters::count(const Event& event) {
    if (const auto* const outcome = std::get_if<SendOutcome>(&event)) {
        if (!outcome->disk_full && !outcome->repeated) accepted += outcome->messages;
        return;
    }
    const auto* const finished = std::get_if<Finished>(&event);
    if (finished == nullptr) return;
    const OutState state = finished->update.state;
    if (state != OutState::pending) ended[static_cast<std::size_t>(state) - 1] += finished->count;
}

std::vector<NamedCount> traffic_counts(const NodeCounters& node, const PeerSocketCounters& socket) {
    std::vector<NamedCount> counts;
    for (const CounterRow& row : counter_rows) {
        counts.push_back({std::string(row.name), value_of(row, node, socket)});
    }
    return counts;
}

std::vector<NamedCount> drop_counts(const NodeCounters& node) {
    std::vector<NamedCount> drops;
    for (const auto& [cause, name] : enum_names(DropCause{})) {
        drops.push_back({std::string(name), node.dropped[static_cast<std::size_t>(cause)]});
    }
    for (const auto& [cause, name] : enum_names(TurnedAway{})) {
        drops.push_back({std::string(name), node.turned_away[static_cast<std::size_t>(cause)]});
    }
    return drops;
}

MetricsResult metrics_of(const MetricsFacts& facts) {
    MetricsResult result;
    std::vector<MetricFamily>& families = result.families;
    MetricFamily build = family("build_info", MetricType::gauge, "The version; always 1.");
    families.push_back(labelled(std::move(build), "version", {{facts.version, 1}}));
    families.push_back(in_unit("seconds", gauge("start_time_seconds", "When p2pd started.",
                                                seconds(facts.started_at.time_since_epoch()))));
    add_counters(families, facts);
    add_gauges(families, facts);
    add_limits(families, facts);
    families.push_back(histogram("commit_seconds", "What it takes to make a batch durable.",
                                 facts.daemon.commits));
    families.push_back(histogram("round_trip_seconds",
                                 "From a datagram to its ACK; samples that timeouts go by.",
                                 facts.node.round_trips));
    return result;
}

}  // namespace p2pd
