// daemon: records of an export taken into the store. Includes std, core, common, daemon/sqlite.h,
// libsodium.
#include "daemon/store_import.h"

#include <algorithm>
#include <array>

#include <sodium.h>

#include "common/endpoint_text.h"
#include "daemon/core/mailbox.h"
#include "daemon/core/stamp_clock.h"
#include "daemon/store_export.h"
#include "daemon/store_groups.h"
#include "daemon/store_identities.h"

namespace p2pd {

namespace {

constexpr std::size_t stamp_bytes_max = 64;

bool is_address(const std::string& text) {
    const auto endpoint = parse_endpoint(text, 0);
    return endpoint && endpoint->port != 0 && endpoint->text() == text;
}
/// It may be echoed into a datagram one day.
bool is_stamp(const std::string& lexeme, std::int64_t us) {
    return !lexeme.empty() && lexeme.size() <= stamp_bytes_max && us >= 0 &&
           us <= StampClock::us_max &&
           lexeme.find_first_not_of("0123456789.eE+-") == std::string::npos;
}
/// Texts that came in parts may be longer than those that can be sent.
bool is_text(const std::string& text) {
    return text.size() <= 4 * text_bytes_max;
}

std::string reason(const ExportedStore& record) {
    if (record.format != 1) return "the export is of a newer p2pd";
    return record.last_stamp_us < 0 || record.last_stamp_us > StampClock::us_max ? "last_stamp_us"
                                                                                 : "";
}
std::string reason(const ExportedPeer& record) {
    if (!is_address(record.address)) return "address";
    if (record.name && !is_peer_name(*record.name)) return "name";
    return record.dialect > static_cast<std::uint8_t>(Dialect::short_) ? "dialect" : "";
}
std::string reason(const ExportedGroup& record) {
    if (!is_peer_name(record.name)) return "name";
    return is_group_member(record.member) ? "" : "member";
}
std::string reason(const ExportedReceived& record) {
    if (record.id == 0 || record.id >= static_cast<std::uint64_t>(row_id_max)) return "id";
    if (!is_address(record.peer)) return "peer";
    if (!is_stamp(record.stamp, record.stamp_us)) return "stamp";
    return is_text(record.text) ? "" : "text";
}
std::string reason(const ExportedSent& record) {
    if (record.id == 0 || record.id >= static_cast<std::uint64_t>(row_id_max)) return "id";
    if (!is_address(record.peer)) return "peer";
    if (record.first_us < 0 || record.first_us > StampClock::us_max) return "first_us";
    if (std::ranges::find(exported_states, record.state) == exported_states.end()) return "state";
    const auto& ends = record.part_ends;
    const bool rising = std::ranges::is_sorted(ends) &&
                        (ends.empty() || (ends.size() >= 2 && ends.back() == record.text.size()));
    if (!rising || ends.size() > parts_max) return "part_ends";
    if (record.parts_done > std::max<std::size_t>(1, ends.size())) return "parts_done";
    if (record.answered && !is_stamp(record.answered->stamp, record.answered->stamp_us)) {
        return "answered";
    }
    return record.text.size() <= text_bytes_max ? "" : "text";
}
std::string reason(const ExportedPart& record) {
    if (!is_address(record.peer)) return "peer";
    if (record.count < 2 || record.count > parts_max) return "count";
    if (record.number < 1 || record.number > record.count) return "number";
    if (!is_stamp(record.stamp, record.first_us)) return "stamp";
    return is_text(record.text) ? "" : "text";
}
std::string reason(const ExportedIdentity& record) {
    if (!is_address(record.peer)) return "peer";
    const bool is_hash = record.hash.size() == 2 * sizeof(ContentHash) &&
                         record.hash.find_first_not_of("0123456789abcdef") == std::string::npos;
    return is_hash ? "" : "hash";
}

std::vector<std::uint8_t> pack(const std::vector<std::uint32_t>& ends) {
    std::vector<std::uint8_t> bytes;
    for (const std::uint32_t end : ends) {
        for (unsigned shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<std::uint8_t>(end >> shift));
        }
    }
    return bytes;
}

/// Knows a message that was imported under another id.
ContentHash import_hash(const ExportedReceived& record) {
    const std::string content = "i" + record.stamp + '\0' + record.text;
    ContentHash hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(content.data()), content.size(),
                       nullptr, 0);
    return hash;
}

}  // namespace

std::string reason_against(const TransferRecord& record) {
    return std::visit([](const auto& each) { return reason(each); }, record);
}

struct Importer::Statements {
    Statements(StoreState& state, sqlite::Connection& connection)
        : peer_facts(connection,
                     "UPDATE peer SET dialect = ?2, dialect_by_hand = ?3, is_p2pd = ?4, "
                     "last_heard_us = ?5 WHERE id = ?1"),
          name(connection,
               "UPDATE peer SET name = ?2 WHERE id = ?1 AND name IS NULL "
               "AND NOT EXISTS (SELECT 1 FROM peer WHERE name = ?2)"),
          same_received(connection,
                        "SELECT 1 FROM each_message WHERE id = ?1 AND tray < 2 AND peer_id = ?2 "
                        "AND stamp_us = ?3 AND time_us = ?4"),
          same_sent(connection,
                    "SELECT 1 FROM block b INDEXED BY block_stamp "
                    "CROSS JOIN each_message m ON m.id BETWEEN b.first_id AND b.last_id "
                    "WHERE b.dir = 'out' AND b.first_us > ?1 - ?3 AND b.first_us <= ?1 "
                    "AND b.last_us >= ?1 AND b.peer_id = ?2 AND m.stamp_us = ?1"),
          received(connection,
                   "INSERT INTO message (id, tray, peer_id, cursor, time_us, late_us, stamp_us, "
                   "parts, reply_to, stamp, stamp_is_text, claims) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"),
          sent(connection,
               "INSERT INTO message (id, tray, peer_id, cursor, time_us, late_us, stamp_us, parts, "
               "reply_to, state, attempts, parts_done, expires_us, acked_us, rtt_us, reason, "
               "request_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
               "?15, ?16, (SELECT ?17 WHERE NOT EXISTS "
               "(SELECT 1 FROM message WHERE request_id = ?17)))"),
          body(connection,
               "INSERT INTO body (id, part_ends, answered_us, answered_stamp, answered_is_text, "
               "answered_text, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
          identities(state),
          long_text(
              connection,
              "INSERT OR IGNORE INTO long_text (peer_id, first_us, count, present, bytes, "
              "original, reply_to, claims, last_us) VALUES (?1, ?2, ?3, 0, 0, ?4, ?5, ?6, ?7)"),
          find_long_text(connection,
                         "SELECT id FROM long_text WHERE peer_id = ?1 AND first_us = ?2 "
                         "AND count = ?3"),
          part(connection,
               "INSERT OR IGNORE INTO part (id, stamp, stamp_is_text, text) "
               "VALUES (?1, ?2, ?3, ?4)"),
          count_part(connection,
                     "UPDATE long_text SET present = present + 1, bytes = bytes + ?2 "
                     "WHERE id = ?1") {}

    sqlite::Statement peer_facts;
    sqlite::Statement name;
    sqlite::Statement same_received;
    sqlite::Statement same_sent;
    sqlite::Statement received;
    sqlite::Statement sent;
    sqlite::Statement body;
    IdentityTable identities;
    sqlite::Statement long_text;
    sqlite::Statement find_long_text;
    sqlite::Statement part;
    sqlite::Statement count_part;
};

std::optional<ImportResult> Importer::import_records(std::span<const TransferRecord> records,
                                                     bool pending) {
    Statements statements(state_, state_.connection());
    statements_ = &statements;
    pending_ = pending;
    ImportResult counts;
    const bool written = state_.transact([&] {
        counts = {};
        cancelled_ = 0;
        for (const TransferRecord& record : records) {
            const bool is_new = std::visit([this](const auto& each) { return add(each); }, record);
            ++(is_new ? counts.added : counts.known);
        }
        counts.cancelled = cancelled_;
    });
    statements_ = nullptr;
    return written ? std::optional(counts) : std::nullopt;
}

RowId Importer::take_id(std::uint64_t id) {
    Meta& meta = state_.meta();
    meta.last_id = std::max(meta.last_id + 1, to_row_id(id));
    return meta.last_id;
}

std::int64_t Importer::late_us(std::int64_t time_us) {
    Meta& meta = state_.meta();
    meta.last_order_us = std::max(meta.last_order_us, time_us);
    return meta.last_order_us - time_us;
}

bool Importer::add(const ExportedStore& record) {
    Meta& meta = state_.meta();
    if (record.last_stamp_us <= meta.last_stamp_us) return false;
    meta.last_stamp_us = record.last_stamp_us;
    return true;
}

bool Importer::add(const ExportedPeer& record) {
    const Endpoint endpoint = *parse_endpoint(record.address, 0);
    const bool known = state_.find_peer(endpoint).has_value();
    const RowId id = state_.peer(endpoint);
    const bool named = record.name && statements_->name.execute(id, *record.name) > 0;
    if (named) state_.hosts().reconsider(state_.host_of(id));
    if (known) return named;
    statements_->peer_facts.execute(id, record.dialect, record.dialect_by_hand, record.p2pd,
                                    record.last_heard_us);
    return true;
}

bool Importer::add(const ExportedGroup& record) {
    return GroupTable(state_).add_one(record.name, record.member);
}

bool Importer::add(const ExportedReceived& record) {
    Meta& meta = state_.meta();
    const RowId peer_id = state_.peer(*parse_endpoint(record.peer, 0));
    if (statements_->same_received
            .run(to_row_id(record.id), peer_id, record.stamp_us, record.received_us)
            .step()) {
        return false;
    }
    const bool same_id = to_row_id(record.id) > meta.last_id;
    if (!same_id) {
        const ContentHash hash = import_hash(record);
        if (!statements_->identities.add(peer_id, record.stamp_us, hash)) return false;
    }
    const RowId id = take_id(record.id);
    statements_->received.execute(id, record.read ? Tray::read : Tray::unread, peer_id,
                                  state_.changes().add(id), record.received_us,
                                  late_us(record.received_us), record.stamp_us, record.parts,
                                  same_id ? record.reply_to : std::nullopt, record.stamp,
                                  record.stamp_is_text, record.claims);
    statements_->body.execute(id, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
                              std::nullopt, record.text);
    state_.hosts().add(state_.host_of(peer_id), {1, record.text.size()});
    state_.blocks().add({.id = id, .peer_id = peer_id, .received = true, .open = !record.read});
    ++meta.messages;
    if (!record.read) ++meta.unread;
    return true;
}

bool Importer::add(const ExportedSent& record) {
    Meta& meta = state_.meta();
    const RowId peer_id = state_.peer(*parse_endpoint(record.peer, 0));
    state_.blocks().save();  // the same may have come in this transaction
    if (statements_->same_sent.run(record.first_us, peer_id, block_us_max).step()) return false;
    const bool same_id = to_row_id(record.id) > meta.last_id;
    const RowId id = take_id(record.id);
    auto state = static_cast<OutState>(std::ranges::find(exported_states, record.state) -
                                       exported_states.begin());
    std::optional<std::string> reason = record.reason;
    if (state == OutState::pending && !(pending_ && same_id)) {
        state = OutState::cancelled;
        reason = "was waiting when it was exported";
        ++cancelled_;
    }
    const auto parts = static_cast<std::int64_t>(std::max<std::size_t>(1, record.part_ends.size()));
    const bool waits = state == OutState::pending;
    statements_->sent.execute(
        id, waits ? Tray::pending : Tray::finished, peer_id, state_.changes().add(id),
        record.created_us, late_us(record.created_us), record.first_us, parts,
        same_id ? record.reply_to : std::nullopt, state, record.attempts, record.parts_done,
        record.expires_us, record.acked_us, record.rtt_us, reason, record.request_id);
    std::optional<std::vector<std::uint8_t>> ends;
    if (!record.part_ends.empty()) ends = pack(record.part_ends);
    if (record.answered) {
        const ExportedAnswered& answered = *record.answered;
        statements_->body.execute(id, ends, answered.stamp_us, answered.stamp,
                                  answered.stamp_is_text, answered.text, record.text);
    } else {
        statements_->body.execute(id, ends, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
                                  record.text);
    }
    const std::int64_t last_us = record.first_us + parts - 1;
    state_.blocks().add({.id = id,
                         .peer_id = peer_id,
                         .open = waits,
                         .first_us = record.first_us,
                         .last_us = last_us,
                         .expires_us = record.expires_us});
    meta.last_stamp_us = std::max(meta.last_stamp_us, last_us);
    ++meta.messages;
    state_.note_sent(peer_id);
    if (waits) state_.add_pending(peer_id, 1);
    return true;
}

bool Importer::add(const ExportedPart& record) {
    const RowId peer_id = state_.peer(*parse_endpoint(record.peer, 0));
    if (statements_->identities.is_closed(peer_id, record.first_us)) return false;
    statements_->long_text.execute(peer_id, record.first_us, record.count, record.original,
                                   record.reply_to, record.claims.value_or(""), record.last_us);
    std::optional<RowId> id;
    if (sqlite::Run row = statements_->find_long_text.run(peer_id, record.first_us, record.count);
        row.step()) {
        id = row.next<RowId>();
    }
    if (!id) return false;
    if (statements_->part.execute(*id * 1024 + record.number, record.stamp, record.stamp_is_text,
                                  record.text) == 0) {
        return false;
    }
    statements_->count_part.execute(*id, record.text.size());
    state_.hosts().add(state_.host_of(peer_id), {0, record.text.size()});
    return true;
}

bool Importer::add(const ExportedIdentity& record) {
    ContentHash hash{};
    sodium_hex2bin(hash.data(), hash.size(), record.hash.data(), record.hash.size(), nullptr,
                   nullptr, nullptr);
    const RowId peer_id = state_.peer(*parse_endpoint(record.peer, 0));
    return statements_->identities.add(peer_id, record.stamp_us, hash);
}

}  // namespace p2pd
