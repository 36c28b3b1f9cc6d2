// daemon: what can wait, in bounded pieces. Includes std, core, the other rooms of the store.
#pragma once

#include "daemon/store_identities.h"
#include "daemon/store_long_texts.h"
#include "daemon/store_messages.h"
#include "daemon/store_peers.h"
#include "daemon/store_search.h"

namespace p2pd {

class Housekeeper {
public:
    Housekeeper(StoreState& state, MessageTable& messages, IdentityTable& identities,
                PeerTable& peers, LongTexts& long_texts, SearchIndex& search);

    Maintenance maintain(WallTime now);

private:
    // Each is true if there may be more of its kind to do at once.
    bool expire(WallTime now, std::vector<MessageId>& expired);
    void expire(RowId id);
    bool join_overdue(WallTime now);
    bool index();

    StoreState& state_;
    MessageTable& messages_;
    IdentityTable& identities_;
    PeerTable& peers_;
    LongTexts& long_texts_;
    SearchIndex& search_;
};

}  // namespace p2pd
