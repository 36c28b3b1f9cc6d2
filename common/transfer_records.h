// common: what `export` gives and `import` takes, one JSON object a line. Includes std, common.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/json_fields.h"

namespace p2pd {

/// First of all. Own timestamps up to last_stamp_us may have been used.
struct ExportedStore {
    static constexpr std::string_view type = "store";
    std::uint32_t format = 1;
    std::int64_t last_stamp_us = 0;
    static constexpr auto fields =
        std::make_tuple(Field{"format", &ExportedStore::format},
                        Field{"last_stamp_us", &ExportedStore::last_stamp_us});
};

struct ExportedPeer {
    static constexpr std::string_view type = "peer";
    std::string address;
    std::optional<std::string> name;
    std::uint8_t dialect = 0;
    bool dialect_by_hand = false;
    bool p2pd = false;
    std::optional<std::int64_t> last_heard_us;
    static constexpr auto fields = std::make_tuple(
        Field{"address", &ExportedPeer::address}, Field{"name", &ExportedPeer::name},
        Field{"dialect", &ExportedPeer::dialect},
        Field{"dialect_by_hand", &ExportedPeer::dialect_by_hand},
        Field{"p2pd", &ExportedPeer::p2pd}, Field{"last_heard_us", &ExportedPeer::last_heard_us});
};

/// One member of a group of the address book.
struct ExportedGroup {
    static constexpr std::string_view type = "group";
    std::string name;
    std::string member;
    static constexpr auto fields = std::make_tuple(Field{"name", &ExportedGroup::name},
                                                   Field{"member", &ExportedGroup::member});
};

struct ExportedReceived {
    static constexpr std::string_view type = "received";
    std::uint64_t id = 0;
    std::string peer;
    bool read = false;
    std::int64_t received_us = 0;
    std::string stamp;  ///< as the sender wrote it
    bool stamp_is_text = false;
    std::int64_t stamp_us = 0;
    std::uint32_t parts = 1;
    std::optional<std::uint64_t> reply_to;
    std::optional<std::string> claims;
    std::string text;
    static constexpr auto fields = std::make_tuple(
        Field{"id", &ExportedReceived::id}, Field{"peer", &ExportedReceived::peer},
        Field{"read", &ExportedReceived::read},
        Field{"received_us", &ExportedReceived::received_us},
        Field{"stamp", &ExportedReceived::stamp},
        Field{"stamp_is_text", &ExportedReceived::stamp_is_text},
        Field{"stamp_us", &ExportedReceived::stamp_us}, Field{"parts", &ExportedReceived::parts},
        Field{"reply_to", &ExportedReceived::reply_to}, Field{"claims", &ExportedReceived::claims},
        Field{"text", &ExportedReceived::text});
};

/// The message that a sent one answers, as it was written.
struct ExportedAnswered {
    std::string stamp;
    bool stamp_is_text = false;
    std::int64_t stamp_us = 0;
    std::string text;
    static constexpr auto fields = std::make_tuple(
        Field{"stamp", &ExportedAnswered::stamp},
        Field{"stamp_is_text", &ExportedAnswered::stamp_is_text},
        Field{"stamp_us", &ExportedAnswered::stamp_us}, Field{"text", &ExportedAnswered::text});
};

struct ExportedSent {
    static constexpr std::string_view type = "sent";
    std::uint64_t id = 0;
    std::string peer;
    std::string state;  ///< waiting, delivered, refused, expired or cancelled
    std::int64_t created_us = 0;
    std::int64_t first_us = 0;  ///< its timestamp; that of its first part
    std::vector<std::uint32_t> part_ends;
    std::uint32_t parts_done = 0;
    std::uint32_t attempts = 0;
    std::optional<std::uint64_t> reply_to;
    std::optional<ExportedAnswered> answered;
    std::int64_t expires_us = 0;
    std::optional<std::int64_t> acked_us;
    std::optional<std::int64_t> rtt_us;
    std::optional<std::string> reason;
    std::optional<std::string> request_id;
    std::string text;
    static constexpr auto fields = std::make_tuple(
        Field{"id", &ExportedSent::id}, Field{"peer", &ExportedSent::peer},
        Field{"state", &ExportedSent::state}, Field{"created_us", &ExportedSent::created_us},
        Field{"first_us", &ExportedSent::first_us}, Field{"part_ends", &ExportedSent::part_ends},
        Field{"parts_done", &ExportedSent::parts_done}, Field{"attempts", &ExportedSent::attempts},
        Field{"reply_to", &ExportedSent::reply_to}, Field{"answered", &ExportedSent::answered},
        Field{"expires_us", &ExportedSent::expires_us}, Field{"acked_us", &ExportedSent::acked_us},
        Field{"rtt_us", &ExportedSent::rtt_us}, Field{"reason", &ExportedSent::reason},
        Field{"request_id", &ExportedSent::request_id}, Field{"text", &ExportedSent::text});
};

/// A part of a long text that is not complete.
struct ExportedPart {
    static constexpr std::string_view type = "part";
    std::string peer;
    std::int64_t first_us = 0;  ///< names the long text, with the peer
    std::uint32_t count = 0;
    std::uint32_t number = 0;
    std::optional<std::string> original;  ///< timestamp of our message that the text answers
    std::optional<std::uint64_t> reply_to;
    std::optional<std::string> claims;
    std::int64_t last_us = 0;  ///< when the latest part came
    std::string stamp;
    bool stamp_is_text = false;
    std::string text;
    static constexpr auto fields = std::make_tuple(
        Field{"peer", &ExportedPart::peer}, Field{"first_us", &ExportedPart::first_us},
        Field{"count", &ExportedPart::count}, Field{"number", &ExportedPart::number},
        Field{"original", &ExportedPart::original}, Field{"reply_to", &ExportedPart::reply_to},
        Field{"claims", &ExportedPart::claims}, Field{"last_us", &ExportedPart::last_us},
        Field{"stamp", &ExportedPart::stamp}, Field{"stamp_is_text", &ExportedPart::stamp_is_text},
        Field{"text", &ExportedPart::text});
};

/// What was received once, also if the message is deleted.
struct ExportedIdentity {
    static constexpr std::string_view type = "identity";
    std::string peer;
    std::int64_t stamp_us = 0;
    std::string hash;  ///< 32 hexadecimal digits
    static constexpr auto fields = std::make_tuple(Field{"peer", &ExportedIdentity::peer},
                                                   Field{"stamp_us", &ExportedIdentity::stamp_us},
                                                   Field{"hash", &ExportedIdentity::hash});
};

using TransferRecord = std::variant<ExportedStore, ExportedPeer, ExportedGroup, ExportedReceived,
                                    ExportedSent, ExportedPart, ExportedIdentity>;

inline Json transfer_json(const TransferRecord& record) {
    return std::visit(
        [](const auto& each) {
            Json json{{"type", each.type}};
            json.update(write_fields(each));
            return json;
        },
        record);
}

/// Throws FieldError.
inline TransferRecord parse_transfer_json(const Json& json) {
    const auto type = json.is_object() ? json.find("type") : json.end();
    if (!json.is_object() || type == json.end() || !type->is_string()) {
        throw FieldError("\"type\": is missing");
    }
    std::optional<TransferRecord> record;
    const auto try_one = [&]<class T>(T object) {
        if (*type != T::type) return;
        Json members = json;
        members.erase("type");
        read_fields(members, object, T::type);
        record = std::move(object);
    };
    try_one(ExportedStore{});
    try_one(ExportedPeer{});
    try_one(ExportedGroup{});
    try_one(ExportedReceived{});
    try_one(ExportedSent{});
    try_one(ExportedPart{});
    try_one(ExportedIdentity{});
    if (!record) throw FieldError("\"type\": " + type->get<std::string>() + " is unknown");
    return *std::move(record);
}

}  // namespace p2pd
