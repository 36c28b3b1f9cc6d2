// tests/store: a store in a folder of its own, and short words for what happens to it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/store.h"
#include "daemon/store_implementation.h"

namespace p2pd::test {

/// A new folder, gone with its end.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

Endpoint endpoint(std::string_view text);
Stamp stamp(std::int64_t us);
WallTime at_second(std::int64_t seconds);

ReceivedMessage received(const Endpoint& peer, std::int64_t us, std::string text,
                         WallTime time = at_second(1000));
/// Part `number` of `count` of a text that begins at `first_us`.
ReceivedMessage part(const Endpoint& peer, std::int64_t first_us, std::uint32_t number,
                     std::uint32_t count, std::string text, WallTime time = at_second(1000));
OutgoingMessage outgoing(const Endpoint& peer, std::int64_t first_us, std::string text,
                         WallTime time = at_second(1000));

std::vector<std::string> texts(const MessagesResult& page);

class StoreTest : public ::testing::Test {
protected:
    StoreTest();

    void open();
    void reopen();
    /// Opens what a kill -9 at this moment would have left behind.
    std::unique_ptr<Store> open_copy();

    BatchResult receive(std::vector<ReceivedMessage> messages);
    /// The id of one message sent.
    MessageId send(OutgoingMessage message);
    BatchResult update(OutgoingUpdate change);
    MessageRecord record(MessageId id);

    std::vector<std::string> inbox(Store& from);
    std::vector<std::string> inbox() { return inbox(*store); }
    /// An SQL question put to the store's own connection.
    std::string ask(const std::string& sql);

    TemporaryFolder folder;
    StoreOptions options;
    std::unique_ptr<Store> store;
    Endpoint alice = endpoint("10.0.0.4:5000");
    Endpoint bob = endpoint("10.0.0.5:5000");

private:
    std::vector<std::unique_ptr<TemporaryFolder>> copies_;
};

}  // namespace p2pd::test
