// tests/store: a store in a folder of its own.
#include "tests/store/store_fixture.h"

#include <cstdlib>

namespace p2pd::test {

namespace {

/// In memory if there is room: these tests sync a lot, and what a sync means has tests of its own.
std::filesystem::path place_for_folders() {
    constexpr std::uintmax_t room = 1024 * 1024 * 1024;
    std::error_code error;
    const auto space = std::filesystem::space("/dev/shm", error);
    return !error && space.available >= room ? "/dev/shm" : std::filesystem::temp_directory_path();
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (place_for_folders() / "p2pd-store-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Endpoint endpoint(std::string_view text) {
    return parse_endpoint(text, 5000).value();
}

Stamp stamp(std::int64_t us) {
    std::string decimals = std::to_string(1000000 + us % 1000000).substr(1);
    return {std::to_string(us / 1000000) + "." + decimals, false, us};
}

WallTime at_second(std::int64_t seconds) {
    return WallTime(std::chrono::seconds(seconds));
}

ReceivedMessage received(const Endpoint& peer, std::int64_t us, std::string text, WallTime time) {
    ReceivedMessage message;
    message.peer = peer;
    message.stamp = stamp(us);
    message.text = std::move(text);
    message.received_at = time;
    return message;
}

ReceivedMessage part(const Endpoint& peer, std::int64_t first_us, std::uint32_t number,
                     std::uint32_t count, std::string text, WallTime time) {
    ReceivedMessage message = received(peer, first_us + number - 1, std::move(text), time);
    message.part = Part{number, count, first_us};
    return message;
}

OutgoingMessage outgoing(const Endpoint& peer, std::int64_t first_us, std::string text,
                         WallTime time) {
    OutgoingMessage message;
    message.peer = peer;
    message.first_us = first_us;
    message.text = std::move(text);
    message.part_ends = {static_cast<std::uint32_t>(message.text.size())};
    message.created_at = time;
    message.expires_at = time + std::chrono::hours(24);
    return message;
}

std::vector<std::string> texts(const MessagesResult& page) {
    std::vector<std::string> found;
    for (const MessageRecord& message : page.messages) found.push_back(message.text);
    return found;
}

StoreTest::StoreTest() {
    options.state_dir = folder.path() / "state";
    options.checkpoint_bytes = std::size_t{1024} * 1024;  // so that the log is soon as long
    options.move_ahead = MoveAhead::never;                // so that it is the same each time
    open();
}

void StoreTest::open() {
    store = std::make_unique<Store>(options);
}

void StoreTest::reopen() {
    store.reset();
    open();
}

std::unique_ptr<Store> StoreTest::open_copy() {
    const auto& copy = copies_.emplace_back(std::make_unique<TemporaryFolder>());
    std::filesystem::copy(options.state_dir, copy->path(),
                          std::filesystem::copy_options::recursive);
    StoreOptions there = options;
    there.state_dir = copy->path();
    return std::make_unique<Store>(there);
}

BatchResult StoreTest::receive(std::vector<ReceivedMessage> messages) {
    StoreBatch batch;
    batch.received = std::move(messages);
    return store->commit(batch);
}

MessageId StoreTest::send(OutgoingMessage message) {
    StoreBatch batch;
    batch.accepted.push_back(std::move(message));
    return store->commit(batch).accepted.at(0).id;
}

BatchResult StoreTest::update(OutgoingUpdate change) {
    StoreBatch batch;
    batch.updates.push_back(change);
    return store->commit(batch);
}

MessageRecord StoreTest::record(MessageId id) {
    const std::vector<MessageRecord> found = store->get(std::vector<MessageId>{id});
    return found.at(0);
}

std::vector<std::string> StoreTest::inbox(Store& from) {
    ListParams params;
    params.limit = page_messages_max;
    return texts(from.list(params, std::nullopt));
}

std::string StoreTest::ask(const std::string& sql) {
    return StoreInspector::rooms(*store).state.connection().ask(sql);
}

}  // namespace p2pd::test
