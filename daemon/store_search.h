// daemon: full-text search, its index filled behind. Includes std, core, common, the other rooms of
// the store.
#pragma once

#include <string>
#include <string_view>

#include "common/control_protocol.h"
#include "daemon/store_pages.h"

namespace p2pd {

/// `words` in the language of FTS5, where every word is quoted, so that none of it can be an
/// error; empty if there is nothing to look for. All words must occur; "a phrase"; begin*.
std::string search_expression(std::string_view words, std::optional<RowId> peer_id);

class SearchIndex {
public:
    SearchIndex(StoreState& state, MessageTable& messages);

    MessagesResult search(const SearchParams& params, const std::optional<Endpoint>& peer);

    /// How many ids are not indexed yet.
    std::uint64_t behind() const;
    /// Indexes the next few in a transaction of its own. False: there was no room, or none left.
    bool advance();
    /// Before the message goes. In a transaction only.
    void forget(RowId id);

    /// If it is damaged, which takes reading all of it: a new one, filled behind; the pages of the
    /// old one stay unused. False: it is not, or there is no room.
    bool mend();

private:
    void index_next();

    StoreState& state_;
    MessageTable& messages_;
    sqlite::Statement next_texts_;
    sqlite::Statement text_;
    sqlite::Statement add_;
    sqlite::Statement erase_;
    sqlite::Statement find_;
};

}  // namespace p2pd
