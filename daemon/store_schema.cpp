// daemon: the tables of the store. Includes std, daemon/sqlite.h.
#include "daemon/store_schema.h"

#include <array>

namespace p2pd {

namespace {

// Of the indexes: each holds the id as its last column, as all of SQLite's do, so a page in the
// order of ids is a range of one of them (or a merge of a few) and never a sort.
constexpr const char* version_1 = R"sql(
    -- Counters and numbers given; in the same transactions as what they count.
    CREATE TABLE meta (
        id            INTEGER PRIMARY KEY CHECK (id = 1),
        last_id       INTEGER NOT NULL,  -- ids and cursors are never given twice,
        last_cursor   INTEGER NOT NULL,  -- so they live here and not in max(id)
        last_stamp_us INTEGER NOT NULL,
        last_order_us INTEGER NOT NULL,
        messages      INTEGER NOT NULL,
        unread        INTEGER NOT NULL,
        pending       INTEGER NOT NULL,
        peers         INTEGER NOT NULL,
        indexed_id    INTEGER NOT NULL   -- message_fts has every message up to here
    ) STRICT;
    INSERT INTO meta VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    CREATE TABLE peer (
        id              INTEGER PRIMARY KEY,
        address         TEXT NOT NULL UNIQUE,  -- 10.0.0.5:5000
        name            TEXT UNIQUE,
        dialect         INTEGER NOT NULL DEFAULT 0,
        dialect_by_hand INTEGER NOT NULL DEFAULT 0,
        is_p2pd         INTEGER NOT NULL DEFAULT 0,
        last_heard_us   INTEGER,
        pending         INTEGER NOT NULL DEFAULT 0  -- messages to it without a final state
    ) STRICT;
    CREATE INDEX peer_heard ON peer (last_heard_us) WHERE last_heard_us IS NOT NULL;
    CREATE INDEX peer_pending ON peer (pending) WHERE pending > 0;

    -- Small rows, since these change; what never changes and may be long is in body.
    CREATE TABLE message (
        id            INTEGER PRIMARY KEY,
        tray          INTEGER NOT NULL,  -- 0 unread, 1 read, 2 pending, 3 finished
        peer_id       INTEGER NOT NULL REFERENCES peer (id),
        cursor        INTEGER NOT NULL,
        time_us       INTEGER NOT NULL,  -- received or accepted, by the clock of then
        late_us       INTEGER NOT NULL,  -- added to it, times never fall with rising ids
        stamp_us      INTEGER NOT NULL,
        parts         INTEGER NOT NULL,
        reply_to      INTEGER,
        -- received
        stamp         TEXT,
        stamp_is_text INTEGER,
        claims        TEXT,
        -- sent
        state         INTEGER,
        attempts      INTEGER,
        parts_done    INTEGER,
        expires_us    INTEGER,
        acked_us      INTEGER,
        rtt_us        INTEGER,
        reason        TEXT,
        request_id    TEXT
    ) STRICT;
    CREATE INDEX message_tray ON message (tray);
    CREATE INDEX message_peer ON message (peer_id, tray);
    CREATE UNIQUE INDEX message_cursor ON message (cursor);
    CREATE INDEX message_stamp ON message (stamp_us) WHERE tray >= 2;
    CREATE INDEX message_expiry ON message (expires_us) WHERE tray = 2;
    CREATE UNIQUE INDEX message_request ON message (request_id) WHERE request_id IS NOT NULL;

    CREATE TABLE body (
        id               INTEGER PRIMARY KEY,
        part_ends        BLOB,  -- 32 bits each, little endian; NULL: one part
        answered_us      INTEGER,
        answered_stamp   TEXT,
        answered_is_text INTEGER,
        answered_text    TEXT,
        text             TEXT NOT NULL
    ) STRICT;

    -- What was received once, also when its message is deleted. The hash is BLAKE2b-128 of kind
    -- and content; sixteen zero bytes: the long text that begins at stamp_us is closed.
    CREATE TABLE identity (
        peer_id  INTEGER NOT NULL,
        stamp_us INTEGER NOT NULL,
        hash     BLOB NOT NULL,
        seen_day INTEGER NOT NULL,
        PRIMARY KEY (peer_id, stamp_us, hash)
    ) STRICT, WITHOUT ROWID;

    -- Long texts of which parts are missing. The id of a part is long_text.id * 1024 + its number.
    CREATE TABLE long_text (
        id        INTEGER PRIMARY KEY,
        peer_id   INTEGER NOT NULL,
        first_us  INTEGER NOT NULL,
        count     INTEGER NOT NULL,
        present   INTEGER NOT NULL,
        bytes     INTEGER NOT NULL,
        original  TEXT,     -- timestamp of the message that it answers
        reply_to  INTEGER,
        claims    TEXT,
        last_us   INTEGER NOT NULL,  -- when the latest part came
        UNIQUE (peer_id, first_us)
    ) STRICT;
    CREATE INDEX long_text_age ON long_text (last_us);
    CREATE TABLE part (
        id            INTEGER PRIMARY KEY,
        stamp         TEXT NOT NULL,
        stamp_is_text INTEGER NOT NULL,
        text          TEXT NOT NULL
    ) STRICT;

    -- Without a copy of the texts, and filled behind. `peer` holds the peer's id, so that a search
    -- among one peer's messages does not look at those of the others.
    CREATE VIRTUAL TABLE message_fts USING fts5 (
        text, peer, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2');
)sql";

// What is kept of strangers is counted, so that they cannot fill the disk.
constexpr const char* version_2 = R"sql(
    -- Raised by each that changes anything; a file beside the store knows how many there were.
    ALTER TABLE meta ADD COLUMN commits INTEGER NOT NULL DEFAULT 0;

    ALTER TABLE meta ADD COLUMN stranger_messages INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE meta ADD COLUMN stranger_bytes INTEGER NOT NULL DEFAULT 0;

    CREATE TABLE host (
        id       INTEGER PRIMARY KEY,
        address  TEXT NOT NULL UNIQUE,            -- 10.0.0.5
        known    INTEGER NOT NULL DEFAULT 0,      -- a peer of it has a name or was sent to
        messages INTEGER NOT NULL DEFAULT 0,      -- received and kept
        bytes    INTEGER NOT NULL DEFAULT 0       -- of their texts, and of parts
    ) STRICT;
    CREATE INDEX host_known ON host (known) WHERE known > 0;

    ALTER TABLE peer ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;  -- the user has written to it
    ALTER TABLE peer ADD COLUMN host_id INTEGER REFERENCES host (id);
    CREATE INDEX peer_host ON peer (host_id);
)sql";

// A sent message has no `stamp`, which never changes; so the end of one touches only the indexes of
// what waits, and that of changes.
// Keys age by a clock that counts only what has passed: it goes on where the wall clock was.
constexpr const char* version_3 = R"sql(
    ALTER TABLE meta ADD COLUMN age_us INTEGER NOT NULL DEFAULT 0;
    UPDATE meta SET age_us = 86400000000 * (SELECT coalesce(max(seen_day), 0) FROM identity);

    DROP INDEX message_tray;
    DROP INDEX message_peer;
    DROP INDEX message_stamp;
    CREATE INDEX message_tray ON message (tray) WHERE stamp IS NOT NULL;
    CREATE INDEX message_peer ON message (peer_id, tray) WHERE stamp IS NOT NULL;
    CREATE INDEX message_sent ON message (id) WHERE stamp IS NULL;
    CREATE INDEX message_sent_to ON message (peer_id) WHERE stamp IS NULL;
    CREATE INDEX message_pending ON message (peer_id) WHERE tray = 2;
    CREATE INDEX message_stamp ON message (stamp_us) WHERE stamp IS NULL;
)sql";

// Its `kind` is there so that a row found without its table is not taken for a peer's.
constexpr const char* version_4 = R"sql(
    CREATE TABLE peer_group (
        id     INTEGER PRIMARY KEY,  -- in the order in which they came
        kind   INTEGER NOT NULL,     -- 0
        name   TEXT NOT NULL,
        member TEXT NOT NULL,        -- as it was given: a name, an address, a host
        UNIQUE (name, member)
    ) STRICT;
    CREATE INDEX peer_group_name ON peer_group (name);
    CREATE INDEX peer_group_member ON peer_group (member);
)sql";

// Which message a received identity became, so that its sender can ask whether it was read.
constexpr const char* version_5 = R"sql(
    ALTER TABLE identity ADD COLUMN message_id INTEGER;  -- NULL: of a part, or not known
    ALTER TABLE message ADD COLUMN handled INTEGER;      -- of a received one: 1, or NULL
)sql";

// How hosts were counted first, when each message was in an index of its peer's.
constexpr const char* count_hosts = R"sql(
    INSERT OR IGNORE INTO host (address)
        SELECT DISTINCT trim(rtrim(rtrim(address, '0123456789'), ':'), '[]') FROM peer;
    UPDATE peer SET
        sent = sent OR EXISTS (SELECT 1 FROM message m WHERE m.peer_id = peer.id AND m.stamp IS NULL),
        host_id = (SELECT h.id FROM host h
                   WHERE h.address = trim(rtrim(rtrim(peer.address, '0123456789'), ':'), '[]'));
    UPDATE host SET
        known = EXISTS (SELECT 1 FROM peer p
                        WHERE p.host_id = host.id AND (p.name IS NOT NULL OR p.sent)),
        messages = (SELECT count(*) FROM peer p JOIN message m ON m.peer_id = p.id
                    WHERE p.host_id = host.id AND m.stamp IS NOT NULL),
        bytes = (SELECT coalesce(sum(length(CAST(b.text AS BLOB))), 0)
                 FROM peer p JOIN message m ON m.peer_id = p.id JOIN body b ON b.id = m.id
                 WHERE p.host_id = host.id AND m.stamp IS NOT NULL) +
                (SELECT coalesce(sum(l.bytes), 0) FROM peer p JOIN long_text l ON l.peer_id = p.id
                 WHERE p.host_id = host.id);
    UPDATE meta SET
        stranger_messages = (SELECT coalesce(sum(messages), 0) FROM host WHERE NOT known),
        stranger_bytes = (SELECT coalesce(sum(bytes), 0) FROM host WHERE NOT known);
)sql";

// Entries by block and by span, in place of indexes that each message was in.
constexpr const char* version_6 = R"sql(
    CREATE TABLE block (
        first_id   INTEGER PRIMARY KEY,
        last_id    INTEGER NOT NULL,
        peer_id    INTEGER NOT NULL,
        dir        TEXT NOT NULL,     -- 'in' or 'out'; a text, so that a row found without its
        messages   INTEGER NOT NULL,  -- table is not taken for one of another
        open       INTEGER NOT NULL,  -- unread, or waiting
        is_open    INTEGER NOT NULL,  -- open > 0: indexes are by this, as it changes seldom
        first_us   INTEGER NOT NULL,  -- timestamps of sent ones
        last_us    INTEGER NOT NULL,
        expires_us INTEGER NOT NULL   -- no open one expires before
    ) STRICT;
    CREATE INDEX block_dir ON block (dir);
    CREATE INDEX block_peer ON block (peer_id, dir);
    CREATE INDEX block_open ON block (dir) WHERE is_open = 1;
    CREATE INDEX block_open_peer ON block (peer_id, dir) WHERE is_open = 1;
    CREATE INDEX block_expiry ON block (expires_us) WHERE dir = 'out' AND is_open = 1;
    CREATE INDEX block_stamp ON block (first_us) WHERE dir = 'out';
    CREATE TABLE change (
        first_cursor INTEGER PRIMARY KEY,
        first_id     INTEGER NOT NULL,
        count        INTEGER NOT NULL
    ) STRICT;
)sql";
// Messages that came together, in one row. The `dir` is there so that a row found without its table
// is not taken for one of another.
constexpr const char* version_7 = R"sql(
    CREATE TABLE pack (
        first_id INTEGER PRIMARY KEY,
        dir      TEXT NOT NULL,     -- 'in' or 'out'
        last_id  INTEGER NOT NULL,
        peer_id  INTEGER NOT NULL,
        bytes    BLOB NOT NULL      -- what never changes of them: store_pack_codec.h
    ) STRICT;
    -- Where they stand: ids of one pack that follow one another, as their cursors do.
    CREATE TABLE pack_span (
        first_id     INTEGER PRIMARY KEY,
        dir          TEXT NOT NULL,
        last_id      INTEGER NOT NULL,
        pack_id      INTEGER NOT NULL,
        peer_id      INTEGER NOT NULL,
        tray         INTEGER NOT NULL,
        first_cursor INTEGER NOT NULL,
        attempts     INTEGER NOT NULL,
        acked_us     INTEGER,
        rtt_us       INTEGER
    ) STRICT;
)sql";
// Identities that came together, as one row. A table with rowids: an index compares with all bytes
// of a row.
constexpr const char* version_8 = R"sql(
    CREATE TABLE identity_pack (
        first_id       INTEGER PRIMARY KEY,  -- the lowest id of their messages
        peer_id        INTEGER NOT NULL,
        first_stamp_us INTEGER NOT NULL,     -- no other pack of the peer is in this range
        last_stamp_us  INTEGER NOT NULL,
        seen_day       INTEGER NOT NULL,
        count          INTEGER NOT NULL,
        bytes          BLOB NOT NULL         -- store_identity_packs.cpp
    ) STRICT;
    CREATE INDEX identity_pack_stamp ON identity_pack (peer_id, first_stamp_us, last_stamp_us);
)sql";
// Hashes of identities are XXH3-128 from now on. An older p2pd would not know what it has received.
constexpr const char* version_9 = "";
constexpr const char* drop_message_indexes = R"sql(
    DROP INDEX message_tray;
    DROP INDEX message_peer;
    DROP INDEX message_cursor;
    DROP INDEX message_expiry;
    DROP INDEX message_sent;
    DROP INDEX message_sent_to;
    DROP INDEX message_pending;
    DROP INDEX message_stamp;
)sql";

// "p2pd", so that file(1) and we know whose file it is; "p2ps" where the pages have sums, so that
// damage to the byte which says so cannot turn the checks off.
constexpr const char* application_id_plain = "1882353764";
constexpr const char* application_id_summed = "1882353779";

const char* application_id(const sqlite::Connection& connection) {
    return connection.summed() ? application_id_summed : application_id_plain;
}

}  // namespace

const char* rebuild_blocks() {
    return R"sql(
    INSERT INTO block
        SELECT id, id, peer_id, CASE WHEN stamp IS NULL THEN 'out' ELSE 'in' END, 1,
               tray IN (0, 2), tray IN (0, 2), CASE WHEN stamp IS NULL THEN stamp_us ELSE 0 END,
               CASE WHEN stamp IS NULL THEN stamp_us + parts - 1 ELSE 0 END,
               coalesce(expires_us, 0)
        FROM message;
    INSERT INTO change SELECT cursor, id, 1 FROM message ORDER BY cursor;
)sql";
}

const char* recount_hosts() {
    return R"sql(
    INSERT OR IGNORE INTO host (address)
        SELECT DISTINCT trim(rtrim(rtrim(address, '0123456789'), ':'), '[]') FROM peer;
    UPDATE peer SET
        sent = sent OR EXISTS (SELECT 1 FROM block b WHERE b.peer_id = peer.id AND b.dir = 'out'),
        host_id = (SELECT h.id FROM host h
                   WHERE h.address = trim(rtrim(rtrim(peer.address, '0123456789'), ':'), '[]'));
    UPDATE host SET
        known = EXISTS (SELECT 1 FROM peer p
                        WHERE p.host_id = host.id AND (p.name IS NOT NULL OR p.sent)),
        messages = (SELECT coalesce(sum(b.messages), 0)
                    FROM peer p JOIN block b ON b.peer_id = p.id
                    WHERE p.host_id = host.id AND b.dir = 'in'),
        bytes = (SELECT coalesce(sum(length(CAST(t.text AS BLOB))), 0)
                 FROM peer p JOIN block b ON b.peer_id = p.id
                 JOIN body t ON t.id BETWEEN b.first_id AND b.last_id
                 WHERE p.host_id = host.id AND b.dir = 'in') +
                (SELECT coalesce(sum(l.bytes), 0) FROM peer p JOIN long_text l ON l.peer_id = p.id
                 WHERE p.host_id = host.id);
    UPDATE meta SET
        stranger_messages = (SELECT coalesce(sum(messages), 0) FROM host WHERE NOT known),
        stranger_bytes = (SELECT coalesce(sum(bytes), 0) FROM host WHERE NOT known);
)sql";
}

std::span<const char* const> store_migrations() {
    static const std::string second = std::string(version_2) + count_hosts;
    static const std::string sixth =
        std::string(version_6) + rebuild_blocks() + drop_message_indexes;
    static const std::array migrations{version_1, second.c_str(), version_3,
                                       version_4, version_5,      sixth.c_str(),
                                       version_7, version_8,      version_9};
    return migrations;
}

void require_own(sqlite::Connection& connection) {
    const std::string id = connection.ask("PRAGMA application_id");
    if (id == application_id(connection)) return;
    if (id == application_id_summed) {
        throw sqlite::Damaged(
            std::string("the store is damaged: its header is not as it was written") +
            damage_advice);
    }
    if (connection.ask("SELECT count(*) FROM sqlite_schema") == "0") return;
    throw StoreFailure("the database in the state folder is not a store of p2pd");
}

void migrate(sqlite::Connection& connection, std::span<const char* const> steps) {
    const std::size_t version = std::stoul(connection.ask("PRAGMA user_version"));
    if (version > steps.size()) {
        throw StoreFailure("the store was written by a newer p2pd (schema version " +
                           std::to_string(version) + ", this one knows up to " +
                           std::to_string(steps.size()) + "); upgrade p2pd");
    }
    if (version == steps.size()) return;
    // All at once: each commit is a sync, which a new store need not wait for nine times.
    connection.execute("BEGIN IMMEDIATE");
    for (const char* const step : steps.subspan(version)) connection.execute(step);
    connection.execute("PRAGMA user_version = " + std::to_string(steps.size()));
    connection.execute(std::string("PRAGMA application_id = ") + application_id(connection));
    connection.execute("COMMIT");
}

}  // namespace p2pd
