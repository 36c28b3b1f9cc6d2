// tests/power: whether a store is as the model has it. Includes std, daemon/store.
#include <algorithm>

#include "daemon/store_implementation.h"
#include "tests/power/universe.h"

namespace p2pd::test {

namespace {

OutState out_state(SendState state) {
    switch (state) {
        case SendState::delivered:
            return OutState::delivered;
        case SendState::refused:
            return OutState::refused;
        case SendState::expired:
            return OutState::expired;
        case SendState::cancelled:
            return OutState::cancelled;
        default:
            return OutState::pending;
    }
}

Model::Row row_of(const MessageRecord& record) {
    Model::Row row;
    row.incoming = record.dir == Direction::in;
    row.peer = parse_endpoint(record.peer, 0).value();
    row.text = record.text;
    row.parts = record.parts;
    row.cursor = record.cursor;
    row.read = record.read;
    if (!row.incoming) {
        row.state = out_state(record.state);
        row.attempts = record.attempts;
    }
    return row;
}

/// Counted in the tables, and beside each what the row of counters says.
constexpr const char* audit =
    "SELECT last_id, last_cursor, last_stamp_us, messages, unread, pending, peers, "
    "(SELECT count(*) FROM each_message), (SELECT count(text) FROM each_message), "
    "(SELECT count(*) FROM each_message WHERE tray = 0), (SELECT count(*) FROM each_message WHERE "
    "tray = 2), "
    "(SELECT coalesce(sum(pending), 0) FROM peer), (SELECT count(*) FROM peer), "
    "(SELECT coalesce(sum(parts_done), 0) FROM each_message), (SELECT count(*) FROM identity) + "
    "(SELECT coalesce(sum(count), 0) FROM identity_pack), "
    "(SELECT count(*) FROM long_text), (SELECT count(*) FROM part) FROM meta";

/// Empty if a counter is not what it counts.
std::optional<Model::Totals> count(sqlite::Connection& connection) {
    sqlite::Statement statement(connection, audit);
    sqlite::Run row = statement.run();
    if (!row.step()) return std::nullopt;
    Model::Totals totals;
    for (auto* total : {&totals.last_id, &totals.last_cursor, &totals.last_stamp_us,
                        &totals.messages, &totals.unread, &totals.pending, &totals.peers}) {
        *total = row.next<std::int64_t>();
    }
    for (const auto total : {totals.messages, totals.messages, totals.unread, totals.pending,
                             totals.pending, totals.peers}) {
        if (row.next<std::int64_t>() != total) return std::nullopt;
    }
    for (auto* total :
         {&totals.parts_done, &totals.identities, &totals.long_texts, &totals.loose_parts}) {
        *total = row.next<std::int64_t>();
    }
    return totals;
}

}  // namespace

/// Reads all that there is; from then on that alone is possible.
void Universe::look() {
    std::map<MessageId, Model::Row> rows;
    for (const MessageRecord& record : store_->changes(0, page_messages_max).messages) {
        rows.emplace(record.id, row_of(record));
    }
    auto& connection = StoreInspector::rooms(*store_).state.connection();
    const auto totals = count(connection);
    if (!totals) return fail("the counters are not what they count");
    const auto found = std::find_if(possible_.begin(), possible_.end(), [&](const Model& model) {
        return model.rows() == rows && model.totals() == *totals;
    });
    if (found == possible_.end()) return report(*totals, rows);
    const Model there = std::move(*found);
    possible_ = {there};
    if (!random_.one_in(16)) return;
    disk_.heal();  // what cannot be read is reported like what is damaged
    const std::string integrity = connection.ask("PRAGMA integrity_check");
    if (integrity != "ok") fail("integrity_check: " + integrity);
}

void Universe::report(const Model::Totals& totals, const std::map<MessageId, Model::Row>& rows) {
    std::uint64_t lost = 0;
    for (const auto& [id, row] : model().rows()) {
        const auto found = rows.find(id);
        lost += found == rows.end() || found->second.text != row.text ? 1 : 0;
    }
    ledger_.lost += lost;
    const Model::Totals expected = model().totals();
    fail(std::to_string(lost) + " confirmed messages are lost; there are " +
         std::to_string(totals.messages) + " of " + std::to_string(expected.messages) +
         ", cursors up to " + std::to_string(totals.last_cursor) + " of " +
         std::to_string(expected.last_cursor) + ", keys " + std::to_string(totals.identities) +
         " of " + std::to_string(expected.identities));
}

}  // namespace p2pd::test
