// daemon: is the store of a stopped daemon as it was written? Includes std, the rooms of the store.
#include "daemon/store_check.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>

#include "daemon/store_each_message.h"
#include "daemon/store_folder.h"
#include "daemon/store_identity_packs.h"
#include "daemon/store_page_file.h"
#include "daemon/store_schema.h"

namespace p2pd {

namespace {

constexpr std::size_t pages_named_max = 20;
// Versions of the schema.
constexpr std::size_t packs_since = 7;
constexpr std::size_t identity_packs_since = 8;

/// What must be 0, and what it means if it is not.
struct Rule {
    const char* sql;
    const char* broken;
    std::size_t since = 1;  ///< version of the schema
};
constexpr Rule rules[] = {
    {"SELECT count(*) FROM message m LEFT JOIN body b ON b.id = m.id WHERE b.id IS NULL",
     "messages have no text"},
    {"SELECT count(*) FROM body b LEFT JOIN message m ON m.id = b.id WHERE m.id IS NULL",
     "texts have no message"},
    {"SELECT count(*) FROM each_message m LEFT JOIN peer p ON p.id = m.peer_id WHERE p.id IS NULL",
     "messages have no peer"},
    {"SELECT count(*) FROM part p LEFT JOIN long_text l ON l.id = p.id / 1024 WHERE l.id IS NULL",
     "parts belong to no long text"},
    {"SELECT count(*) FROM long_text l WHERE present != "
     "(SELECT count(*) FROM part p WHERE p.id > l.id * 1024 AND p.id < l.id * 1024 + 1024)",
     "long texts have not the parts that they should have"},
    {"SELECT count(*) FROM peer p WHERE pending != "
     "(SELECT coalesce(sum(open), 0) FROM block b WHERE b.peer_id = p.id AND b.dir = 'out')",
     "peers have not the number of waiting messages that they should have", 6},
    {"SELECT 1 - count(*) FROM meta", "rows of counters are missing"},
    {"SELECT count(*) FROM meta WHERE messages != (SELECT count(*) FROM each_message)",
     "counters of messages are wrong"},
    {"SELECT count(*) FROM meta WHERE unread != (SELECT count(*) FROM each_message WHERE tray = 0)",
     "counters of unread messages are wrong"},
    {"SELECT count(*) FROM meta WHERE pending != "
     "(SELECT count(*) FROM each_message WHERE tray = 2)",
     "counters of waiting messages are wrong"},
    {"SELECT count(*) FROM meta WHERE peers != (SELECT count(*) FROM peer)",
     "counters of peers are wrong"},
    {"SELECT count(*) FROM peer p LEFT JOIN host h ON h.id = p.host_id WHERE h.id IS NULL",
     "peers have no host"},
    {"SELECT count(*) FROM each_message m WHERE NOT EXISTS (SELECT 1 FROM block b "
     "WHERE b.first_id > m.id - 256 AND b.first_id <= m.id AND b.last_id >= m.id "
     "AND b.peer_id = m.peer_id AND (b.dir = 'in') = (m.stamp IS NOT NULL) "
     "AND (m.stamp IS NOT NULL OR b.first_us <= m.stamp_us "
     "AND b.last_us >= m.stamp_us + m.parts - 1))",
     "messages are in no block of their peer's", 6},
    {"SELECT count(*) FROM block b WHERE is_open != (open > 0) OR open != (SELECT count(*) "
     "FROM each_message m WHERE m.id BETWEEN b.first_id AND b.last_id AND m.tray IN (0, 2)) "
     "OR messages != (SELECT count(*) FROM each_message m "
     "WHERE m.id BETWEEN b.first_id AND b.last_id)",
     "blocks have not the messages that they should have", 6},
    {"SELECT count(*) FROM each_message m CROSS JOIN block b ON b.first_id > m.id - 256 "
     "AND b.first_id <= m.id AND b.last_id >= m.id "
     "WHERE m.tray = 2 AND m.expires_us < b.expires_us",
     "messages expire before their blocks do", 6},
    {"SELECT (SELECT count(*) FROM each_message) != (SELECT coalesce(sum(count), 0) FROM change)",
     "sums of spans are wrong", 6},
    {"SELECT (SELECT count(*) FROM each_message) != (SELECT coalesce(sum(messages), 0) FROM block)",
     "sums of blocks are wrong", 6},
    {"SELECT count(*) FROM each_message m WHERE NOT EXISTS (SELECT 1 FROM change c "
     "WHERE c.first_cursor > m.cursor - 256 AND c.first_cursor <= m.cursor "
     "AND c.first_cursor + c.count > m.cursor "
     "AND c.first_id + m.cursor - c.first_cursor = m.id)",
     "messages are in no span of cursors", 6},
    {"SELECT count(*) FROM host h WHERE messages != (SELECT coalesce(sum(b.messages), 0) "
     "FROM peer p JOIN block b ON b.peer_id = p.id WHERE p.host_id = h.id AND b.dir = 'in')",
     "hosts have not the number of messages that they should have", 6},
    {"SELECT count(*) FROM meta WHERE stranger_messages != "
     "(SELECT coalesce(sum(messages), 0) FROM host WHERE NOT known) OR stranger_bytes != "
     "(SELECT coalesce(sum(bytes), 0) FROM host WHERE NOT known)",
     "counters of strangers are wrong"},
    {"SELECT count(*) FROM message WHERE (tray < 2) != (stamp IS NOT NULL)",
     "messages are neither received nor sent"},
    {"SELECT count(*) FROM each_message m, meta WHERE m.id > last_id OR cursor > last_cursor",
     "messages have numbers that were not given yet"},
    {"SELECT count(*) FROM pack_span s LEFT JOIN pack p ON p.first_id = s.pack_id "
     "WHERE p.first_id IS NULL OR s.first_id < p.first_id OR s.last_id > p.last_id "
     "OR s.last_id < s.first_id OR s.peer_id != p.peer_id OR s.dir != p.dir",
     "spans are in no pack of their peer's", 7},
    {"SELECT count(*) FROM pack p WHERE p.last_id - p.first_id + 1 != "
     "(SELECT coalesce(sum(s.last_id - s.first_id + 1), 0) FROM pack_span s "
     "WHERE s.pack_id = p.first_id AND s.first_id BETWEEN p.first_id AND p.last_id)",
     "packs have not the spans that they should have", 7},
    {"SELECT count(*) FROM pack_span s JOIN message m ON m.id BETWEEN s.first_id AND s.last_id",
     "messages are packed, and have rows", 7},
    {"SELECT count(*) FROM each_message WHERE text IS NULL", "messages have no text", 7},
    {"SELECT count(*) FROM identity_pack i JOIN identity_pack o ON o.peer_id = i.peer_id "
     "AND o.first_stamp_us BETWEEN i.first_stamp_us AND i.last_stamp_us "
     "WHERE o.first_id != i.first_id",
     "packs of dedup keys overlap", 8},
};

class Check {
public:
    explicit Check(const std::filesystem::path& state_dir)
        : folder_(open_store_folder(state_dir)), pages_(folder_->database()) {}

    CheckReport run() {
        if (pages_.page_count() == 0) {
            report_.damage.push_back("the database is empty, but had " +
                                     std::to_string(folder_->witnessed_commits().value_or(0)) +
                                     " commits");
            return std::move(report_);
        }
        try {
            connection_.emplace(folder_->database().string(), "");
            prepare();
            step([this] { look_at_structure(); });
            // What is below a damaged page seems to be unused.
            if (!report_.damage.empty()) unused_.clear();
            step([this] { look_at_index(); });
            for (const Rule& rule : rules) {
                if (rule.since <= version_) step([&] { look_at(rule); });
            }
            if (version_ >= identity_packs_since) step([this] { look_at_identities(); });
            step([this] { look_at_witness(); });
        } catch (const StoreFailure& failure) {
            if (newer()) throw;
            report_.damage.push_back(first_clause(failure.what()));
        }
        look_at_pages();
        return std::move(report_);
    }

private:
    bool newer() const { return version_ > store_migrations().size(); }

    /// Damage that one step finds does not keep the others from looking.
    template <class Look>
    void step(Look look) {
        try {
            look();
        } catch (const sqlite::Damaged& damage) {
            report_.damage.push_back(first_clause(damage.what()));
            connection_->forgive_damage();
        }
    }

    /// Without the advice.
    static std::string first_clause(const std::string& text) {
        return text.substr(0, text.find(damage_advice));
    }

    void look_at_pages() {
        std::set<PageNumber> damaged;
        std::ranges::set_difference(pages_.damaged(), unused_,
                                    std::inserter(damaged, damaged.end()));
        std::size_t named = 0;
        for (const PageNumber number : damaged) {
            if (++named > pages_named_max) break;
            report_.damage.push_back("page " + std::to_string(number) +
                                     " is not as it was written");
        }
        if (damaged.size() > pages_named_max) {
            report_.damage.push_back("and " + std::to_string(damaged.size() - pages_named_max) +
                                     " pages more");
        }
        if (pages_.damaged_frames() > 0) {
            report_.damage.push_back(std::to_string(pages_.damaged_frames()) +
                                     " pages in the log are not as they were written");
        }
        report_.notes.push_back(std::to_string(pages_.page_count()) + " pages" +
                                (pages_.summed() ? "" : ", without sums: of an older p2pd"));
    }

    /// The log must be left as it is: it may hold what a salvage finds.
    void prepare() {
        sqlite3_db_config(connection_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        connection_->execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA cell_size_check = ON");
        require_own(*connection_);
        add_each_message(*connection_);
        version_ = std::stoul(connection_->ask("PRAGMA user_version"));
        if (newer()) {
            throw StoreFailure("the store was written by a newer p2pd; check it with that one");
        }
    }

    /// Pages that nothing uses are left when a damaged full-text index is replaced; they are lost
    /// room and no damage.
    void look_at_structure() {
        sqlite::Statement check(*connection_, "PRAGMA integrity_check(1000000000)");
        sqlite::Run row = check.run();
        while (row.step()) {
            std::string text = row.next<std::string>();
            for (std::size_t end = 0; !text.empty(); text.erase(0, end + 1)) {
                end = std::min(text.find('\n'), text.size() - 1);
                const std::string line = text.substr(0, text.find('\n'));
                PageNumber unused = 0;
                if (std::sscanf(line.c_str(), "Page %u is never used", &unused) == 1) {
                    unused_.insert(unused);
                } else if (line != "ok" && !line.starts_with("*** in database")) {
                    report_.damage.push_back("structure: " + line);
                }
            }
        }
    }

    void look_at_index() {
        connection_->execute("INSERT INTO message_fts (message_fts) VALUES ('integrity-check')");
    }

    void look_at(const Rule& rule) {
        std::string sql = rule.sql;
        if (version_ < packs_since) {
            // Each message had a row.
            constexpr std::string_view each("each_");
            for (std::size_t at = 0; (at = sql.find(each, at)) != std::string::npos;) {
                sql.erase(at, each.size());
            }
        }
        const std::string count = connection_->ask(sql);
        if (count != "0") report_.damage.push_back(count + " " + rule.broken);
    }

    void look_at_identities() {
        std::size_t damaged = 0;
        each_identity_pack(*connection_, [&](const IdentityPack& pack, IdentityReader reader) {
            std::int64_t count = 0;
            std::optional<std::int64_t> last_us;
            for (auto each = reader.next(); each; each = reader.next(), ++count) {
                last_us = each->stamp_us;
            }
            const bool whole = reader.at_end() && count == pack.count;
            damaged += whole && last_us == pack.last_stamp_us ? 0 : 1;
        });
        if (damaged == 0) return;
        report_.damage.push_back(std::to_string(damaged) + " packs of dedup keys cannot be read");
    }

    void look_at_witness() {
        if (connection_->ask("SELECT count(*) FROM pragma_table_info('meta') "
                             "WHERE name = 'commits'") == "0") {
            return;
        }
        const std::uint64_t commits =
            std::stoull("0" + connection_->ask("SELECT commits FROM meta"));
        const std::uint64_t witnessed = folder_->witnessed_commits().value_or(0);
        if (witnessed > commits) {
            report_.damage.push_back("the last " + std::to_string(witnessed - commits) +
                                     " commits are lost");
        }
        report_.notes.push_back(connection_->ask("SELECT messages FROM meta") + " messages, " +
                                std::to_string(commits) + " commits");
    }

    std::unique_ptr<StoreFolder> folder_;
    PageFile pages_;
    std::set<PageNumber> unused_;
    std::optional<sqlite::Connection> connection_;
    CheckReport report_;
    std::size_t version_ = 0;  ///< of the schema
};

}  // namespace

void require_store(const std::filesystem::path& state_dir) {
    std::error_code error;
    if (std::filesystem::exists(state_dir / "p2pd.db", error)) return;
    throw StoreFailure("there is no store in " + state_dir.string());
}

CheckReport check_store(const std::filesystem::path& state_dir) {
    require_store(state_dir);
    return Check(state_dir).run();
}

}  // namespace p2pd
