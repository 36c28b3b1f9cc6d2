// daemon: the durable mailbox; each call goes to the room that answers it. Includes std, the rooms
// of the store.
#include "daemon/store.h"

#include "daemon/store_export.h"
#include "daemon/store_implementation.h"
#include "daemon/store_import.h"

namespace p2pd {

Store::Store(const StoreOptions& options)
    : implementation_(std::make_unique<Implementation>(options)) {}

Store::~Store() = default;

Recovered Store::recover(std::size_t peers_max) {
    const Meta& meta = implementation_->state.meta();
    Recovered recovered;
    recovered.last_stamp_us = meta.last_stamp_us;
    recovered.peers = implementation_->peers.known(peers_max);
    recovered.pending_peers = implementation_->peers.with_pending();
    recovered.pending_messages = meta.pending;
    recovered.known_hosts = implementation_->state.hosts().known();
    return recovered;
}

BatchResult Store::commit(const StoreBatch& batch) {
    return implementation_->batch.commit(batch);
}

LoadedPage Store::load(const LoadRequest& request) {
    return implementation_->pages.load(request);
}

std::optional<OutgoingMessage> Store::load_one(MessageId id) {
    return implementation_->messages.outgoing(to_row_id(id));
}

MessagesResult Store::list(const ListParams& params, const std::optional<Endpoint>& peer) {
    return implementation_->pages.list(params, peer);
}

MessagesResult Store::thread(const ThreadParams& params, const Endpoint& peer) {
    return implementation_->pages.thread(params, peer);
}

MessagesResult Store::search(const SearchParams& params, const std::optional<Endpoint>& peer) {
    return implementation_->mending_index(
        [&] { return implementation_->search.search(params, peer); });
}

MessagesResult Store::changes(Cursor since, std::uint32_t limit) {
    return implementation_->pages.changes(since, limit);
}

std::vector<MessageRecord> Store::get(std::span<const MessageId> ids) {
    return implementation_->pages.get(ids);
}

std::optional<Store::Answerable> Store::answerable(MessageId id) {
    return implementation_->messages.answerable(to_row_id(id));
}

std::optional<ReadMarks> Store::read_marks(const ReceiptKey& about) {
    const auto peer_id = implementation_->state.find_peer(about.peer);
    if (!peer_id) return std::nullopt;
    std::optional<ReadMarks> marks;
    implementation_->identities.find_message(*peer_id, about.message_us, [&](RowId id) {
        marks = implementation_->messages.read_marks(id, *peer_id);
        return marks.has_value();
    });
    return marks;
}

std::optional<std::uint64_t> Store::mark_handled(std::span<const MessageId> ids) {
    return implementation_->edits.mark_handled(ids);
}

std::optional<std::uint64_t> Store::mark(std::span<const MessageId> ids, bool all, bool read) {
    return all ? implementation_->edits.mark_all(read) : implementation_->edits.mark(ids, read);
}

std::optional<std::uint64_t> Store::remove(std::span<const MessageId> ids) {
    return implementation_->mending_index([&] { return implementation_->edits.remove(ids); });
}

std::optional<std::uint64_t> Store::purge(WallTime before) {
    return implementation_->mending_index([&] { return implementation_->edits.purge(before); });
}

std::vector<BookEntry> Store::book() {
    return implementation_->peers.book();
}

bool Store::set_name(const Endpoint& endpoint, const std::optional<std::string>& name,
                     const std::optional<Dialect>& dialect) {
    return implementation_->peers.set_name(endpoint, name, dialect);
}

std::vector<GroupRecord> Store::groups() {
    return implementation_->groups.list();
}

GroupRecord Store::group(const std::string& name) {
    return implementation_->groups.find(name);
}

GroupChange Store::add_to_group(const std::string& name, std::span<const std::string> members) {
    return implementation_->groups.add(name, members);
}

GroupChange Store::remove_from_group(const std::string& name,
                                     std::span<const std::string> members) {
    return implementation_->groups.remove(name, members);
}

std::vector<PeerRecord> Store::peers(const std::optional<Endpoint>& after, std::uint32_t limit) {
    return implementation_->peers.list(after, limit);
}

std::optional<PeerRecord> Store::peer(const Endpoint& endpoint) {
    return implementation_->peers.find(endpoint);
}

bool Store::is_known(const Endpoint& host) {
    return implementation_->state.hosts().is_known(host);
}

void Store::set_limits(Duration part_timeout, const StrangerQuotas& quotas) {
    implementation_->state.set_limits(part_timeout, quotas);
}

const std::vector<std::string>& Store::warnings() const {
    return implementation_->state.file().warnings();
}

StoreCounts Store::counts() {
    const Meta& meta = implementation_->state.meta();
    StoreCounts counts;
    counts.messages = meta.messages;
    counts.unread = meta.unread;
    counts.pending = meta.pending;
    counts.newest_id = static_cast<MessageId>(meta.last_id);
    counts.last_cursor = static_cast<Cursor>(meta.last_cursor);
    counts.bytes = implementation_->state.file().folder().database_bytes();
    counts.peers = meta.peers;
    counts.stranger_messages = meta.strangers.messages;
    counts.stranger_bytes = meta.strangers.bytes;
    return counts;
}

void Store::age(Duration passed) {
    implementation_->state.age(passed);
}

Maintenance Store::maintain(WallTime now) {
    return implementation_->mending_index(
        [&] { return implementation_->housekeeper.maintain(now); });
}

ExportResult Store::export_page(const std::string& after, std::uint32_t limit) {
    return Exporter(implementation_->state).page(after, limit);
}

std::optional<ImportResult> Store::import_records(std::span<const TransferRecord> records,
                                                  bool pending) {
    return Importer(implementation_->state).import_records(records, pending);
}

BackupStep Store::backup(WallTime now) {
    auto& backup = implementation_->backup;
    StoreState& state = implementation_->state;
    if (!backup) backup.emplace(state, state.options().state_dir / "backup", now);
    BackupStep step = backup->step();
    if (step.done) backup.reset();
    return step;
}

void Store::checkpoint() {
    implementation_->state.file().checkpoint_and_truncate();
}

}  // namespace p2pd
