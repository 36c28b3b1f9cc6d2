// tests: records and parameters of the control protocol as JSON. Includes GoogleTest, common.
#include "common/control_protocol.h"

#include <string>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

/// What is said about `text` as the parameters of a method.
template <class Params>
std::string complaint(std::string_view text) {
    Params params;
    try {
        read_fields(Json::parse(text), params);
    } catch (const FieldError& error) {
        return error.what();
    }
    return {};
}

TEST(JsonFields, ReadsWhatIsThereAndLeavesTheRestAtItsDefault) {
    ListParams params;
    read_fields(Json::parse(R"({"box": "sent", "limit": 7, "since": "2026-11-22T10:31:00Z"})"),
                params);
    EXPECT_EQ(params.box, Box::sent);
    EXPECT_EQ(params.limit, 7U);
    EXPECT_EQ(params.since, parse_rfc3339("2026-11-22T10:31:00Z"));
    EXPECT_FALSE(params.unread);
    EXPECT_EQ(params.before, std::nullopt);
}

TEST(JsonFields, TakesNullForAnOptionalThatIsNotGiven) {
    EXPECT_EQ(complaint<SendParams>(R"({"peer": "bob", "text": "hi", "request_id": null})"), "");
}

TEST(JsonFields, NamesTheMemberThatIsMissing) {
    EXPECT_EQ(complaint<SendParams>(R"({"peer": "bob"})"), "\"text\": is missing");
}

TEST(JsonFields, NamesTheMemberOfTheWrongTypeAndWhatIsAllowed) {
    EXPECT_EQ(complaint<SendParams>(R"({"peer": 1, "text": "hi"})"), "\"peer\": must be a text");
    EXPECT_EQ(complaint<ListParams>(R"({"unread": "yes"})"), "\"unread\": must be true or false");
    EXPECT_EQ(complaint<IdsParams>(R"({"ids": 7})"), "\"ids\": must be an array");
    EXPECT_EQ(complaint<ListParams>(R"({"box": "outbox"})"),
              "\"box\": must be one of: inbox, sent, all");
    EXPECT_EQ(complaint<ListParams>(R"({"box": 1})"), "\"box\": must be one of: inbox, sent, all");
    EXPECT_EQ(complaint<ListParams>(R"({"since": "yesterday"})"),
              "\"since\": must be a time such as \"2026-11-22T10:31:00.123456Z\"");
    EXPECT_EQ(complaint<ListParams>("[]"), "\"params\": must be an object");
}

TEST(JsonFields, NeverConvertsANumberSilently) {
    const std::string allowed = "\"limit\": must be a whole number from 0 to 4294967295";
    for (const char* value : {"-1", "4294967296", "18446744073709551616", "1.5", "1.0", "1e3",
                              "true", "\"1\"", "null", "[1]", "{}"}) {
        EXPECT_EQ(complaint<ListParams>(R"({"limit": )" + std::string(value) + "}"), allowed)
            << value;
    }
    EXPECT_EQ(complaint<ListParams>(R"({"limit": 4294967295})"), "");
}

TEST(JsonFields, ReadsIdsUpToTheLargest) {
    IdsParams params;
    read_fields(Json::parse(R"({"ids": [0, 18446744073709551615]})"), params);
    EXPECT_EQ(params.ids, (std::vector<std::uint64_t>{0, UINT64_MAX}));
}

TEST(JsonFields, NamesTheMemberThatIsUnknownAndThoseThatAreAllowed) {
    EXPECT_EQ(complaint<PeerParams>(R"({"peer": "bob", "pear": "bob"})"),
              "\"pear\": is unknown; allowed: peer");
    EXPECT_EQ(complaint<NoParams>(R"({"x": 1})"), "\"x\": is unknown; none is allowed here");
}

TEST(JsonFields, DescribesItsTable) {
    EXPECT_EQ(describe_fields<MarkParams>().dump(),
              R"([{"name":"ids","type":"array of integer","required":false},)"
              R"({"name":"all","type":"boolean","required":false},)"
              R"({"name":"read","type":"boolean","required":false},)"
              R"({"name":"handled","type":"boolean","required":false,"description":"true: a )"
              R"(program has dealt with them; read and unread stay as they are"}])");
}

TEST(JsonFields, ReadsBackWhatItWrites) {
    StatusResult status;
    status.version = "0.1.0";
    status.started_at = UtcTime{1'795'343'460'123'456};
    status.listening = {"0.0.0.0:5000", "[::]:5000"};
    status.dropped = {{"malformed", 3}};
    StatusResult again;
    read_fields(write_fields(status), again);
    EXPECT_EQ(write_fields(again), write_fields(status));
    EXPECT_EQ(again.dropped.at(0).count, 3U);
}

MessageRecord received() {
    MessageRecord record;
    record.id = 42;
    record.peer = "10.0.0.5:5000";
    record.name = "bob";
    record.text = "hi \"there\"\n";
    record.sent_at = UtcTime{1'795'343'460'123'456};
    record.received_at = UtcTime{1'795'343'460'223'456};
    record.read = true;
    record.cursor = 1093;
    return record;
}

MessageRecord sent() {
    MessageRecord record;
    record.id = 57;
    record.dir = Direction::out;
    record.peer = "10.0.0.5:5000";
    record.text = "ok";
    record.state = SendState::delivered;
    record.attempts = 2;
    record.created_at = UtcTime{1};
    record.acked_at = UtcTime{2};
    record.rtt_ms = 0.5;
    record.reply_to = 42;
    record.cursor = UINT64_MAX;
    return record;
}

TEST(MessageRecord, ReadsBackWhatItWrites) {
    for (const MessageRecord& record : {received(), sent()}) {
        const Json json = message_json(record);
        EXPECT_EQ(message_json(parse_message_json(Json::parse(json.dump()))), json);
    }
    EXPECT_EQ(parse_message_json(message_json(sent())).state, SendState::delivered);
    EXPECT_EQ(parse_message_json(message_json(received())).sent_at, received().sent_at);
}

TEST(MessageRecord, HasTheMembersOfItsDirectionOnly) {
    EXPECT_TRUE(message_json(received()).contains("received_at"));
    EXPECT_FALSE(message_json(received()).contains("state"));
    EXPECT_TRUE(message_json(sent()).contains("state"));
    EXPECT_FALSE(message_json(sent()).contains("read"));
}

TEST(MessageRecord, IgnoresMembersOfALaterVersion) {
    Json json = message_json(received());
    json["mood"] = "good";
    EXPECT_EQ(parse_message_json(json).id, 42U);
}

TEST(MessageRecord, RefusesMembersOfTheWrongType) {
    Json json = message_json(received());
    json["id"] = "42";
    EXPECT_THROW(parse_message_json(json), FieldError);
    EXPECT_THROW(parse_message_json(Json::array()), FieldError);
}

TEST(MessagesResult, ReadsBackWhatItWrites) {
    const MessagesResult result{{received(), sent()}, true};
    std::string text;
    append_json(text, result);
    const MessagesResult again = parse_messages_result(Json::parse(text));
    ASSERT_EQ(again.messages.size(), 2U);
    EXPECT_EQ(again.messages[1].id, 57U);
    EXPECT_TRUE(again.more);
    EXPECT_THROW(parse_messages_result(Json::object()), FieldError);
}

TEST(ControlLine, IsOneLineOfJson) {
    const std::string line = request_line(1, "send", Json{{"text", "a\nb\xff"}});
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(Json::parse(line)["method"], "send");
    EXPECT_FALSE(Json::parse(notification_line("message", Json::object())).contains("id"));
}

TEST(ControlLine, CarriesCodeHintAndExitOfAnError) {
    const Json json =
        Json::parse(error_line({"7"}, error_unknown_message, "no message 420", "p2pctl inbox"));
    EXPECT_EQ(json["id"], 7);
    EXPECT_EQ(json["error"]["code"], -32000);
    EXPECT_EQ(json["error"]["message"], "no message 420");
    EXPECT_EQ(json["error"]["data"]["code"], "unknown_message");
    EXPECT_EQ(json["error"]["data"]["hint"], "p2pctl inbox");
    EXPECT_EQ(json["error"]["data"]["exit"], 66);
    EXPECT_FALSE(
        Json::parse(error_line({"7"}, error_internal, "x", ""))["error"]["data"].contains("hint"));
}

}  // namespace
}  // namespace p2pd
