// daemon: the store put together from its rooms; for store.cpp and the store's tests. Includes std,
// the rooms of the store.
#pragma once

#include "daemon/store_backup.h"
#include "daemon/store_batch.h"
#include "daemon/store_edits.h"
#include "daemon/store_groups.h"
#include "daemon/store_identities.h"
#include "daemon/store_long_texts.h"
#include "daemon/store_maintenance.h"
#include "daemon/store_messages.h"
#include "daemon/store_pages.h"
#include "daemon/store_peers.h"
#include "daemon/store_search.h"
#include "daemon/store_state.h"

namespace p2pd {

struct StoreRooms {
    explicit StoreRooms(const StoreOptions& options) : state(options) {}

    StoreState state;
    PeerTable peers{state};
    GroupTable groups{state};
    MessageTable messages{state};
    IdentityTable identities{state};
    LongTexts long_texts{state, messages, identities};
    BatchWriter batch{state, peers, messages, identities, long_texts};
    Pages pages{state, messages};
    SearchIndex search{state, messages};
    Edits edits{state, messages, search};
    Housekeeper housekeeper{state, messages, identities, peers, long_texts, search};
    std::optional<Backup> backup;  ///< while one is made

    /// For work that uses the full-text index: if that is damaged, it is replaced, and the work
    /// done again. Damage of anything else ends the store.
    template <class Work>
    auto mending_index(Work work) {
        try {
            return work();
        } catch (const sqlite::Damaged&) {
            state.recover_from_damage();
            if (!search.mend()) throw;
        }
        return work();
    }
};

class Store::Implementation : public StoreRooms {
public:
    using StoreRooms::StoreRooms;
};

/// For tests: the rooms behind a store.
struct StoreInspector {
    static StoreRooms& rooms(Store& store) { return *store.implementation_; }
};

}  // namespace p2pd
