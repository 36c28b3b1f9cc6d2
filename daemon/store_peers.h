// daemon: the peers and the address book. Includes std, core, common, the other rooms of the store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/control_protocol.h"
#include "daemon/core/mailbox.h"
#include "daemon/store_state.h"

namespace p2pd {

class PeerTable {
public:
    explicit PeerTable(StoreState& state);

    /// Writes nothing if nothing differs. In a transaction only.
    void keep(const PeerFacts& facts);
    bool set_name(const Endpoint& endpoint, const std::optional<std::string>& name,
                  const std::optional<Dialect>& dialect);

    std::vector<BookEntry> book();
    std::vector<PeerRecord> list(const std::optional<Endpoint>& after, std::uint32_t limit);
    std::optional<PeerRecord> find(const Endpoint& endpoint);

    /// Those with a name first, then those with messages waiting, then those heard last.
    std::vector<PeerFacts> known(std::size_t limit);
    std::vector<Endpoint> with_pending();

private:
    StoreState& state_;
    sqlite::Statement facts_;
    sqlite::Statement set_facts_;
    sqlite::Statement take_name_;
    sqlite::Statement set_name_;
    sqlite::Statement set_dialect_;
    sqlite::Statement book_;
    sqlite::Statement list_;
    sqlite::Statement find_;
    sqlite::Statement named_;
    sqlite::Statement waiting_;
    sqlite::Statement heard_;
    sqlite::Statement with_pending_;
};

}  // namespace p2pd
