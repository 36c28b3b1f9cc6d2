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

    std::optional<PeerFacts> facts(const Endpoint& endpoint);

    std::vector<BookEntry> book();
    std::vector<PeerRecord> list(const std::optional<Endpoint>& after, std::uint32_t limit);
    std::optional<PeerRecord> find(const Endpoint& endpoint);

    /// Those with a name first, then those with messages waiting, then those heard last.
    std::vector<PeerFacts> known(std::size_t limit);
    std::vector<Endpoint> with_pending();

    /// Forgets strangers of whom nothing is left and nothing was heard since `before`, among the
    /// next few. True if it found some; then there may be more.
    bool sweep(WallTime before);

private:
    std::vector<RowId> next_forgotten(WallTime before);
    void take_name(const std::string& name);

    StoreState& state_;
    sqlite::Statement facts_;
    sqlite::Statement set_facts_;
    sqlite::Statement take_name_;
    sqlite::Statement rename_member_;
    sqlite::Statement set_name_;
    sqlite::Statement set_dialect_;
    sqlite::Statement book_;
    sqlite::Statement list_;
    sqlite::Statement find_;
    sqlite::Statement unread_;
    sqlite::Statement named_;
    sqlite::Statement waiting_;
    sqlite::Statement heard_;
    sqlite::Statement with_pending_;
    sqlite::Statement forgotten_;
    sqlite::Statement erase_;
    sqlite::Statement erase_host_;
    RowId position_ = 0;
};

}  // namespace p2pd
