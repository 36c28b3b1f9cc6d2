// daemon: long texts that come in parts. Includes std, core, daemon/sqlite.h.
#include "daemon/store_long_texts.h"

namespace p2pd {

namespace {

constexpr std::size_t joined_bytes_max = 2 * text_bytes_max;
constexpr RowId parts_room = 1024;  ///< of ids, for the parts of one long text
static_assert(parts_max < parts_room);

/// A part that says of its place what can be true.
bool plausible(const ReceivedMessage& message) {
    const Part& part = *message.part;
    return part.count >= 2 && part.count <= parts_max && part.number >= 1 &&
           part.number <= part.count && message.stamp.us - part.first_us == part.number - 1 &&
           message.text.size() <= joined_bytes_max;
}

std::optional<std::string> original(const ReceivedMessage& message) {
    if (!message.reply_to) return std::nullopt;
    return std::string(message.reply_to->lexeme());
}

/// What stands in a text for parts `first` to `last`, which never came.
std::string missing(std::uint32_t first, std::uint32_t last, std::uint32_t count) {
    const std::string of = " of " + std::to_string(count);
    if (first == last) return "[part " + std::to_string(first) + of + " is missing]";
    return "[parts " + std::to_string(first) + " to " + std::to_string(last) + of + " are missing]";
}

}  // namespace

LongTexts::LongTexts(StoreState& state, MessageTable& messages, IdentityTable& identities)
    : state_(state),
      messages_(messages),
      identities_(identities),
      find_(state.connection(),
            "SELECT id, peer_id, first_us, count, present, bytes, original, reply_to, claims, "
            "last_us FROM long_text WHERE peer_id = ?1 AND first_us = ?2"),
      overdue_(state.connection(),
               "SELECT id, peer_id, first_us, count, present, bytes, original, reply_to, claims, "
               "last_us FROM long_text WHERE last_us < ?1 ORDER BY last_us LIMIT 1"),
      open_(state.connection(),
            "INSERT INTO long_text (peer_id, first_us, count, present, bytes, original, reply_to, "
            "claims, last_us) VALUES (?1, ?2, ?3, 0, 0, ?4, ?5, ?6, ?7)"),
      count_(state.connection(),
             "UPDATE long_text SET present = ?2, bytes = ?3, last_us = ?4 WHERE id = ?1"),
      close_(state.connection(), "DELETE FROM long_text WHERE id = ?1"),
      find_part_(state.connection(), "SELECT 1 FROM part WHERE id = ?1"),
      add_part_(state.connection(),
                "INSERT INTO part (id, stamp, stamp_is_text, text) VALUES (?1, ?2, ?3, ?4)"),
      parts_(state.connection(),
             "SELECT id, stamp, stamp_is_text, text FROM part WHERE id > ?1 AND id < ?2 "
             "ORDER BY id"),
      erase_parts_(state.connection(), "DELETE FROM part WHERE id > ?1 AND id < ?2") {}

bool LongTexts::take(RowId peer_id, const ReceivedMessage& part, std::optional<RowId> reply_to) {
    if (!plausible(part) || identities_.is_closed(peer_id, part.part->first_us)) return false;
    std::optional<Gathered> gathered = find(peer_id, part.part->first_us);
    if (!gathered) gathered = open(peer_id, part, reply_to);
    if (!fits(*gathered, part)) return false;
    add(*gathered, part);
    if (gathered->present == gathered->count) join(*gathered);
    return true;
}

bool LongTexts::take_whole(RowId peer_id, std::span<const ReceivedMessage> parts,
                           std::optional<RowId> reply_to) {
    const ReceivedMessage& first = parts.front();
    std::string text;
    for (const ReceivedMessage& part : parts) {
        if (!plausible(part) || original(part) != original(first)) return false;
        text += part.text;
    }
    const std::int64_t first_us = first.part->first_us;
    if (text.size() > joined_bytes_max || identities_.is_closed(peer_id, first_us) ||
        find(peer_id, first_us)) {
        return false;
    }
    const RowId id = messages_.add(NewReceived{peer_id, first.stamp, text, first.part->count,
                                               reply_to, first.claims, parts.back().received_at});
    identities_.close_long_text(peer_id, first_us, id);
    return true;
}

std::optional<LongTexts::Gathered> LongTexts::find(RowId peer_id, std::int64_t first_us) {
    sqlite::Run row = find_.run(peer_id, first_us);
    return row.step() ? std::optional(read(row)) : std::nullopt;
}

LongTexts::Gathered LongTexts::open(RowId peer_id, const ReceivedMessage& part,
                                    std::optional<RowId> reply_to) {
    open_.execute(peer_id, part.part->first_us, part.part->count, original(part), reply_to,
                  part.claims, part.received_at);
    return *find(peer_id, part.part->first_us);
}

LongTexts::Gathered LongTexts::read(sqlite::Run& row) {
    Gathered gathered;
    gathered.id = row.next<RowId>();
    gathered.peer_id = row.next<RowId>();
    gathered.first_us = row.next<std::int64_t>();
    gathered.count = row.next<std::uint32_t>();
    gathered.present = row.next<std::uint32_t>();
    gathered.bytes = row.next<std::uint64_t>();
    gathered.original = row.next<std::optional<std::string>>();
    gathered.reply_to = row.next<std::optional<RowId>>();
    gathered.claims = row.next<std::string>();
    gathered.last = row.next<WallTime>();
    return gathered;
}

/// Copies never come this far, so a part that is there already is one with another text.
bool LongTexts::fits(const Gathered& gathered, const ReceivedMessage& part) {
    return part.part->count == gathered.count && original(part) == gathered.original &&
           gathered.bytes + part.text.size() <= joined_bytes_max &&
           !find_part_.run(gathered.id * parts_room + part.part->number).step();
}

void LongTexts::add(Gathered& gathered, const ReceivedMessage& part) {
    add_part_.execute(gathered.id * parts_room + part.part->number, part.stamp.lexeme(),
                      part.stamp.is_text(), part.text);
    gathered.present += 1;
    gathered.bytes += part.text.size();
    gathered.last = part.received_at;
    state_.hosts().add(state_.host_of(gathered.peer_id), {0, part.text.size()});
    count_.execute(gathered.id, gathered.present, gathered.bytes, gathered.last);
}

void LongTexts::join(const Gathered& gathered) {
    const RowId base = gathered.id * parts_room;
    std::string text;
    std::optional<Stamp> stamp;
    std::uint32_t expected = 1;
    {
        sqlite::Run row = parts_.run(base, base + parts_room);
        while (row.step()) {
            const auto number = static_cast<std::uint32_t>(row.next<RowId>() - base);
            if (number > expected) text += missing(expected, number - 1, gathered.count);
            expected = number + 1;
            const auto lexeme = row.next<std::string>();
            const auto is_text = row.next<bool>();
            if (!stamp) stamp = Stamp{lexeme, is_text, gathered.first_us + number - 1};
            text += row.next<std::string_view>();
        }
    }
    if (!stamp) throw StoreFailure("the store failed: a long text without parts");
    if (expected <= gathered.count) text += missing(expected, gathered.count, gathered.count);
    const RowId id = messages_.add(NewReceived{gathered.peer_id, *stamp, text, gathered.present,
                                               gathered.reply_to, gathered.claims, gathered.last});
    erase_parts_.execute(base, base + parts_room);
    close_.execute(gathered.id);
    state_.hosts().remove(state_.host_of(gathered.peer_id), {0, gathered.bytes});
    identities_.close_long_text(gathered.peer_id, gathered.first_us, id);
}

bool LongTexts::has_overdue(WallTime before) {
    return overdue_.run(before).step();
}

void LongTexts::join_overdue(WallTime before, int limit) {
    for (int joined = 0; joined < limit; ++joined) {
        std::optional<Gathered> gathered;
        if (sqlite::Run row = overdue_.run(before); row.step()) gathered = read(row);
        if (!gathered) return;
        join(*gathered);
    }
}

}  // namespace p2pd
