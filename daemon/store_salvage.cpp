// daemon: what is whole of a damaged store, copied into a new one. Includes std, common, the rooms
// of the store.
#include "daemon/store_salvage.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>

#include "common/json_fields.h"
#include "daemon/store_check.h"
#include "daemon/store_found_rows.h"
#include "daemon/store_salvage_packs.h"
#include "daemon/store_state.h"

namespace p2pd {

namespace {

constexpr std::size_t ids_named_max = 100;
/// What was given out and is lost shall not be given again.
constexpr RowId numbers_skipped = 1000000;
constexpr std::int64_t day_us = 86'400'000'000;
constexpr const char* count_pending =
    "UPDATE peer SET pending = (SELECT coalesce(sum(open), 0) FROM block b "
    "WHERE b.peer_id = peer.id AND b.dir = 'out')";

void bind_value(sqlite::Connection& connection, sqlite3_stmt* statement, int at,
                const RawValue& value) {
    if (const auto* const number = std::get_if<std::int64_t>(&value)) {
        connection.check(sqlite3_bind_int64(statement, at, *number));
    } else if (const auto* const text = std::get_if<std::string>(&value)) {
        connection.check(sqlite3_bind_text64(statement, at, text->c_str(), text->size(),
                                             SQLITE_STATIC, SQLITE_UTF8));
    } else if (const auto* const blob = std::get_if<Blob>(&value)) {
        connection.check(sqlite3_bind_blob64(statement, at, blob->bytes.c_str(), blob->bytes.size(),
                                             SQLITE_STATIC));
    }
}

/// Puts rows into one table, the values of its first columns; whatever contradicts a row that is
/// there is left out.
class Inserter {
public:
    Inserter(sqlite::Connection& connection, const TableShape& shape, std::size_t values)
        : connection_(connection), has_rowid_(shape.has_rowid) {
        sqlite::Statement names(connection, "SELECT name FROM pragma_table_info(?1) LIMIT ?2");
        std::string columns;
        std::string places;
        for (sqlite::Run name = names.run(shape.name, values); name.step();) {
            columns += (columns.empty() ? "" : ", ") + name.next<std::string>();
            places += places.empty() ? "?" : ", ?";
        }
        const std::string sql =
            "INSERT OR IGNORE INTO " + shape.name + " (" + columns + ") VALUES (" + places + ")";
        sqlite3_stmt* raw = nullptr;
        connection.check(sqlite3_prepare_v2(connection.handle(), sql.c_str(), -1, &raw, nullptr));
        statement_.reset(raw);
    }

    void insert(const RawRow& row) {
        for (std::size_t i = 0; i < row.values.size(); ++i) {
            bind_value(connection_, statement_.get(), static_cast<int>(i) + 1, row.values[i]);
        }
        if (has_rowid_) bind_value(connection_, statement_.get(), 1, RawValue(row.id));
        connection_.check(sqlite3_step(statement_.get()));
        connection_.check(sqlite3_reset(statement_.get()));
        sqlite3_clear_bindings(statement_.get());
    }

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    sqlite::Connection& connection_;
    bool has_rowid_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

std::string ids_text(const std::vector<std::string>& ids) {
    std::string text;
    for (std::size_t i = 0; i < ids.size() && i < ids_named_max; ++i) text += " " + ids[i];
    return text + (ids.size() > ids_named_max ? " ..." : "");
}

class Salvage {
public:
    Salvage(const std::filesystem::path& state_dir, const std::filesystem::path& new_dir)
        : folder_(open_store_folder(state_dir)),
          file_(folder_->database()),
          new_dir_(new_dir),
          state_(options()),
          found_(file_, table_shapes(state_.connection())) {}

    SalvageReport run() {
        const bool written = state_.transact([this] {
            copy_rows();
            unpack();
            unpack_identities();
            mend_peers();
            mend_messages();
            mend_long_texts();
            state_.connection().execute(rebuild_blocks());
            state_.connection().execute(count_pending);
            state_.connection().execute(recount_hosts());
            state_.connection().execute(
                "DELETE FROM host WHERE id NOT IN (SELECT host_id FROM peer)");
            count();
        });
        if (!written) throw StoreFailure("the disk is full: " + new_dir_.string());
        state_.file().checkpoint_and_truncate();
        report();
        return std::move(report_);
    }

private:
    StoreOptions options() const {
        StoreOptions options;
        options.state_dir = new_dir_;
        return options;
    }

    std::int64_t number(const std::string& sql) {
        return std::stoll("0" + state_.connection().ask(sql));
    }

    void copy_rows() {
        for (const TableShape& shape : found_.shapes()) {
            if (shape.name == "meta") continue;
            std::map<std::size_t, Inserter> inserters;  // rows of older schemas are shorter
            for (const RawRow& row : found_.of(shape.name)) {
                const std::size_t values = row.values.size();
                inserters.try_emplace(values, state_.connection(), shape, values)
                    .first->second.insert(row);
            }
        }
    }

    void unpack() {
        RowId& last_cursor = state_.meta().last_cursor;
        last_cursor = std::max({old_counters()[1], number("SELECT max(cursor) FROM message"),
                                number("SELECT max(first_cursor + last_id - first_id) "
                                       "FROM pack_span")});
        lost_ = unpack_all(state_, last_cursor);
        state_.connection().execute("DELETE FROM pack; DELETE FROM pack_span");
        // Some have rows: their packs were taken apart, and what is here is older.
        std::erase_if(lost_, [this](const std::string& id) {
            return number("SELECT count(*) FROM message WHERE id = " + id) != 0;
        });
    }

    void unpack_identities() {
        const std::int64_t lost = unpack_all_identities(state_.connection());
        state_.connection().execute("DELETE FROM identity_pack");
        if (lost > 0) report_.missing.push_back(std::to_string(lost) + " dedup keys");
    }

    /// A peer whose row is lost has its address in the index of addresses, or else gets one that
    /// no network has (100::/64, RFC 6666), so that its messages can be kept.
    void mend_peers() {
        sqlite::Connection& connection = state_.connection();
        sqlite::Statement add(connection,
                              "INSERT OR IGNORE INTO peer (id, address) VALUES (?1, ?2)");
        for (const auto& [id, address] : found_.addresses()) add.execute(id, address);
        const auto without_address =
            ids("SELECT DISTINCT peer_id FROM message WHERE peer_id NOT IN (SELECT id FROM peer)");
        if (without_address.empty()) return;
        connection.execute(
            "UPDATE message SET tray = 3, state = 4, reason = 'its address was lost' "
            "WHERE tray = 2 AND peer_id NOT IN (SELECT id FROM peer)");
        for (const std::string& id : without_address) {
            const auto peer_id = std::stoll(id);
            std::array<char, 32> address{};
            std::snprintf(address.data(), address.size(), "[100::%llx:%llx]:5000", peer_id >> 16,
                          peer_id & 0xffff);
            const auto endpoint = parse_endpoint(address.data(), 0);
            add.execute(peer_id, endpoint ? endpoint->text() : address.data());
        }
        report_.missing.push_back("addresses of " + std::to_string(without_address.size()) +
                                  " peers; their messages are from [100::...]:5000");
    }

    void mend_messages() {
        sqlite::Connection& connection = state_.connection();
        const auto textless = ids("SELECT id FROM message WHERE id NOT IN (SELECT id FROM body)");
        const auto bare = ids("SELECT id FROM body WHERE id NOT IN (SELECT id FROM message)");
        lost_.insert(lost_.end(), textless.begin(), textless.end());
        lost_.insert(lost_.end(), bare.begin(), bare.end());
        if (!bare.empty()) keep_texts();
        connection.execute(
            "DELETE FROM message WHERE id NOT IN (SELECT id FROM body);"
            "DELETE FROM body WHERE id NOT IN (SELECT id FROM message)");
    }

    void keep_texts() {
        const auto path = new_dir_ / "texts-without-message.jsonl";
        std::ofstream file(path);
        sqlite::Statement texts(
            state_.connection(),
            "SELECT id, text FROM body WHERE id NOT IN (SELECT id FROM message)");
        sqlite::Run row = texts.run();
        while (row.step()) {
            Json line;
            line["id"] = row.next<std::int64_t>();
            line["text"] = row.next<std::string>();
            file << line.dump(-1, ' ', true, Json::error_handler_t::replace) << '\n';
        }
        if (!file.flush()) throw StoreFailure("cannot write " + path.string());
    }

    void mend_long_texts() {
        state_.connection().execute(
            "DELETE FROM part WHERE id / 1024 NOT IN (SELECT id FROM long_text);"
            "UPDATE long_text SET"
            " present = (SELECT count(*) FROM part p WHERE p.id / 1024 = long_text.id),"
            " bytes = (SELECT coalesce(sum(length(CAST(text AS BLOB))), 0) FROM part p"
            "          WHERE p.id / 1024 = long_text.id);"
            "DELETE FROM long_text WHERE present = 0");
    }

    void count() {
        Meta& meta = state_.meta();
        const auto old = old_counters();
        meta.last_id = std::max(old[0], number("SELECT max(id) FROM message"));
        for (const std::string& id : lost_)
            meta.last_id = std::max(meta.last_id, RowId{std::stoll(id)});
        meta.last_cursor =
            std::max({meta.last_cursor, old[1], number("SELECT max(cursor) FROM message")});
        meta.last_stamp_us = std::max(
            old[2], number("SELECT max(stamp_us + parts - 1) FROM message WHERE tray >= 2"));
        meta.last_order_us = std::max(old[3], number("SELECT max(time_us + late_us) FROM message"));
        meta.messages = static_cast<std::uint64_t>(number("SELECT count(*) FROM message"));
        meta.unread =
            static_cast<std::uint64_t>(number("SELECT count(*) FROM message WHERE tray = 0"));
        meta.pending =
            static_cast<std::uint64_t>(number("SELECT count(*) FROM message WHERE tray = 2"));
        meta.peers = static_cast<std::uint64_t>(number("SELECT count(*) FROM peer"));
        meta.strangers.messages =
            static_cast<std::uint64_t>(number("SELECT stranger_messages FROM meta"));
        meta.strangers.bytes =
            static_cast<std::uint64_t>(number("SELECT stranger_bytes FROM meta"));
        meta.age_us = number("SELECT max(seen_day) FROM identity") * day_us;
        const std::uint64_t witnessed = folder_->witnessed_commits().value_or(0);
        const auto commits = static_cast<std::uint64_t>(old[4]);
        if (witnessed > commits && commits > 0) {
            report_.missing.push_back("the last " + std::to_string(witnessed - commits) +
                                      " commits");
        }
        if (is_whole() && witnessed <= commits) return;
        meta.last_id += numbers_skipped;
        meta.last_cursor += numbers_skipped;
        meta.last_stamp_us =
            std::max(meta.last_stamp_us, number("SELECT CAST(strftime('%s', 'now') AS INTEGER) * "
                                                "1000000"));
    }

    /// last_id, last_cursor, last_stamp_us, last_order_us, commits; of older schemas 0.
    std::array<std::int64_t, 5> old_counters() {
        std::array<std::int64_t, 5> counters{};
        if (found_.of("meta").empty()) return counters;
        constexpr std::array<std::size_t, 5> columns{1, 2, 3, 4, 10};
        const RawRow& row = found_.of("meta").front();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (columns[i] >= row.values.size()) continue;
            if (const auto* const value = std::get_if<std::int64_t>(&row.values[columns[i]])) {
                counters[i] = *value;
            }
        }
        return counters;
    }

    bool is_whole() const { return file_.damaged().empty() && file_.damaged_frames() == 0; }

    void report() {
        const auto say = [this](std::int64_t count, const std::string& of) {
            report_.copied.push_back(std::to_string(count) + " " + of);
        };
        say(number("SELECT count(*) FROM message WHERE tray < 2"), "received messages");
        say(number("SELECT count(*) FROM message WHERE tray >= 2"), "sent messages");
        say(number("SELECT count(*) FROM peer"), "peers");
        say(number("SELECT count(*) FROM peer_group"), "members of groups");
        say(number("SELECT count(*) FROM identity"), "dedup keys");
        say(number("SELECT count(*) FROM part"), "parts of incomplete long texts");
        for (const std::int64_t id : found_.lost_ids("body")) {
            const std::string text = std::to_string(id);
            if (std::ranges::find(lost_, text) == lost_.end()) lost_.push_back(text);
        }
        if (!lost_.empty()) {
            report_.missing.push_back(std::to_string(lost_.size()) +
                                      " messages:" + ids_text(lost_));
        }
        if (!is_whole()) {
            report_.missing.push_back(
                "what was in " + std::to_string(file_.damaged().size()) + " damaged pages and " +
                std::to_string(file_.damaged_frames()) + " damaged pages of the log");
        }
    }

    std::vector<std::string> ids(const std::string& sql) {
        std::vector<std::string> ids;
        sqlite::Statement statement(state_.connection(), sql);
        sqlite::Run row = statement.run();
        while (row.step()) ids.push_back(row.next<std::string>());
        return ids;
    }

    std::unique_ptr<StoreFolder> folder_;
    PageFile file_;
    std::filesystem::path new_dir_;
    StoreState state_;
    FoundRows found_;
    std::vector<std::string> lost_;
    SalvageReport report_;
};

}  // namespace

SalvageReport salvage_store(const std::filesystem::path& state_dir,
                            const std::filesystem::path& new_dir) {
    require_store(state_dir);
    if (std::filesystem::exists(new_dir / "p2pd.db")) {
        throw StoreFailure("there is a store in " + new_dir.string() + " already");
    }
    return Salvage(state_dir, new_dir).run();
}

}  // namespace p2pd
