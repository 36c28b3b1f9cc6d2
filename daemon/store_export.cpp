// daemon: all of the store as records. Includes std, core, common, daemon/sqlite.h.
#include "daemon/store_export.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "common/transfer_records.h"
#include "daemon/store_identity_packs.h"

namespace p2pd {

namespace {

constexpr std::size_t export_bytes_max = std::size_t{256} * 1024;  ///< of text, a page

std::string hex(sqlite::Bytes bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 0xfU];
    }
    return text;
}

std::vector<std::uint32_t> part_ends(sqlite::Bytes bytes) {
    std::vector<std::uint32_t> ends(bytes.size() / 4);
    for (std::size_t i = 0; i < ends.size() * 4; ++i) {
        ends[i / 4] |= std::uint32_t{bytes[i]} << (i % 4 * 8);
    }
    return ends;
}

ExportedReceived read_received(sqlite::Run& row, std::uint64_t id, bool read) {
    ExportedReceived record;
    record.id = id;
    record.read = read;
    record.peer = row.next<std::string>();
    record.received_us = row.next<std::int64_t>();
    record.stamp_us = row.next<std::int64_t>();
    record.parts = row.next<std::uint32_t>();
    record.reply_to = row.next<std::optional<std::uint64_t>>();
    record.stamp = row.next<std::string>();
    record.stamp_is_text = row.next<bool>();
    record.claims = row.next<std::optional<std::string>>();
    row.skip(13);
    record.text = row.next<std::string>();
    return record;
}

ExportedSent read_sent(sqlite::Run& row, std::uint64_t id) {
    ExportedSent record;
    record.id = id;
    record.peer = row.next<std::string>();
    record.created_us = row.next<std::int64_t>();
    record.first_us = row.next<std::int64_t>();
    row.skip(1);
    record.reply_to = row.next<std::optional<std::uint64_t>>();
    row.skip(3);
    record.state = exported_states.at(row.next<std::size_t>());
    record.attempts = row.next<std::uint32_t>();
    record.parts_done = row.next<std::uint32_t>();
    record.expires_us = row.next<std::int64_t>();
    record.acked_us = row.next<std::optional<std::int64_t>>();
    record.rtt_us = row.next<std::optional<std::int64_t>>();
    record.reason = row.next<std::optional<std::string>>();
    record.request_id = row.next<std::optional<std::string>>();
    record.part_ends = part_ends(row.next<sqlite::Bytes>());
    ExportedAnswered answered;
    const auto answered_us = row.next<std::optional<std::int64_t>>();
    answered.stamp = row.next<std::string>();
    answered.stamp_is_text = row.next<bool>();
    answered.text = row.next<std::string>();
    if (answered_us) {
        answered.stamp_us = *answered_us;
        record.answered = std::move(answered);
    }
    record.text = row.next<std::string>();
    return record;
}

}  // namespace

/// Records and where they end.
class Exporter::Page {
public:
    explicit Page(std::uint32_t limit) : limit_(limit) {}

    bool has_room() const { return result.records.size() < limit_ && bytes_ < export_bytes_max; }
    void add(const TransferRecord& record, std::string position, std::size_t bytes = 0) {
        result.records.push_back(transfer_json(record));
        result.next = std::move(position);
        bytes_ += bytes;
    }

    ExportResult result;

private:
    std::uint32_t limit_;
    std::size_t bytes_ = 0;
};

Exporter::Exporter(StoreState& state)
    : state_(state),
      peers_(state.connection(),
             "SELECT id, address, name, dialect, dialect_by_hand, is_p2pd, last_heard_us "
             "FROM peer WHERE id > ?1 ORDER BY id"),
      groups_(state.connection(),
              "SELECT id, name, member FROM peer_group WHERE id > ?1 ORDER BY id"),
      messages_(state.connection(),
                "SELECT m.id, m.tray, p.address, m.time_us, m.stamp_us, m.parts, m.reply_to, "
                "m.stamp, m.stamp_is_text, m.claims, m.state, m.attempts, m.parts_done, "
                "m.expires_us, m.acked_us, m.rtt_us, m.reason, m.request_id, m.part_ends, "
                "m.answered_us, m.answered_stamp, m.answered_is_text, m.answered_text, m.text "
                "FROM each_message m CROSS JOIN peer p ON p.id = m.peer_id "
                "WHERE m.id > ?1 ORDER BY m.id"),
      parts_(state.connection(),
             "SELECT t.id, p.address, l.first_us, l.count, l.original, l.reply_to, l.claims, "
             "l.last_us, t.stamp, t.stamp_is_text, t.text FROM part t "
             "JOIN long_text l ON l.id = t.id / 1024 JOIN peer p ON p.id = l.peer_id "
             "WHERE t.id > ?1 ORDER BY t.id"),
      identities_(state.connection(),
                  "SELECT p.address, i.peer_id, i.stamp_us, i.hash FROM identity i "
                  "JOIN peer p ON p.id = i.peer_id "
                  "WHERE (i.peer_id, i.stamp_us, hex(i.hash)) > (?1, ?2, upper(?3)) "
                  "AND (i.peer_id, i.stamp_us) >= (?1, ?2) "
                  "ORDER BY i.peer_id, i.stamp_us, i.hash"),
      packed_identities_(state.connection(),
                         "SELECT p.address, i.first_id, i.first_stamp_us, i.bytes "
                         "FROM identity_pack i CROSS JOIN peer p ON p.id = i.peer_id "
                         "WHERE i.first_id >= ?1 ORDER BY i.first_id") {}

ExportResult Exporter::page(const std::string& position, std::uint32_t limit) {
    Page page(std::clamp(limit, 1U, page_messages_max));
    const std::size_t colon = std::min(position.find(':'), position.size());
    const std::string room = position.substr(0, colon);
    const std::string after = position.substr(std::min(colon + 1, position.size()));
    const auto row_after = [&](std::string_view of) -> RowId {
        return room == of ? std::strtoll(after.c_str(), nullptr, 10) : 0;
    };
    // Each goes on where the page before ended, and the later ones begin at their beginning.
    constexpr std::array<std::string_view, 7> rooms{"",     "peer",     "group", "message",
                                                    "part", "identity", "packed"};
    const auto first = std::ranges::find(rooms, room) - rooms.begin();
    if (first == 0) {
        page.add(ExportedStore{.last_stamp_us = state_.meta().last_stamp_us}, "peer:0");
    }
    if (first <= 1) add_peers(page, row_after("peer"));
    if (first <= 2 && page.has_room()) add_groups(page, row_after("group"));
    if (first <= 3 && page.has_room()) add_messages(page, row_after("message"));
    if (first <= 4 && page.has_room()) add_parts(page, row_after("part"));
    if (first <= 5 && page.has_room()) add_identities(page, room == "identity" ? after : "");
    if (first <= 6 && page.has_room()) add_packed_identities(page, room == "packed" ? after : "");
    if (page.has_room()) page.result.next.reset();  // everything came to its end
    return std::move(page.result);
}

void Exporter::add_peers(Page& page, RowId after) {
    sqlite::Run row = peers_.run(after);
    while (page.has_room() && row.step()) {
        const auto id = row.next<RowId>();
        ExportedPeer record;
        record.address = row.next<std::string>();
        record.name = row.next<std::optional<std::string>>();
        record.dialect = row.next<std::uint8_t>();
        record.dialect_by_hand = row.next<bool>();
        record.p2pd = row.next<bool>();
        record.last_heard_us = row.next<std::optional<std::int64_t>>();
        page.add(std::move(record), "peer:" + std::to_string(id));
    }
}

void Exporter::add_groups(Page& page, RowId after) {
    sqlite::Run row = groups_.run(after);
    while (page.has_room() && row.step()) {
        const auto id = row.next<RowId>();
        ExportedGroup record;
        record.name = row.next<std::string>();
        record.member = row.next<std::string>();
        page.add(std::move(record), "group:" + std::to_string(id));
    }
}

void Exporter::add_messages(Page& page, RowId after) {
    sqlite::Run row = messages_.run(after);
    while (page.has_room() && row.step()) {
        const auto id = row.next<std::uint64_t>();
        const auto tray = row.next<Tray>();
        const std::string position = "message:" + std::to_string(id);
        if (tray == Tray::unread || tray == Tray::read) {
            ExportedReceived record = read_received(row, id, tray == Tray::read);
            const std::size_t bytes = record.text.size();
            page.add(std::move(record), position, bytes);
        } else {
            ExportedSent record = read_sent(row, id);
            const std::size_t bytes =
                record.text.size() + (record.answered ? record.answered->text.size() : 0);
            page.add(std::move(record), position, bytes);
        }
    }
}

void Exporter::add_parts(Page& page, RowId after) {
    sqlite::Run row = parts_.run(after);
    while (page.has_room() && row.step()) {
        const auto id = row.next<RowId>();
        ExportedPart record;
        record.number = static_cast<std::uint32_t>(id % 1024);
        record.peer = row.next<std::string>();
        record.first_us = row.next<std::int64_t>();
        record.count = row.next<std::uint32_t>();
        record.original = row.next<std::optional<std::string>>();
        record.reply_to = row.next<std::optional<std::uint64_t>>();
        record.claims = row.next<std::optional<std::string>>();
        record.last_us = row.next<std::int64_t>();
        record.stamp = row.next<std::string>();
        record.stamp_is_text = row.next<bool>();
        record.text = row.next<std::string>();
        const std::size_t bytes = record.text.size();
        page.add(std::move(record), "part:" + std::to_string(id), bytes);
    }
}

void Exporter::add_identities(Page& page, const std::string& after) {
    // "peer stamp hash"
    std::array<char, 33> hash{};
    long long peer_id = 0;
    long long stamp_us = 0;
    if (!after.empty() &&
        std::sscanf(after.c_str(), "%lld %lld %32s", &peer_id, &stamp_us, hash.data()) != 3) {
        peer_id = row_id_max;
    }
    sqlite::Run row = identities_.run(peer_id, stamp_us, std::string_view(hash.data()));
    while (page.has_room() && row.step()) {
        ExportedIdentity record;
        record.peer = row.next<std::string>();
        const std::string key = std::to_string(row.next<RowId>());
        record.stamp_us = row.next<std::int64_t>();
        record.hash = hex(row.next<sqlite::Bytes>());
        std::string position =
            "identity:" + key + " " + std::to_string(record.stamp_us) + " " + record.hash;
        page.add(std::move(record), std::move(position));
    }
}

void Exporter::add_packed_identities(Page& page, const std::string& after) {
    // "pack count": of that pack so many are done.
    long long first_id = 0;
    long long done = 0;
    if (!after.empty() && std::sscanf(after.c_str(), "%lld %lld", &first_id, &done) != 2) {
        first_id = row_id_max;
    }
    sqlite::Run row = packed_identities_.run(first_id);
    while (page.has_room() && row.step()) {
        const auto peer = row.next<std::string>();
        IdentityPack pack;
        pack.first_id = row.next<RowId>();
        pack.first_stamp_us = row.next<std::int64_t>();
        IdentityReader reader(pack, row.next<sqlite::Bytes>());
        if (pack.first_id != first_id) done = 0;
        for (long long i = 1; !reader.at_end() && page.has_room(); ++i) {
            const Identity each = reader.require_next();
            if (i <= done) continue;
            page.add(
                ExportedIdentity{.peer = peer, .stamp_us = each.stamp_us, .hash = hex(each.hash)},
                "packed:" + std::to_string(pack.first_id) + " " + std::to_string(i));
        }
    }
}

}  // namespace p2pd
