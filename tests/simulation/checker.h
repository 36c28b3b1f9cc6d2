// tests: watches every host after every event: what may never happen, did it?
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/base_peer.h"
#include "tests/simulation/simulated_host.h"

namespace p2pd {

/// What happened, line by line, or at least what it comes to.
class Trace {
public:
    explicit Trace(bool readable) : readable_(readable) {}

    void add(Instant when, const Endpoint& who, std::string_view what, std::string_view details);
    std::uint64_t hash() const { return hash_; }
    const std::vector<std::string>& lines() const { return lines_; }

private:
    void mix(std::string_view bytes);

    bool readable_;
    std::uint64_t hash_ = 0xcbf29ce484222325U;
    std::vector<std::string> lines_;
};

class Checker : public Observer {
public:
    Checker(const EventQueue& events, Trace& trace) : events_(events), trace_(trace) {}

    /// Also when it has got another address.
    void add(const SimulatedHost& host) {
        hosts_.emplace(host.endpoint(), &host);
        addresses_[host.home()].insert(host.endpoint());
    }
    /// Every address that it ever had.
    const std::set<Endpoint>& addresses(const SimulatedHost& host) const {
        return addresses_.at(host.home());
    }
    void add(const BasePeer& base) { bases_.emplace(base.endpoint(), &base); }

    /// The first thing that was wrong; empty so far so good.
    const std::string& violation() const { return violation_; }
    void violated(const std::string& what);

    /// Tried again by hand: it may be sent once more.
    void retried(const SimulatedHost& host, MessageId id);
    bool has_ended(const SimulatedHost& host, MessageId id) const {
        return ended_.contains({host.home(), id});
    }
    void received(SimulatedHost& host, const Endpoint& from, const std::string& bytes) override;
    void transmits(SimulatedHost& host, const Transmit& transmit,
                   const std::string& bytes) override;
    void committed(SimulatedHost& host, const StoreBatch& batch,
                   const BatchResult& result) override;
    void told(SimulatedHost& host, const Event& event) override;
    void ended(SimulatedHost& host) override;
    void differs(SimulatedHost& host, const std::string& what) override;
    void flushed(SimulatedHost& host) override;

private:
    struct Account {  ///< what went to and fro between a host and an address, in bytes
        std::uint64_t received = 0;
        std::uint64_t sent = 0;
        bool solicited = false;  ///< the host's own user has sent something there
    };

    void check_form(const SimulatedHost& host, const Transmit& transmit, const std::string& bytes);
    void check_receipt(const SimulatedHost& host, const Transmit& transmit);
    void check_ack(const SimulatedHost& host, const Transmit& transmit, const WireAck& ack);
    void check_text(const SimulatedHost& host, const Transmit& transmit, std::int64_t us,
                    const std::string& text);
    void check_stamps(const SimulatedHost& host, const StoreBatch& batch,
                      const BatchResult& result);
    void check_inbox(const SimulatedHost& host);
    void check_bounds(const SimulatedHost& host, const StoreBatch& batch);
    void check_peers(const SimulatedHost& host, std::size_t peers, std::size_t learnt);
    void check_account(const SimulatedHost& host, const Transmit& transmit, std::size_t bytes);
    void check_delivered(const SimulatedHost& host, const Finished& finished);
    void check_ahead(const SimulatedHost& host, const Endpoint& to, std::int64_t us);
    void check_outcome(const SimulatedHost& host, const SendOutcome& outcome);
    bool has_durably(const Endpoint& receiver, const SimulatedHost& sender, std::int64_t us) const;

    const EventQueue& events_;
    Trace& trace_;
    std::string violation_;
    std::map<Endpoint, const SimulatedHost*> hosts_;  ///< by each of their addresses
    // All else that is by host is by its home.
    std::map<Endpoint, std::set<Endpoint>> addresses_;
    std::map<std::pair<Endpoint, Endpoint>, Account> accounts_;
    std::map<Endpoint, const BasePeer*> bases_;
    std::map<Endpoint, std::int64_t> last_stamp_;  ///< by sender
    std::map<std::pair<Endpoint, std::int64_t>, std::pair<Endpoint, std::string>> identities_;
    std::map<std::pair<Endpoint, MessageId>, OutState> ended_;  ///< in this life of the host
    std::set<std::pair<Endpoint, std::int64_t>> withdrawn_;     ///< likewise
    std::map<Endpoint, std::size_t> retries_;
    std::map<Endpoint, std::size_t> most_in_use_;  ///< peers at a time, in this life of the host
    std::map<Endpoint, std::size_t> inbox_seen_;
    std::set<std::tuple<Endpoint, Endpoint, std::int64_t, std::string>> inbox_rows_;
    /// When the copies came that no ACK has answered: (host, base peer, timestamp).
    std::map<std::tuple<Endpoint, Endpoint, std::int64_t>, Instant> unanswered_;
};

}  // namespace p2pd
