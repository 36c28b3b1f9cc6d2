// daemon: methods about peers and the address book. Includes all of daemon.
#include <algorithm>

#include "common/endpoint_text.h"
#include "daemon/control_continuation.h"
#include "daemon/control_methods.h"
#include "daemon/daemon.h"
#include "daemon/message_log.h"

namespace p2pd {

namespace {

double milliseconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1000.0;
}

Dialect dialect_of(DialectName name) {
    switch (name) {
        case DialectName::base:
            break;
        case DialectName::upper:
            return Dialect::upper;
        case DialectName::quoted:
            return Dialect::quoted;
        case DialectName::short_:
            return Dialect::short_;
    }
    return Dialect::base;
}

DialectName name_of(Dialect dialect) {
    switch (dialect) {
        case Dialect::base:
            break;
        case Dialect::upper:
            return DialectName::upper;
        case Dialect::quoted:
            return DialectName::quoted;
        case Dialect::short_:
            return DialectName::short_;
    }
    return DialectName::base;
}

/// What became of the name of a peer.
struct Named {
    bool done = false;
    bool is_known = false;  ///< its host, from now on
    std::optional<PeerRecord> record;
};

void check_page(std::uint32_t limit) {
    if (limit >= 1 && limit <= page_messages_max) return;
    throw ControlFailure{error_params, "\"limit\": must be 1 to 500"};
}

void check_name(const std::string& name) {
    if (is_peer_name(name)) return;
    throw ControlFailure{error_params,
                         "\"name\": must be letters, digits, - and _, begin with a letter, and "
                         "have at most 63 bytes"};
}

}  // namespace

SendTrouble name_of(Trouble trouble) {
    switch (trouble) {
        case Trouble::port_unreachable:
            break;
        case Trouble::host_unreachable:
            return SendTrouble::host_unreachable;
        case Trouble::prohibited:
            return SendTrouble::prohibited;
        case Trouble::too_large:
            return SendTrouble::too_large;
    }
    return SendTrouble::port_unreachable;
}

/// What the Node knows at this moment is newer than what the store has.
void ControlMethods::overlay(PeerRecord& record) const {
    const auto endpoint = parse_endpoint(record.address, 0);
    const auto view = endpoint ? daemon_.node().view(*endpoint) : std::nullopt;
    if (!view) return;
    record.dialect = name_of(view->facts.dialect);
    record.dialect_by_hand = view->facts.dialect_by_hand;
    record.p2pd = view->facts.is_p2pd;
    if (view->facts.last_heard) {
        record.last_heard = UtcTime{view->facts.last_heard->time_since_epoch().count()};
    }
    record.away = view->away;
    record.in_flight = view->in_flight;
    record.window = view->window;
    record.in_flight_bytes = view->in_flight_bytes;
    record.window_bytes = view->window_bytes;
    record.datagram_bytes = view->datagram_bytes;
    record.transmitted = view->transmitted;
    record.retransmitted = view->retransmitted;
    if (view->round_trip) {
        record.rtt_ms = milliseconds(*view->round_trip);
        record.rtt_variation_ms = milliseconds(view->variation);
    }
    record.rto_ms = milliseconds(view->timeout);
    if (view->trouble) {
        record.trouble = name_of(view->trouble->what);
        record.trouble_at = UtcTime{view->trouble->at.time_since_epoch().count()};
    }
    record.repeats = view->repeats;
}

void ControlMethods::peers_list(const Caller& /*caller*/, const PeersListParams& params,
                                const Responder& responder) {
    check_page(params.limit);
    daemon_.query([after = resolve(params.after),
                   limit = params.limit](Store& store) { return store.peers(after, limit + 1); },
                  [this, limit = params.limit, responder](std::vector<PeerRecord> peers) mutable {
                      PeersResult result;
                      result.more = peers.size() > limit;
                      if (result.more) peers.resize(limit);
                      for (PeerRecord& peer : peers) overlay(peer);
                      result.peers = std::move(peers);
                      responder.result(result);
                  });
}

/// From memory: who presses Tab does not wait until the disk has time.
void ControlMethods::peers_names(const Caller& /*caller*/, const PeersNamesParams& params,
                                 const Responder& responder) {
    check_page(params.limit);
    const auto entries = daemon_.book().entries_after(params.after.value_or(""), params.limit + 1);
    PeersNamesResult result;
    result.more = entries.size() > params.limit;
    for (const BookEntry& entry : entries) {
        if (result.names.size() == params.limit) break;
        result.names.push_back({entry.name, entry.endpoint.text()});
    }
    responder.result(result);
}

void ControlMethods::peers_show(const Caller& /*caller*/, const PeerParams& params,
                                const Responder& responder) {
    const Endpoint endpoint = resolve(params.peer);
    daemon_.query(
        [endpoint](Store& store) { return store.peer(endpoint); },
        answering(responder, [this, endpoint, responder](std::optional<PeerRecord> peer) mutable {
            if (!peer) {
                throw ControlFailure{error_unknown_peer, "nothing is known of " + endpoint.text(),
                                     "p2pctl peer list"};
            }
            overlay(*peer);
            responder.result(*peer);
        }));
}

void ControlMethods::set_name(const Endpoint& endpoint, const std::optional<std::string>& name,
                              const std::optional<Dialect>& dialect, const Responder& responder) {
    if (name) {
        const auto taken = daemon_.book().find(*name);
        if (taken && *taken != endpoint) {
            throw ControlFailure{error_name_taken, *name + " is " + taken->text() + " already",
                                 "p2pctl peer remove " + *name};
        }
    }
    daemon_.query(
        [endpoint, name, dialect](Store& store) {
            const bool done = store.set_name(endpoint, name, dialect);
            return Named{done, store.is_known(endpoint), store.peer(endpoint)};
        },
        answering(responder, [this, endpoint, name, dialect, responder](const Named& set) mutable {
            if (!set.done) throw ControlFailure{error_disk_full, "the disk is full"};
            daemon_.node().set_known(endpoint, set.is_known);
            if (name) {
                daemon_.book().set(endpoint, *name);
            } else {
                daemon_.book().remove(endpoint);
            }
            if (dialect) daemon_.node().set_dialect(endpoint, *dialect);
            PeerRecord record = set.record.value_or(PeerRecord{});
            record.name = name;
            record.address = endpoint.text();
            log_named(daemon_.log(), endpoint, name);
            overlay(record);
            responder.result(record);
        }));
}

void ControlMethods::peers_add(const Caller& /*caller*/, const PeerAddParams& params,
                               const Responder& responder) {
    check_name(params.name);
    std::optional<Dialect> dialect;
    if (params.dialect) dialect = dialect_of(*params.dialect);
    set_name(resolve(params.address), params.name, dialect, responder);
}

void ControlMethods::peers_rename(const Caller& /*caller*/, const PeerRenameParams& params,
                                  const Responder& responder) {
    check_name(params.new_name);
    set_name(resolve(params.name), params.new_name, std::nullopt, responder);
}

void ControlMethods::peers_remove(const Caller& /*caller*/, const PeerParams& params,
                                  const Responder& responder) {
    const Endpoint endpoint = resolve(params.peer);
    if (!daemon_.book().name_of(endpoint)) {
        throw ControlFailure{error_unknown_peer,
                             endpoint.text() + " has no name in the address book",
                             "p2pctl peer list"};
    }
    set_name(endpoint, std::nullopt, std::nullopt, responder);
}

}  // namespace p2pd
