// daemon: all of the store as records, a page at a time. Includes std, common, the other rooms of
// the store.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "common/control_protocol.h"
#include "daemon/store_state.h"

namespace p2pd {

/// What the states are called in records, in the order of OutState.
inline constexpr std::array<std::string_view, 5> exported_states{"waiting", "delivered", "refused",
                                                                 "expired", "cancelled"};

class Exporter {
public:
    explicit Exporter(StoreState& state);

    /// What comes after `position` (empty: the beginning), in the order: store, peers, groups,
    /// messages, parts, identities, packed ones.
    ExportResult page(const std::string& position, std::uint32_t limit);

private:
    class Page;
    void add_peers(Page& page, RowId after);
    void add_groups(Page& page, RowId after);
    void add_messages(Page& page, RowId after);
    void add_parts(Page& page, RowId after);
    void add_identities(Page& page, const std::string& after);
    void add_packed_identities(Page& page, const std::string& after);

    StoreState& state_;
    sqlite::Statement peers_;
    sqlite::Statement groups_;
    sqlite::Statement messages_;
    sqlite::Statement parts_;
    sqlite::Statement identities_;
    sqlite::Statement packed_identities_;
};

}  // namespace p2pd
