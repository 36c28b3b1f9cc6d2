// daemon: the durable mailbox in SQLite. Includes std, core, common (SQLite in the .cpp only).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/control_protocol.h"
#include "common/transfer_records.h"
#include "daemon/core/mailbox.h"
#include "daemon/core/receipts.h"

namespace p2pd {

/// The store can no longer promise anything (I/O error, corruption, a newer schema, folder in
/// use). It ends the process: carrying on could acknowledge what the disk does not have.
class StoreFailure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// How much is kept of strangers; what comes above it is neither kept nor confirmed.
struct StrangerQuotas {
    std::uint64_t host_messages_max = 100'000;
    std::uint64_t host_bytes_max = std::uint64_t{64} * 1024 * 1024;
    std::uint64_t messages_max = 1'000'000;  ///< of all strangers
    std::uint64_t bytes_max = std::uint64_t{1024} * 1024 * 1024;
};

class StoreFolder;

/// What to do about damage, for the end of a sentence.
inline constexpr const char* damage_advice =
    "; p2pd --check-store says how much of it, p2pd --salvage NEWDIR copies what is whole";

/// How pages go from the log to the database ahead of a checkpoint: not at all, before the next
/// transaction (for tests, as that is the same each time), or in a thread beside.
enum class MoveAhead { never, next, beside };

struct StoreOptions {
    std::filesystem::path state_dir;
    /// WAL size that brings a checkpoint; it may get twice as long while pages are moved ahead.
    std::size_t checkpoint_bytes = std::size_t{16} * 1024 * 1024;
    MoveAhead move_ahead = MoveAhead::beside;
    /// Of a shorter piece of the log nothing is moved ahead.
    std::size_t move_bytes_min = std::size_t{1024} * 1024;
    Duration part_timeout = std::chrono::hours{1};
    StrangerQuotas quotas;
    /// Of fewer that come together each has a row of its own; from 2 on.
    std::size_t pack_messages_min = 4;
    // For tests: another VFS of SQLite with the folder that belongs to it, and a full disk after so
    // many pages (0: none).
    std::string vfs;
    std::function<std::unique_ptr<StoreFolder>(const std::filesystem::path&)> open_folder;
    std::uint32_t pages_max = 0;
    // For tests: all statements are parsed at the start, to be looked at.
    bool parse_ahead = false;
    // For the test of the tests alone: false loses messages in power cuts.
    bool policy_p = true;
};

struct BookEntry {
    std::string name;
    Endpoint endpoint;
};

struct StoreCounts {
    std::uint64_t messages = 0;  ///< kept, in and out
    std::uint64_t unread = 0;
    std::uint64_t pending = 0;
    MessageId newest_id = 0;
    Cursor last_cursor = 0;
    std::uint64_t bytes = 0;  ///< of the database and its WAL
    std::uint64_t peers = 0;
    std::uint64_t stranger_messages = 0;
    std::uint64_t stranger_bytes = 0;
};

/// What became of a change of a group.
enum class GroupChange { done, unknown, too_many, disk_full };

/// How far a backup is.
struct BackupStep {
    bool done = false;
    std::string path = {};
    std::uint64_t bytes = 0;
    std::string error = {};  ///< why there is none
};

/// What maintain() did.
struct Maintenance {
    bool more = false;  ///< call again soon, there is more to do
    std::vector<MessageId> expired;
    Cursor last_cursor = 0;
    std::uint64_t pending_messages = 0;
};

/// As clients are told it; `attempts` tells apart the two that are not final. Throws StoreFailure
/// for what is none of them.
SendState send_state(OutState state, std::uint32_t attempts);

/// One connection, used by one thread at a time; nobody else opens the file. Policy P: no automatic
/// checkpoint; every I/O error is a StoreFailure; opening rewrites and syncs what a crash may have
/// left in the page cache alone, before anything is answered. A full disk is no failure.
class Store {
public:
    /// Opens or makes the store: locks the folder, migrates the schema, checkpoints (TRUNCATE).
    /// Throws StoreFailure with what is wrong and what to do.
    explicit Store(const StoreOptions& options);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    Recovered recover(std::size_t peers_max);
    /// What was strange when it was opened, for the log.
    const std::vector<std::string>& warnings() const;

    /// One synced transaction; after it everything in `batch` survives a power cut. A batch that
    /// changes nothing (copies of what is stored) costs no sync.
    BatchResult commit(const StoreBatch& batch);

    LoadedPage load(const LoadRequest& request);
    /// For a retry by hand: whatever its state; empty if there is no such outgoing message.
    std::optional<OutgoingMessage> load_one(MessageId id);

    /// Pages; `peer` is what params.peer named. Cost does not depend on how much is stored.
    MessagesResult list(const ListParams& params, const std::optional<Endpoint>& peer);
    MessagesResult thread(const ThreadParams& params, const Endpoint& peer);
    MessagesResult search(const SearchParams& params, const std::optional<Endpoint>& peer);
    /// Whatever changed after `since`, in the order of cursors.
    MessagesResult changes(Cursor since, std::uint32_t limit);
    /// In the order of `ids`; those that do not exist are left out.
    std::vector<MessageRecord> get(std::span<const MessageId> ids);
    /// What a reply to `id` must know: the sender and the message as it was written.
    struct Answerable {
        Endpoint peer;
        Answered answered;
    };
    std::optional<Answerable> answerable(MessageId id);
    /// Of a received message by its first timestamp; empty: there is none.
    std::optional<ReadMarks> read_marks(const ReceiptKey& about);

    /// Each returns how many messages changed. With a full disk: std::nullopt.
    std::optional<std::uint64_t> mark(std::span<const MessageId> ids, bool all, bool read);
    /// Received ones that a program has dealt with; whether they are read is another matter.
    std::optional<std::uint64_t> mark_handled(std::span<const MessageId> ids);
    /// Received ones and finished sent ones; the dedup key stays. `pending` ones are left alone.
    std::optional<std::uint64_t> remove(std::span<const MessageId> ids);
    std::optional<std::uint64_t> purge(WallTime before);

    std::vector<BookEntry> book();
    /// Names an address (and sets the dialect by hand), renames (empty old endpoint name), or
    /// un-names. A name that another address has moves here. False with a full disk.
    bool set_name(const Endpoint& endpoint, const std::optional<std::string>& name,
                  const std::optional<Dialect>& dialect);
    std::vector<GroupRecord> groups();
    /// Without members: there is none of that name.
    GroupRecord group(const std::string& name);
    /// All of `members` or none; within groups_max and group_members_max.
    GroupChange add_to_group(const std::string& name, std::span<const std::string> members);
    /// Without members the whole group; unknown if nothing was there to remove.
    GroupChange remove_from_group(const std::string& name, std::span<const std::string> members);
    /// Peers known by the store in the order of their text address, after `after`; at most 501,
    /// so that one more than a page can be asked for.
    std::vector<PeerRecord> peers(const std::optional<Endpoint>& after, std::uint32_t limit);
    std::optional<PeerRecord> peer(const Endpoint& endpoint);
    /// Has the user named or sent to a peer of this host?
    bool is_known(const Endpoint& host);
    void set_limits(Duration part_timeout, const StrangerQuotas& quotas);
    StoreCounts counts();

    /// So much time has passed since the store was opened, or since this was said last; by the
    /// clock that never steps.
    void age(Duration passed);
    /// A bounded piece of what can wait: full-text index, incomplete long texts past their time,
    /// messages that expired, old dedup keys.
    Maintenance maintain(WallTime now);

    /// All there is, as records, a page at a time; not of one moment, as a backup is.
    ExportResult export_page(const std::string& after, std::uint32_t limit);
    /// Takes records that there is no reason_against(). With a full disk: std::nullopt.
    std::optional<ImportResult> import_records(std::span<const TransferRecord> records,
                                               bool pending);
    /// Copies the next piece of the store into state_dir/backup; the first call begins a copy,
    /// which has everything that is committed before the last one.
    BackupStep backup(WallTime now);

    /// Everything into the main file; for an orderly end.
    void checkpoint();

private:
    friend struct StoreInspector;  // tests look at the rooms behind
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace p2pd
