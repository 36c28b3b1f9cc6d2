// tests/store: a store of every kind of message, and damage to its files.
#include "tests/store/damage.h"

#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace p2pd::test {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t ballast_bytes = 4 * 1024 * 1024;

void cut(std::string& bytes, std::mt19937& random) {
    bytes.resize(random() % bytes.size());
}

void clear_range(std::string& bytes, std::mt19937& random) {
    const std::size_t begin = random() % bytes.size();
    const std::size_t size = 1 + random() % (random() % 2 == 0 ? 16 : 16384);
    const std::size_t end = std::min(bytes.size(), begin + size);
    std::fill(bytes.begin() + std::ptrdiff_t(begin), bytes.begin() + std::ptrdiff_t(end), '\0');
}

std::string damage_once(std::string& bytes, std::mt19937& random) {
    // Headers are small and matter most.
    const std::size_t range =
        random() % 4 == 0 ? std::min<std::size_t>(128, bytes.size()) : bytes.size();
    const std::size_t at = random() % range;
    switch (random() % 8) {
        case 0:
            cut(bytes, random);
            return "cut";
        case 1:
            clear_range(bytes, random);
            return "zeros";
        case 2:
        case 3:
            bytes[at] = static_cast<char>(random());
            return "byte " + std::to_string(at);
        default:
            bytes[at] = static_cast<char>(bytes[at] ^ 1 << random() % 8);
            return "bit in byte " + std::to_string(at);
    }
}

/// In place, which is several times as fast as a new file.
void overwrite(const fs::path& path, const std::string& bytes) {
    const FileHandle file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
    const bool done = pwrite(file.get(), bytes.data(), bytes.size(), 0) == ssize_t(bytes.size()) &&
                      ftruncate(file.get(), off_t(bytes.size())) == 0;
    if (!done) throw std::runtime_error("cannot write " + path.string());
}

std::string rows_of(sqlite::Connection& connection, const std::string& sql) {
    std::string rows;
    sqlite3_stmt* raw = nullptr;
    connection.check(sqlite3_prepare_v2(connection.handle(), sql.c_str(), -1, &raw, nullptr));
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> row(raw, sqlite3_finalize);
    for (int code = SQLITE_ROW; code == SQLITE_ROW;) {
        connection.check(code = sqlite3_step(raw));
        for (int i = 0; code == SQLITE_ROW && i < sqlite3_column_count(raw); ++i) {
            rows += static_cast<char>('0' + sqlite3_column_type(raw, i));
            const void* const bytes = sqlite3_column_blob(raw, i);
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(raw, i));
            if (size > 0) rows.append(static_cast<const char*>(bytes), size);
            rows += '|';
        }
        rows += '\n';
    }
    return rows;
}

}  // namespace

std::string everything_in(Store& store) {
    auto& connection = StoreInspector::rooms(store).state.connection();
    // Of the counters all but what changes when a damaged index is replaced.
    std::string all = rows_of(connection,
                              "SELECT last_id, last_cursor, last_stamp_us, last_order_us, "
                              "messages, unread, pending, peers FROM meta");
    // Numbers of hosts mean nothing to anybody else.
    all += rows_of(connection, "SELECT address, known, messages, bytes FROM host ORDER BY address");
    all += rows_of(connection,
                   "SELECT p.id, p.address, name, dialect, dialect_by_hand, is_p2pd, "
                   "last_heard_us, pending, sent, h.address "
                   "FROM peer p LEFT JOIN host h ON h.id = p.host_id ORDER BY p.id");
    for (const char* table : {"each_message", "long_text", "part"}) {
        all += std::string(table) + "\n";
        all += rows_of(connection, std::string("SELECT * FROM ") + table);
    }
    for (const std::string& identity : identities_in(store)) all += identity + "\n";
    return all;
}

std::set<std::string> identities_in(Store& store) {
    auto& connection = StoreInspector::rooms(store).state.connection();
    std::set<std::string> all;
    const auto add = [&](RowId peer_id, std::int64_t us, sqlite::Bytes hash, std::int64_t seen_day,
                         std::optional<RowId> message_id) {
        std::string line = std::to_string(peer_id) + " " + std::to_string(us);
        for (const std::uint8_t byte : hash) line += "." + std::to_string(byte);
        line += " " + std::to_string(seen_day) + " " + std::to_string(message_id.value_or(0));
        all.insert(std::move(line));
    };
    sqlite::Statement rows(connection,
                           "SELECT peer_id, stamp_us, hash, seen_day, message_id FROM identity");
    sqlite::Run row = rows.run();
    while (row.step()) {
        const auto peer_id = row.next<RowId>();
        const auto us = row.next<std::int64_t>();
        const auto hash = row.next<sqlite::Bytes>();
        const auto seen_day = row.next<std::int64_t>();
        add(peer_id, us, hash, seen_day, row.next<std::optional<RowId>>());
    }
    each_identity_pack(connection, [&](const IdentityPack& pack, IdentityReader reader) {
        while (const auto each = reader.next()) {
            add(pack.peer_id, each->stamp_us, each->hash, pack.seen_day, each->message_id);
        }
    });
    return all;
}

Files read_files(const fs::path& folder) {
    Files files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name == "ballast" || name == "lock") continue;
        std::ifstream file(entry.path(), std::ios::binary);
        files[name] = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
    return files;
}

void write_files(const fs::path& folder, const Files& files) {
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name != "ballast" && !files.contains(name)) fs::remove(entry.path());
    }
    for (const auto& [name, bytes] : files) {
        overwrite(folder / name, bytes);
    }
    if (!fs::exists(folder / "ballast")) {
        std::ofstream(folder / "ballast").flush();
        fs::resize_file(folder / "ballast", ballast_bytes);
    }
}

std::string damage(Files& files, std::mt19937& random) {
    for (;;) {
        // The database twice as often as each of the others.
        auto file = random() % 2 == 0
                        ? files.find("p2pd.db")
                        : std::next(files.begin(), std::ptrdiff_t(random() % files.size()));
        if (file->second.empty()) continue;
        const std::string before = file->second;
        const std::string what = damage_once(file->second, random);
        if (file->second != before) return file->first + ": " + what;
    }
}

void DamageTest::fill(int rounds) {
    std::mt19937 random(7);
    for (int round = 0; round < rounds; ++round) {
        const auto text = [&] {
            return "word" + std::to_string(random() % 1000) + std::string(random() % 300, 'x');
        };
        StoreBatch batch;
        for (int i = 0; i < 5; ++i) {
            batch.received.push_back(received(i % 2 == 0 ? alice : bob, ++us_, text()));
        }
        batch.received[0].text = std::string(random() % 6000, 'y');
        if (round % 4 == 0) batch.received[1].text = std::string(5000, '\0');
        batch.received[2].claims = "10.9.9.9:5000";
        batch.received.push_back(part(alice, us_ += 10, 1, 3, "first"));
        if (round % 2 == 0) {
            batch.received.push_back(part(alice, us_, 2, 3, text()));
            batch.received.push_back(part(alice, us_, 3, 3, text()));
        }
        us_ += 10;
        batch.accepted = {outgoing(bob, us_ + 1, text()), outgoing(alice, us_ + 2, text())};
        batch.accepted[0].request_id = "request " + std::to_string(us_);
        batch.accepted[1].answered = Answered{stamp(us_), text()};
        us_ += 2;
        for (int i = 0; i < 6; ++i) {  // these are packed
            batch.received.push_back(received(bob, ++us_, text()));
            batch.accepted.push_back(outgoing(alice, us_, text()));
        }
        const auto result = store->commit(batch);
        for (int i = 3; i < 3 + round % 4; ++i) {
            update({.id = result.accepted.at(std::size_t(i)).id,
                    .state = OutState::delivered,
                    .attempts = 1});
        }
        if (round % 3 != 0) {
            update({.id = result.accepted.at(0).id,
                    .state = round % 3 == 1 ? OutState::delivered : OutState::refused,
                    .attempts = 2,
                    .acked_at = at_second(2000),
                    .reason = "why"});
        }
        const MessageId newest = store->counts().newest_id;
        store->mark(std::vector<MessageId>{newest - 9, newest - 10}, false, true);
        if (round % 2 == 0) store->mark(std::vector<MessageId>{newest - 2}, false, true);
        if (round % 4 == 3) store->remove(std::vector<MessageId>{newest - 11, newest - 12});
        if (round % 8 == 3) {
            SearchParams params;
            params.words = "word*";
            store->search(params, std::nullopt);
        }
    }
    store->set_name(bob, "bob", Dialect::upper);
}

Files DamageTest::killed() {
    return read_files(options.state_dir);
}

Files DamageTest::closed() {
    store->checkpoint();
    store.reset();
    return read_files(options.state_dir);
}

std::unique_ptr<Store> DamageTest::open_files(const Files& files) {
    write_files(trial_.path(), files);
    StoreOptions there = options;
    there.state_dir = trial_.path();
    return std::make_unique<Store>(there);
}

}  // namespace p2pd::test
