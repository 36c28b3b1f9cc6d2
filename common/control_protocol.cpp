// common: the control protocol's lines and records.
#include "common/control_protocol.h"

namespace p2pd {

namespace {

/// The members of a record that both directions have, and those of each.
struct RecordReader {
    const Json& json;

    template <class T>
    void operator()(std::string_view name, T& value) const {
        if (const Json* const found = find_member(json, name))
            json_fields_detail::read_value(*found, value, name);
    }
};

struct RecordWriter {
    Json& json;

    template <class T>
    void operator()(std::string_view name, const T& value) const {
        json[std::string(name)] = json_fields_detail::write_value(value);
    }
};

/// One order for reading and writing, so that neither forgets a member.
template <class Visitor, class Record>
void visit_record(Visitor&& visit, Record& record) {
    visit("id", record.id);
    visit("dir", record.dir);
    visit("peer", record.peer);
    visit("name", record.name);
    visit("text", record.text);
    if (record.dir == Direction::in) {
        visit("sent_at", record.sent_at);
        visit("received_at", record.received_at);
        visit("read", record.read);
        visit("claims", record.claims);
    } else {
        visit("state", record.state);
        visit("attempts", record.attempts);
        visit("created_at", record.created_at);
        visit("acked_at", record.acked_at);
        visit("expires_at", record.expires_at);
        visit("rtt_ms", record.rtt_ms);
        visit("reason", record.reason);
    }
    visit("parts", record.parts);
    visit("reply_to", record.reply_to);
    visit("cursor", record.cursor);
}

}  // namespace

Json message_json(const MessageRecord& record) {
    Json json = Json::object();
    visit_record(RecordWriter{json}, record);
    return json;
}

void append_json(std::string& out, const MessageRecord& record) {
    ObjectText object(out);
    visit_record(object, record);
    object.end();
}

MessageRecord parse_message_json(const Json& json) {
    if (!json.is_object()) throw FieldError("a message must be an object");
    MessageRecord record;
    visit_record(RecordReader{json}, record);
    return record;
}

MessagesResult parse_messages_result(const Json& json) {
    MessagesResult result;
    if (!json.is_object() || !json.contains("messages") || !json["messages"].is_array()) {
        throw FieldError("\"messages\": must be an array");
    }
    for (const Json& message : json["messages"]) {
        result.messages.push_back(parse_message_json(message));
    }
    if (json.contains("more")) json_fields_detail::read_value(json["more"], result.more, "more");
    return result;
}

void append_json(std::string& out, const RequestId& id) {
    out += id.json;
}

std::string error_line(const RequestId& id, const ErrorKind& kind, std::string_view message,
                       std::string_view hint) {
    Json data{{"code", kind.code}, {"exit", static_cast<int>(kind.exit)}};
    if (!hint.empty()) data["hint"] = hint;
    const Json error{{"code", kind.json_rpc_code}, {"message", message}, {"data", data}};
    return control_line([&](ObjectText& line) {
        line("id", id);
        line("error", error);
    });
}

}  // namespace p2pd
