// daemon: packs of a damaged store become rows. Includes std, the rooms of the store.
#include "daemon/store_salvage_packs.h"

#include <algorithm>

#include "daemon/core/mailbox.h"
#include "daemon/store_identity_packs.h"

namespace p2pd {

namespace {

constexpr int parts = 1;

class Unpacking {
public:
    Unpacking(StoreState& state, RowId& last_cursor)
        : spans_(state.packs()),
          last_cursor_(last_cursor),
          packs_(state.connection(),
                 "SELECT first_id, dir = 'in', last_id, peer_id, bytes FROM pack"),
          message_(state.connection(),
                   "INSERT OR IGNORE INTO message (id, tray, peer_id, cursor, time_us, late_us, "
                   "stamp_us, parts, stamp, stamp_is_text, claims, state, attempts, parts_done, "
                   "expires_us, acked_us, rtt_us, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                   "?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"),
          body_(state.connection(), "INSERT OR IGNORE INTO body (id, text) VALUES (?1, ?2)") {}

    void run() {
        sqlite::Run pack = packs_.run();
        while (pack.step()) {
            const auto first_id = pack.next<RowId>();
            const bool received = pack.next<bool>();
            const auto last_id = std::min(pack.next<RowId>(), first_id + pack_messages_max - 1);
            const auto peer_id = pack.next<RowId>();
            unpack(first_id, last_id, peer_id, PackReader(pack.next<sqlite::Bytes>(), received),
                   received);
        }
    }
    std::vector<std::string> lost;

private:
    void unpack(RowId first_id, RowId last_id, RowId peer_id, PackReader reader, bool received) {
        const std::vector<PackSpan> spans = spans_.overlapping(first_id, last_id);
        for (RowId id = first_id; id <= last_id; ++id) {
            const auto message = reader.next();
            if (!message) {
                lost.push_back(std::to_string(id));
                continue;
            }
            const auto span = std::ranges::find_if(spans, [&](const PackSpan& each) {
                return each.pack_id == first_id && each.first_id <= id && id <= each.last_id;
            });
            const bool known = span != spans.end();
            received ? insert_received(id, peer_id, known ? &*span : nullptr, *message)
                     : insert_sent(id, peer_id, known ? &*span : nullptr, *message);
            body_.execute(id, message->text);
        }
    }

    RowId cursor(RowId id, const PackSpan* span) {
        return span != nullptr ? span->cursor_of(id) : ++last_cursor_;
    }

    void insert_received(RowId id, RowId peer_id, const PackSpan* span,
                         const PackedMessage& message) {
        const Stamp stamp = message.stamp();
        std::optional<std::string_view> claims;
        if (!message.claims.empty()) claims = message.claims;
        const Tray tray = span != nullptr ? span->tray : Tray::unread;
        message_.execute(id, tray, peer_id, cursor(id, span), message.time_us, message.late_us,
                         stamp.us, parts, stamp.lexeme(), stamp.is_text(), claims, std::nullopt,
                         std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
                         std::nullopt);
    }

    void insert_sent(RowId id, RowId peer_id, const PackSpan* span, const PackedMessage& message) {
        std::optional<std::string_view> reason;
        PackSpan known;
        known.tray = Tray::finished;
        OutState state = OutState::cancelled;
        if (span == nullptr) {
            reason = "its state was lost";
        } else {
            known = *span;
            state = span->tray == Tray::finished ? OutState::delivered : OutState::pending;
        }
        message_.execute(id, known.tray, peer_id, cursor(id, span), message.time_us,
                         message.late_us, message.stamp_us, parts, std::nullopt, std::nullopt,
                         std::nullopt, state, known.attempts,
                         state == OutState::delivered ? parts : 0, message.expires_us,
                         known.acked_us, known.rtt_us, reason);
    }

    PackTable& spans_;
    RowId& last_cursor_;
    sqlite::Statement packs_;
    sqlite::Statement message_;
    sqlite::Statement body_;
};

}  // namespace

std::vector<std::string> unpack_all(StoreState& state, RowId& last_cursor) {
    Unpacking unpacking(state, last_cursor);
    unpacking.run();
    // Of what is left only the spans know.
    sqlite::Statement spans(state.connection(),
                            "SELECT first_id, last_id FROM pack_span s WHERE NOT EXISTS "
                            "(SELECT 1 FROM pack p WHERE p.first_id = s.pack_id)");
    sqlite::Run span = spans.run();
    while (span.step()) {
        const auto first_id = span.next<RowId>();
        const auto last_id = std::min(span.next<RowId>(), first_id + pack_messages_max - 1);
        for (RowId id = first_id; id <= last_id; ++id) {
            unpacking.lost.push_back(std::to_string(id));
        }
    }
    return std::move(unpacking.lost);
}

std::int64_t unpack_all_identities(sqlite::Connection& connection) {
    sqlite::Statement add(connection,
                          "INSERT OR IGNORE INTO identity (peer_id, stamp_us, hash, seen_day, "
                          "message_id) VALUES (?1, ?2, ?3, ?4, ?5)");
    std::int64_t lost = 0;
    each_identity_pack(connection, [&](const IdentityPack& pack, IdentityReader reader) {
        lost += pack.count;
        for (auto each = reader.next(); each; each = reader.next(), --lost) {
            add.execute(pack.peer_id, each->stamp_us, each->hash, pack.seen_day, each->message_id);
        }
    });
    return lost;
}

}  // namespace p2pd
