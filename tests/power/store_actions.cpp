// tests/power: what a store does, one thing at a time. Includes std, daemon/store.
#include "tests/power/store_actions.h"

#include <string>

#include <gtest/gtest.h>

namespace p2pd::test {

namespace {

const WallTime noon{std::chrono::seconds(1'800'000'000)};

Endpoint peer() {
    return parse_endpoint("10.0.0.5:5000", 0).value();
}

ReceivedMessage received(std::int64_t us, std::string text) {
    ReceivedMessage message;
    message.peer = peer();
    message.stamp = {"1." + std::to_string(1000000 + us).substr(1), false, us};
    message.text = std::move(text);
    message.received_at = noon;
    return message;
}

ReceivedMessage part(std::uint32_t number) {
    ReceivedMessage message = received(1000 + number - 1, "part " + std::to_string(number));
    message.part = Part{number, 2, 1000};
    return message;
}

OutgoingMessage outgoing(std::int64_t us, std::string text) {
    OutgoingMessage message;
    message.peer = peer();
    message.first_us = us;
    message.text = std::move(text);
    message.part_ends = {static_cast<std::uint32_t>(message.text.size())};
    message.created_at = noon;
    message.expires_at = noon + std::chrono::hours(24);
    message.request_id = "request " + std::to_string(us);
    return message;
}

std::string long_text() {
    return std::string(9000, 'x');
}

/// Ids 5 to 9 are sent, 10 to 14 received: each five in a pack. Too new to be purged or to expire.
constexpr std::int64_t packed_us = 2000;
StoreBatch burst(std::int64_t us) {
    StoreBatch batch;
    for (int i = 0; i < 5; ++i) {
        batch.received.push_back(received(us + i, "packed " + std::to_string(i)));
        batch.accepted.push_back(outgoing(us + i, "packed " + std::to_string(i)));
        batch.accepted.back().request_id.clear();
        batch.accepted.back().expires_at += std::chrono::hours(100);
        batch.received.back().received_at += std::chrono::hours(2);
        batch.accepted.back().created_at += std::chrono::hours(2);
    }
    batch.last_stamp_us = us + 4;
    return batch;
}

void search(Store& store, const char* words) {
    SearchParams params;
    params.words = words;
    store.search(params, std::nullopt);
}

bool commit(Store& store, const StoreBatch& batch) {
    return !store.commit(batch).full;
}

}  // namespace

void furnish(Store& store) {
    StoreBatch batch;
    batch.received = {received(1, "read")};
    batch.accepted = {outgoing(10, "delivered"), outgoing(11, long_text())};
    batch.last_stamp_us = 11;
    store.commit(batch);
    search(store, "read");
    StoreBatch unread;
    unread.received = {received(2, long_text()), part(1)};
    store.commit(unread);
    StoreBatch delivered;
    delivered.updates = {{.id = 1, .state = OutState::delivered, .attempts = 1}};
    store.commit(delivered);
    store.mark(std::vector<MessageId>{3}, false, true);
    store.commit(burst(packed_us));
}

const std::vector<Action>& store_actions() {
    static const std::vector<Action> all{
        {"receive",
         [](Store& store) {
             StoreBatch batch;
             batch.received = {received(3, "new"), received(1, "read"), part(2),
                               received(4, long_text())};
             return commit(store, batch);
         },
         "SELECT count(*) FROM each_message", "14", "17"},
        {"send",
         [](Store& store) {
             StoreBatch batch;
             batch.accepted = {outgoing(3000, "new"), outgoing(3001, long_text())};
             batch.last_stamp_us = 3001;
             return commit(store, batch);
         },
         "SELECT last_stamp_us FROM meta", "2004", "3001"},
        {"ack",
         [](Store& store) {
             StoreBatch batch;
             batch.updates = {{.id = 2, .state = OutState::delivered, .attempts = 2}};
             return commit(store, batch);
         },
         "SELECT state FROM each_message WHERE id = 2", "0", "1"},
        {"pack", [](Store& store) { return commit(store, burst(3000)); },
         // What is sent again without a request_id is another message.
         "SELECT (SELECT count(*) FROM pack WHERE dir = 'in') || "
         "(SELECT count(*) FROM identity_pack) || "
         "(SELECT count(*) > 1 FROM pack WHERE dir = 'out')",
         "110", "221"},
        {"ack_packed",
         [](Store& store) {
             StoreBatch batch;
             for (MessageId id = 6; id <= 8; ++id) {
                 batch.updates.push_back(
                     {.id = id, .state = OutState::delivered, .attempts = 1, .parts_done = 1});
             }
             return commit(store, batch);
         },
         "SELECT group_concat(state, '') FROM each_message WHERE id BETWEEN 5 AND 9", "00000",
         "01110"},
        {"mark_packed",
         [](Store& store) {
             return store.mark(std::vector<MessageId>{11}, false, true).has_value();
         },
         "SELECT group_concat(tray, '') FROM each_message WHERE id BETWEEN 10 AND 14", "00000",
         "01000"},
        {"checkpoint",
         [](Store& store) {
             store.checkpoint();
             return true;
         },
         "SELECT 1", "1", "1"},
        {"move",
         [](Store& store) {
             // What is due is moved before the second transaction, and taken in before the third.
             for (std::int64_t us = 5000; us < 5003; ++us) {
                 StoreBatch batch;
                 batch.received = {received(us, long_text() + long_text())};
                 if (!commit(store, batch)) return false;
             }
             return true;
         },
         "SELECT count(*) > 14 FROM each_message", "0", "1"},
        {"purge",
         [](Store& store) {
             // Two transactions: of received ones and of sent ones.
             return store.purge(noon + std::chrono::hours(1)).has_value();
         },
         "SELECT count(*) FROM each_message WHERE id = 1", "1", "0"},
        {"mark",
         [](Store& store) {
             return store.mark(std::vector<MessageId>{4}, false, true).has_value();
         },
         "SELECT unread FROM meta", "6", "5"},
        {"search",
         [](Store& store) {
             search(store, "read");
             return true;
         },
         "SELECT 1", "1", "1"},
        {"expire",
         [](Store& store) {
             return !store.maintain(noon + std::chrono::hours(48)).expired.empty();
         },
         "SELECT state FROM each_message WHERE id = 2", "0", "3"},
        {"load",
         [](Store& store) {
             const LoadedPage page = store.load({peer(), 0, 10, 1 << 20});
             EXPECT_EQ(page.messages.at(0).text, long_text());
             const auto records = store.get(std::vector<MessageId>{1, 3, 4, 6});
             EXPECT_EQ(records.at(3).text, "packed 1");
             EXPECT_EQ(page.messages.at(1).text, "packed 0");
             EXPECT_EQ(records.at(0).text, "delivered");
             EXPECT_EQ(records.at(0).peer, peer().text());
             EXPECT_EQ(records.at(1).text, "read");
             EXPECT_EQ(records.at(2).text, long_text());
             EXPECT_EQ(store.answerable(4)->answered.text, long_text());
             return true;
         },
         "SELECT 1", "1", "1"},
        {"start", [](Store&) { return true; }, "SELECT 1", "1", "1"},
    };
    return all;
}

}  // namespace p2pd::test
