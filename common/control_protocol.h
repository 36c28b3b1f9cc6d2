// common: the control protocol, JSON-RPC 2.0 one object a line over a Unix stream socket. One
// Params and one Result type per method, used by both ends. Includes std, nlohmann, common.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "common/json_fields.h"
#include "common/json_text.h"
#include "common/time_text.h"

namespace p2pd {

inline constexpr int control_protocol_version = 1;
inline constexpr std::size_t control_line_bytes_max = std::size_t{1024} * 1024;
inline constexpr std::size_t text_bytes_max = std::size_t{64} * 1024;
inline constexpr std::size_t peer_name_bytes_max = 63;
inline constexpr std::size_t request_id_bytes_max = 128;
inline constexpr std::uint32_t page_messages_max = 500;
inline constexpr std::size_t ids_max = 1000;
inline constexpr std::size_t texts_max = 1000;
inline constexpr std::uint16_t default_udp_port = 5000;

/// Exit codes of p2pctl; frozen. Errors of the control protocol carry the one that fits.
enum class ExitCode : int {
    done = 0,
    negative = 1,  // refused, expired, or nothing found
    usage = 64,
    bad_data = 65,
    no_such_id = 66,
    unknown_peer = 67,
    unknown_host = 68,
    daemon_not_running = 69,
    internal = 70,
    io = 74,
    not_confirmed = 75,  // still trying, or a queue is full: try again
    protocol_mismatch = 76,
    not_permitted = 77,
    configuration = 78,
    interrupted = 130,
};

/// Errors as `error.data.code` names them, with JSON-RPC's own number and p2pctl's exit code.
struct ErrorKind {
    std::string_view code;
    int json_rpc_code;
    ExitCode exit;
};
inline constexpr ErrorKind error_parse{"parse_error", -32700, ExitCode::bad_data};
inline constexpr ErrorKind error_request{"invalid_request", -32600, ExitCode::bad_data};
inline constexpr ErrorKind error_method{"unknown_method", -32601, ExitCode::usage};
inline constexpr ErrorKind error_params{"invalid_params", -32602, ExitCode::usage};
inline constexpr ErrorKind error_internal{"internal_error", -32603, ExitCode::internal};
inline constexpr ErrorKind error_unknown_message{"unknown_message", -32000, ExitCode::no_such_id};
inline constexpr ErrorKind error_unknown_peer{"unknown_peer", -32001, ExitCode::unknown_peer};
inline constexpr ErrorKind error_not_permitted{"not_permitted", -32002, ExitCode::not_permitted};
inline constexpr ErrorKind error_queue_full{"queue_full", -32003, ExitCode::not_confirmed};
inline constexpr ErrorKind error_disk_full{"disk_full", -32004, ExitCode::io};
inline constexpr ErrorKind error_text_too_long{"text_too_long", -32005, ExitCode::bad_data};
inline constexpr ErrorKind error_bad_text{"bad_text", -32006, ExitCode::bad_data};
inline constexpr ErrorKind error_wrong_state{"wrong_state", -32007, ExitCode::negative};
inline constexpr ErrorKind error_configuration{"configuration", -32008, ExitCode::configuration};
inline constexpr ErrorKind error_too_many_clients{"too_many_clients", -32009,
                                                  ExitCode::not_confirmed};
inline constexpr ErrorKind error_line_too_long{"line_too_long", -32010, ExitCode::bad_data};
inline constexpr ErrorKind error_stopping{"stopping", -32011, ExitCode::daemon_not_running};
inline constexpr ErrorKind error_name_taken{"name_taken", -32012, ExitCode::negative};

enum class Direction { in, out };
constexpr auto enum_names(Direction) {
    return std::array<std::pair<Direction, std::string_view>, 2>{
        {{Direction::in, "in"}, {Direction::out, "out"}}};
}

/// What became of an outgoing message; it only ever improves (a retry by hand starts anew).
enum class SendState { queued, sending, delivered, refused, expired, cancelled };
constexpr auto enum_names(SendState) {
    return std::array<std::pair<SendState, std::string_view>, 6>{
        {{SendState::queued, "queued"},
         {SendState::sending, "sending"},
         {SendState::delivered, "delivered"},
         {SendState::refused, "refused"},
         {SendState::expired, "expired"},
         {SendState::cancelled, "cancelled"}}};
}

/// The dialects of the format that are in the field.
enum class DialectName { base, upper, quoted, short_ };
constexpr auto enum_names(DialectName) {
    return std::array<std::pair<DialectName, std::string_view>, 4>{
        {{DialectName::base, "base"},
         {DialectName::upper, "upper"},
         {DialectName::quoted, "quoted"},
         {DialectName::short_, "short"}}};
}

/// What the network said of a datagram to a peer. Anybody on the way can say so: it is shown, and
/// nothing else is made of it.
enum class SendTrouble { port_unreachable, host_unreachable, prohibited, too_large };
constexpr auto enum_names(SendTrouble) {
    return std::array<std::pair<SendTrouble, std::string_view>, 4>{
        {{SendTrouble::port_unreachable, "port_unreachable"},
         {SendTrouble::host_unreachable, "host_unreachable"},
         {SendTrouble::prohibited, "prohibited"},
         {SendTrouble::too_large, "too_large"}}};
}

enum class Box { inbox, sent, all };
constexpr auto enum_names(Box) {
    return std::array<std::pair<Box, std::string_view>, 3>{
        {{Box::inbox, "inbox"}, {Box::sent, "sent"}, {Box::all, "all"}}};
}

/// One message as every reader sees it. Members that do not apply to its direction are empty.
/// As JSON (message_json) only the members of its direction are there.
struct MessageRecord {
    std::uint64_t id = 0;
    Direction dir = Direction::in;
    std::string peer;  ///< `IP:PORT` or `[IPv6]:PORT`
    std::optional<std::string> name;
    std::string text;
    std::optional<UtcTime> sent_at;      ///< in: the sender's own timestamp
    std::optional<UtcTime> received_at;  ///< in
    bool read = false;                   ///< in
    std::optional<std::string> claims;  ///< in: the sender's own idea of its address, if it differs
    SendState state = SendState::queued;  ///< out
    std::uint32_t attempts = 0;           ///< out: transmissions of the part sent most often
    std::optional<UtcTime> created_at;    ///< out
    std::optional<UtcTime> acked_at;      ///< out
    std::optional<UtcTime> expires_at;    ///< out
    std::optional<double> rtt_ms;         ///< out
    std::optional<std::string> reason;    ///< out: why refused or expired
    std::uint32_t parts = 1;              ///< datagrams that carry the text
    std::optional<std::uint64_t> reply_to;
    std::uint64_t cursor = 0;  ///< rises with every arrival and every change of state
};

/// The record as JSON, in the order and with the members of its direction.
Json message_json(const MessageRecord& record);
void append_json(std::string& out, const MessageRecord& record);
/// The inverse; throws FieldError. Unknown members are ignored: fields are only ever added.
MessageRecord parse_message_json(const Json& json);

struct NoParams {
    static constexpr auto fields = std::make_tuple();
};

struct HelloParams {
    std::optional<std::string> client;
    static constexpr auto fields = std::make_tuple(
        Field{"client", &HelloParams::client, false, "name and version, for the log"});
};
struct HelloResult {
    std::string name = "p2pd";
    std::string version;
    int protocol = control_protocol_version;
    bool admin = false;
    static constexpr auto fields = std::make_tuple(
        Field{"name", &HelloResult::name}, Field{"version", &HelloResult::version},
        Field{"protocol", &HelloResult::protocol}, Field{"admin", &HelloResult::admin});
};

struct SendParams {
    std::string peer;
    std::string text;
    std::optional<std::string> request_id;
    std::optional<std::uint32_t> expires_s;
    static constexpr auto fields = std::make_tuple(
        Field{"peer", &SendParams::peer, true, "IP, IP:PORT, [IPv6]:PORT or a name of the book"},
        Field{"text", &SendParams::text, true, "UTF-8, at most 65536 bytes"},
        Field{"request_id", &SendParams::request_id, false,
              "asking again with the same one returns the first message"},
        Field{"expires_s", &SendParams::expires_s, false,
              "when to give up, 1 to 1209600 (14 days)"});
};
struct ReplyParams {
    std::uint64_t id = 0;
    std::string text;
    std::optional<std::string> request_id;
    std::optional<std::uint32_t> expires_s;
    static constexpr auto fields = std::make_tuple(
        Field{"id", &ReplyParams::id, true, "the message of the inbox that is answered"},
        Field{"text", &ReplyParams::text}, Field{"request_id", &ReplyParams::request_id, false},
        Field{"expires_s", &ReplyParams::expires_s, false});
};
/// Answered once the message is durable in the outbox; `message` has its state at that moment,
/// or now, when `request_id` was known.
struct SendResult {
    std::uint64_t id = 0;
    std::string peer;
    std::optional<std::string> name;
    bool repeated = false;
    UtcTime created_at;
    UtcTime expires_at;
    std::uint32_t parts = 1;
    static constexpr auto fields = std::make_tuple(
        Field{"id", &SendResult::id}, Field{"peer", &SendResult::peer},
        Field{"name", &SendResult::name, false}, Field{"repeated", &SendResult::repeated, false},
        Field{"created_at", &SendResult::created_at}, Field{"expires_at", &SendResult::expires_at},
        Field{"parts", &SendResult::parts, false});
};

/// Several messages to one peer: all of them are accepted, or none. Answered once they are durable
/// in the outbox, or, with `timeout_ms`, when every one has a final state or that time is over.
struct SendManyParams {
    std::string peer;
    std::vector<std::string> texts;
    std::optional<std::string> request_id;
    std::optional<std::uint32_t> expires_s;
    std::optional<std::uint32_t> timeout_ms;
    static constexpr auto fields = std::make_tuple(
        Field{"peer", &SendManyParams::peer, true, "as that of send"},
        Field{"texts", &SendManyParams::texts, true, "1 to 1000 texts, as that of send"},
        Field{"request_id", &SendManyParams::request_id, false,
              "asking again with the same one and as many texts returns the first messages"},
        Field{"expires_s", &SendManyParams::expires_s, false,
              "when to give up, 1 to 1209600 (14 days)"},
        Field{"timeout_ms", &SendManyParams::timeout_ms, false,
              "how long to wait until all have a final state, 0 to 86400000"});
};
/// Messages whose ids follow one another, of which the same is to be said.
struct SentRun {
    std::uint64_t first_id = 0;
    std::uint32_t count = 0;
    SendState state = SendState::queued;
    std::uint32_t attempts = 0;
    std::optional<UtcTime> acked_at = {};
    std::optional<double> rtt_ms = {};
    std::optional<std::string> reason = {};
    static constexpr auto fields = std::make_tuple(
        Field{"first_id", &SentRun::first_id}, Field{"count", &SentRun::count},
        Field{"state", &SentRun::state}, Field{"attempts", &SentRun::attempts},
        Field{"acked_at", &SentRun::acked_at, false}, Field{"rtt_ms", &SentRun::rtt_ms, false},
        Field{"reason", &SentRun::reason, false});
};
/// The runs are in the order of the texts and cover all of them.
struct SendManyResult {
    std::string peer;
    std::optional<std::string> name;
    bool repeated = false;
    UtcTime created_at;
    UtcTime expires_at;
    std::vector<SentRun> runs = {};
    static constexpr auto fields = std::make_tuple(
        Field{"peer", &SendManyResult::peer}, Field{"name", &SendManyResult::name, false},
        Field{"repeated", &SendManyResult::repeated, false},
        Field{"created_at", &SendManyResult::created_at},
        Field{"expires_at", &SendManyResult::expires_at}, Field{"runs", &SendManyResult::runs});
};

/// A page of messages, oldest first. Without `after` the newest that fit are given; `before` and
/// `after` are ids, both exclusive.
struct ListParams {
    Box box = Box::inbox;
    bool unread = false;
    std::optional<std::string> peer;
    std::optional<UtcTime> since;
    std::optional<UtcTime> until;
    std::optional<std::uint64_t> before;
    std::optional<std::uint64_t> after;
    std::uint32_t limit = 50;
    static constexpr auto fields = std::make_tuple(
        Field{"box", &ListParams::box, false, "inbox, sent or all"},
        Field{"unread", &ListParams::unread, false}, Field{"peer", &ListParams::peer, false},
        Field{"since", &ListParams::since, false}, Field{"until", &ListParams::until, false},
        Field{"before", &ListParams::before, false}, Field{"after", &ListParams::after, false},
        Field{"limit", &ListParams::limit, false, "1 to 500"});
};
/// `more`: there are further ones in the direction of the page. A page also ends before 512 KiB.
struct MessagesResult {
    std::vector<MessageRecord> messages;
    bool more = false;
    static constexpr auto fields = std::make_tuple(Field{"messages", &MessagesResult::messages},
                                                   Field{"more", &MessagesResult::more, false});
};
MessagesResult parse_messages_result(const Json& json);

struct IdsParams {
    std::vector<std::uint64_t> ids;
    static constexpr auto fields =
        std::make_tuple(Field{"ids", &IdsParams::ids, true, "1 to 1000 ids"});
};
/// Every message to and from one peer; by `peer`, or by the `id` of any message of the thread.
struct ThreadParams {
    std::optional<std::string> peer;
    std::optional<std::uint64_t> id;
    std::optional<std::uint64_t> before;
    std::uint32_t limit = 50;
    std::optional<UtcTime> since = {};
    std::optional<UtcTime> until = {};
    static constexpr auto fields = std::make_tuple(
        Field{"peer", &ThreadParams::peer, false}, Field{"id", &ThreadParams::id, false},
        Field{"before", &ThreadParams::before, false}, Field{"limit", &ThreadParams::limit, false},
        Field{"since", &ThreadParams::since, false}, Field{"until", &ThreadParams::until, false});
};
struct SearchParams {
    std::string words;
    std::optional<std::string> peer;
    std::optional<std::uint64_t> before;
    std::uint32_t limit = 50;
    std::optional<UtcTime> since = {};
    std::optional<UtcTime> until = {};
    static constexpr auto fields = std::make_tuple(
        Field{"words", &SearchParams::words, true, "all of them must occur; \"a phrase\"; begin*"},
        Field{"peer", &SearchParams::peer, false}, Field{"before", &SearchParams::before, false},
        Field{"limit", &SearchParams::limit, false}, Field{"since", &SearchParams::since, false},
        Field{"until", &SearchParams::until, false});
};
/// Answered when every message has a final state, or after `timeout_ms` (0: at once). The texts
/// are left empty: whoever waits has the ids.
struct WaitParams {
    std::vector<std::uint64_t> ids;
    std::uint32_t timeout_ms = 0;
    static constexpr auto fields =
        std::make_tuple(Field{"ids", &WaitParams::ids, true, "1 to 1000 ids of sent messages"},
                        Field{"timeout_ms", &WaitParams::timeout_ms, false, "0 to 86400000"});
};
/// What happened to a sent message, or to its peer meanwhile.
enum class TraceStep {
    sent,       ///< a datagram with it has left
    confirmed,  ///< an ACK came
    refused,    ///< an ACK that says no
    trouble,    ///< the network said something of the peer
};
constexpr auto enum_names(TraceStep) {
    return std::array<std::pair<TraceStep, std::string_view>, 4>{
        {{TraceStep::sent, "sent"},
         {TraceStep::confirmed, "confirmed"},
         {TraceStep::refused, "refused"},
         {TraceStep::trouble, "trouble"}}};
}
struct TraceRecord {
    UtcTime at;
    TraceStep event = TraceStep::sent;
    std::optional<std::uint32_t> part;            ///< of the message, from 1; none of trouble
    std::optional<std::uint32_t> attempt;         ///< confirmed: how often it was sent until then
    std::optional<std::uint32_t> text_bytes;      ///< sent: of the part
    std::optional<std::uint32_t> datagram_bytes;  ///< sent; 0: no socket took it
    std::optional<std::uint32_t> objects;         ///< sent: in that datagram
    std::optional<double> rtt_ms;  ///< confirmed; none after several attempts: whose ACK it is
                                   ///< nobody knows then
    std::optional<SendTrouble> trouble;
    static constexpr auto fields = std::make_tuple(
        Field{"at", &TraceRecord::at}, Field{"event", &TraceRecord::event},
        Field{"part", &TraceRecord::part, false}, Field{"attempt", &TraceRecord::attempt, false},
        Field{"text_bytes", &TraceRecord::text_bytes, false},
        Field{"datagram_bytes", &TraceRecord::datagram_bytes, false},
        Field{"objects", &TraceRecord::objects, false},
        Field{"rtt_ms", &TraceRecord::rtt_ms, false},
        Field{"trouble", &TraceRecord::trouble, false});
};
struct TraceParams {
    std::uint64_t id = 0;
    static constexpr auto fields =
        std::make_tuple(Field{"id", &TraceParams::id, true, "a sent message"});
};
/// Oldest first, at most 64. `complete`: its first attempt is among them; else the daemon has
/// started anew since, or has forgotten it for others.
struct TraceResult {
    std::uint64_t id = 0;
    bool complete = true;
    std::vector<TraceRecord> events;
    static constexpr auto fields =
        std::make_tuple(Field{"id", &TraceResult::id}, Field{"complete", &TraceResult::complete},
                        Field{"events", &TraceResult::events});
};
/// What a reader can have done with a message.
enum class ReadMark { read, handled };
constexpr auto enum_names(ReadMark) {
    return std::array<std::pair<ReadMark, std::string_view>, 2>{
        {{ReadMark::read, "read"}, {ReadMark::handled, "handled"}}};
}
/// What a peer says of that.
enum class Receipt {
    no_answer,  ///< up to now
    not_p2pd,   ///< its program does not know of it
    off,        ///< its configuration does not tell
    unknown,    ///< it does not have the message any more
    unread,
    read,
    handled,
    read_and_handled,
};
constexpr auto enum_names(Receipt) {
    return std::array<std::pair<Receipt, std::string_view>, 8>{
        {{Receipt::no_answer, "no_answer"},
         {Receipt::not_p2pd, "not_p2pd"},
         {Receipt::off, "off"},
         {Receipt::unknown, "unknown"},
         {Receipt::unread, "unread"},
         {Receipt::read, "read"},
         {Receipt::handled, "handled"},
         {Receipt::read_and_handled, "read_and_handled"}}};
}
constexpr bool reaches(Receipt receipt, ReadMark mark) {
    if (receipt == Receipt::read_and_handled) return true;
    return receipt == (mark == ReadMark::read ? Receipt::read : Receipt::handled);
}
/// Of a delivered message. Answered when the peer has said that it is so, or that this cannot be
/// known, or after `timeout_ms`; whoever waits longer asks again.
struct ReceiptParams {
    std::uint64_t id = 0;
    ReadMark until = ReadMark::read;
    std::uint32_t timeout_ms = 0;
    static constexpr auto fields =
        std::make_tuple(Field{"id", &ReceiptParams::id, true, "a sent message that is delivered"},
                        Field{"until", &ReceiptParams::until, false, "read or handled"},
                        Field{"timeout_ms", &ReceiptParams::timeout_ms, false, "0 to 60000"});
};
struct ReceiptResult {
    std::uint64_t id = 0;
    Receipt receipt = Receipt::no_answer;
    bool reached = false;  ///< it is so
    static constexpr auto fields =
        std::make_tuple(Field{"id", &ReceiptResult::id}, Field{"receipt", &ReceiptResult::receipt},
                        Field{"reached", &ReceiptResult::reached});
};
struct MarkParams {
    std::vector<std::uint64_t> ids;
    bool all = false;
    bool read = true;
    bool handled = false;
    static constexpr auto fields = std::make_tuple(
        Field{"ids", &MarkParams::ids, false}, Field{"all", &MarkParams::all, false},
        Field{"read", &MarkParams::read, false},
        Field{"handled", &MarkParams::handled, false,
              "true: a program has dealt with them; read and unread stay as they are"});
};
/// Administrators only. Deletes read messages of the inbox and finished ones of the outbox.
struct PurgeParams {
    std::uint64_t older_than_s = 0;
    static constexpr auto fields =
        std::make_tuple(Field{"older_than_s", &PurgeParams::older_than_s, false});
};
struct CountResult {
    std::uint64_t count = 0;
    static constexpr auto fields = std::make_tuple(Field{"count", &CountResult::count});
};

/// More of a peer are not counted, so that a list of peers stays cheap.
inline constexpr std::uint32_t peer_unread_max = 1'000;

struct PeerRecord {
    std::optional<std::string> name;
    std::string address;
    DialectName dialect = DialectName::base;
    bool dialect_by_hand = false;
    bool p2pd = false;  ///< known to be a p2pd
    std::optional<UtcTime> last_heard;
    bool away = false;
    std::uint64_t queued = 0;  ///< messages without a final state
    std::uint32_t unread = 0;  ///< messages from it; counted up to `peer_unread_max`
    std::uint32_t in_flight = 0;
    std::uint32_t window = 0;  ///< congestion window, in objects
    std::uint64_t in_flight_bytes = 0;
    std::uint64_t window_bytes = 0;
    std::uint64_t datagram_bytes = 0;  ///< the largest that goes there
    std::uint64_t transmitted = 0;     ///< objects, since the daemon knows the peer
    std::uint64_t retransmitted = 0;   ///< of them, not for the first time
    std::optional<double> rtt_variation_ms;
    std::optional<double> rtt_ms;
    std::optional<double> rto_ms;
    std::optional<SendTrouble> trouble;  ///< of the last datagram, since the peer was heard
    std::optional<UtcTime> trouble_at;
    std::uint32_t repeats = 0;  ///< how often its last message has come again
    static constexpr auto fields = std::make_tuple(
        Field{"name", &PeerRecord::name, false}, Field{"address", &PeerRecord::address},
        Field{"dialect", &PeerRecord::dialect, false},
        Field{"dialect_by_hand", &PeerRecord::dialect_by_hand, false},
        Field{"p2pd", &PeerRecord::p2pd, false},
        Field{"last_heard", &PeerRecord::last_heard, false},
        Field{"away", &PeerRecord::away, false}, Field{"queued", &PeerRecord::queued, false},
        Field{"unread", &PeerRecord::unread, false},
        Field{"in_flight", &PeerRecord::in_flight, false},
        Field{"window", &PeerRecord::window, false}, Field{"rtt_ms", &PeerRecord::rtt_ms, false},
        Field{"rto_ms", &PeerRecord::rto_ms, false}, Field{"trouble", &PeerRecord::trouble, false},
        Field{"trouble_at", &PeerRecord::trouble_at, false},
        Field{"repeats", &PeerRecord::repeats, false},
        Field{"in_flight_bytes", &PeerRecord::in_flight_bytes, false},
        Field{"window_bytes", &PeerRecord::window_bytes, false},
        Field{"datagram_bytes", &PeerRecord::datagram_bytes, false},
        Field{"transmitted", &PeerRecord::transmitted, false},
        Field{"retransmitted", &PeerRecord::retransmitted, false},
        Field{"rtt_variation_ms", &PeerRecord::rtt_variation_ms, false});
};
struct PeersListParams {
    std::optional<std::string> after;
    std::uint32_t limit = 500;
    static constexpr auto fields =
        std::make_tuple(Field{"after", &PeersListParams::after, false,
                              "address of the last one of the page before"},
                        Field{"limit", &PeersListParams::limit, false, "1 to 500"});
};
struct PeersResult {
    std::vector<PeerRecord> peers;
    bool more = false;
    static constexpr auto fields = std::make_tuple(Field{"peers", &PeersResult::peers},
                                                   Field{"more", &PeersResult::more, false});
};
/// Of the address book alone, for whoever may not wait for the store.
struct PeerName {
    std::string name;
    std::string address;
    static constexpr auto fields =
        std::make_tuple(Field{"name", &PeerName::name}, Field{"address", &PeerName::address});
};
struct PeersNamesParams {
    std::optional<std::string> after;
    std::uint32_t limit = page_messages_max;
    static constexpr auto fields = std::make_tuple(
        Field{"after", &PeersNamesParams::after, false, "name of the last one of the page before"},
        Field{"limit", &PeersNamesParams::limit, false, "1 to 500"});
};
struct PeersNamesResult {
    std::vector<PeerName> names;
    bool more = false;
    static constexpr auto fields = std::make_tuple(Field{"names", &PeersNamesResult::names},
                                                   Field{"more", &PeersNamesResult::more, false});
};
struct PeerAddParams {
    std::string name;
    std::string address;
    std::optional<DialectName> dialect;
    static constexpr auto fields = std::make_tuple(
        Field{"name", &PeerAddParams::name, true, "letters, digits, - and _; at most 63 bytes"},
        Field{"address", &PeerAddParams::address, true, "IP, IP:PORT or [IPv6]:PORT"},
        Field{"dialect", &PeerAddParams::dialect, false, "for a peer that has never written"});
};
struct PeerRenameParams {
    std::string name;
    std::string new_name;
    static constexpr auto fields = std::make_tuple(Field{"name", &PeerRenameParams::name},
                                                   Field{"new_name", &PeerRenameParams::new_name});
};
struct PeerParams {
    std::string peer;
    static constexpr auto fields =
        std::make_tuple(Field{"peer", &PeerParams::peer, true, "a name or an address"});
};

inline constexpr std::size_t groups_max = 32;
inline constexpr std::size_t group_members_max = 100;
/// A group of the address book; members as they were given.
struct GroupRecord {
    std::string name;
    std::vector<std::string> members;
    static constexpr auto fields =
        std::make_tuple(Field{"name", &GroupRecord::name}, Field{"members", &GroupRecord::members});
};
struct GroupsResult {
    std::vector<GroupRecord> groups;
    static constexpr auto fields = std::make_tuple(Field{"groups", &GroupsResult::groups});
};
struct GroupAddParams {
    std::string name;
    std::vector<std::string> members;
    static constexpr auto fields = std::make_tuple(
        Field{"name", &GroupAddParams::name, true, "letters, digits, - and _; at most 63 bytes"},
        Field{"members", &GroupAddParams::members, true, "names, addresses or host names"});
};
struct GroupRemoveParams {
    std::string name;
    std::vector<std::string> members;
    static constexpr auto fields = std::make_tuple(
        Field{"name", &GroupRemoveParams::name},
        Field{"members", &GroupRemoveParams::members, false, "without any the whole group"});
};

struct NamedCount {
    std::string name;
    std::uint64_t count = 0;
    static constexpr auto fields =
        std::make_tuple(Field{"name", &NamedCount::name}, Field{"count", &NamedCount::count});
};
/// How much of a limit of the configuration is used.
struct LimitUse {
    std::string name;  ///< its key
    std::uint64_t used = 0;
    std::uint64_t max = 0;
    static constexpr auto fields =
        std::make_tuple(Field{"name", &LimitUse::name}, Field{"used", &LimitUse::used},
                        Field{"max", &LimitUse::max});
};
struct StatusResult {
    std::string version;
    std::int64_t pid = 0;
    UtcTime started_at;
    std::vector<std::string> listening;
    std::string state_dir;
    std::string socket;
    std::uint64_t unread = 0;
    std::uint64_t queued = 0;    ///< outgoing messages without a final state
    std::uint64_t messages = 0;  ///< kept, in and out
    std::uint64_t newest_id = 0;
    std::uint64_t peers = 0;
    std::uint64_t store_bytes = 0;
    bool disk_full = false;
    std::optional<std::uint64_t> disk_free_bytes;  ///< empty when the disk does not say
    std::uint32_t clients = 0;
    std::vector<NamedCount> counters;
    std::vector<NamedCount> dropped;  ///< datagrams by cause
    std::vector<LimitUse> limits;
    static constexpr auto fields = std::make_tuple(
        Field{"version", &StatusResult::version}, Field{"pid", &StatusResult::pid},
        Field{"started_at", &StatusResult::started_at},
        Field{"listening", &StatusResult::listening}, Field{"state_dir", &StatusResult::state_dir},
        Field{"socket", &StatusResult::socket}, Field{"unread", &StatusResult::unread},
        Field{"queued", &StatusResult::queued}, Field{"messages", &StatusResult::messages},
        Field{"newest_id", &StatusResult::newest_id}, Field{"peers", &StatusResult::peers},
        Field{"store_bytes", &StatusResult::store_bytes},
        Field{"disk_full", &StatusResult::disk_full},
        Field{"disk_free_bytes", &StatusResult::disk_free_bytes, false},
        Field{"clients", &StatusResult::clients}, Field{"counters", &StatusResult::counters},
        Field{"dropped", &StatusResult::dropped}, Field{"limits", &StatusResult::limits, false});
};

enum class MetricType { counter, gauge, histogram };
constexpr auto enum_names(MetricType) {
    return std::array<std::pair<MetricType, std::string_view>, 3>{
        {{MetricType::counter, "counter"},
         {MetricType::gauge, "gauge"},
         {MetricType::histogram, "histogram"}}};
}
struct MetricSample {
    std::optional<std::string> label;  ///< value of the family's label, where it has one
    double value = 0;
    static constexpr auto fields = std::make_tuple(Field{"label", &MetricSample::label, false},
                                                   Field{"value", &MetricSample::value});
};
struct MetricBucket {
    double le = 0;            ///< upper bound, inclusive
    std::uint64_t count = 0;  ///< of all up to it, those of lower buckets too
    static constexpr auto fields =
        std::make_tuple(Field{"le", &MetricBucket::le}, Field{"count", &MetricBucket::count});
};
/// A name with what is measured under it: samples or, of a histogram, buckets, count and sum.
struct MetricFamily {
    std::string name;  ///< a counter's without the `_total` that OpenMetrics adds
    MetricType type = MetricType::gauge;
    std::optional<std::string> unit;
    std::string help;
    std::optional<std::string> label;  ///< name of the label that tells the samples apart
    std::vector<MetricSample> samples;
    std::vector<MetricBucket> buckets;
    std::uint64_t count = 0;
    double sum = 0;
    static constexpr auto fields = std::make_tuple(
        Field{"name", &MetricFamily::name}, Field{"type", &MetricFamily::type},
        Field{"unit", &MetricFamily::unit, false}, Field{"help", &MetricFamily::help},
        Field{"label", &MetricFamily::label, false}, Field{"samples", &MetricFamily::samples},
        Field{"buckets", &MetricFamily::buckets}, Field{"count", &MetricFamily::count},
        Field{"sum", &MetricFamily::sum});
};
/// Counters since the daemon's start, and how things are now.
struct MetricsResult {
    std::vector<MetricFamily> families;
    static constexpr auto fields = std::make_tuple(Field{"families", &MetricsResult::families});
};

/// Records of transfer_records.h, in the order: store, peers, messages, parts, identities. `next`
/// asks for the page after this one; empty: this is the last.
struct ExportParams {
    std::string after;
    std::uint32_t limit = page_messages_max;
    static constexpr auto fields =
        std::make_tuple(Field{"after", &ExportParams::after, false, "next of the page before"},
                        Field{"limit", &ExportParams::limit, false, "1 to 500"});
};
struct ExportResult {
    std::vector<Json> records;
    std::optional<std::string> next;
    static constexpr auto fields = std::make_tuple(Field{"records", &ExportResult::records},
                                                   Field{"next", &ExportResult::next, false});
};
/// Administrators only. What is there already stays; the same records again change nothing.
struct ImportParams {
    std::vector<Json> records;
    bool pending = false;
    static constexpr auto fields = std::make_tuple(
        Field{"records", &ImportParams::records, true, "1 to 500, as export gives them"},
        Field{"pending", &ImportParams::pending, false,
              "waiting messages stay so; else they are cancelled"});
};
struct ImportResult {
    std::uint64_t added = 0;
    std::uint64_t known = 0;
    std::uint64_t cancelled = 0;
    static constexpr auto fields =
        std::make_tuple(Field{"added", &ImportResult::added}, Field{"known", &ImportResult::known},
                        Field{"cancelled", &ImportResult::cancelled});
};
/// Administrators only.
struct BackupResult {
    std::string path;
    std::uint64_t bytes = 0;
    static constexpr auto fields =
        std::make_tuple(Field{"path", &BackupResult::path}, Field{"bytes", &BackupResult::bytes});
};

struct ConfigEntry {
    std::string key;
    std::string value;
    std::string source;  ///< `default`, `file:line`, `environment`, or the option
    static constexpr auto fields =
        std::make_tuple(Field{"key", &ConfigEntry::key}, Field{"value", &ConfigEntry::value},
                        Field{"source", &ConfigEntry::source});
};
struct ConfigResult {
    std::vector<ConfigEntry> entries;
    static constexpr auto fields = std::make_tuple(Field{"entries", &ConfigResult::entries});
};
struct ReloadResult {
    std::vector<std::string> changed;
    std::vector<std::string> needs_restart;
    static constexpr auto fields =
        std::make_tuple(Field{"changed", &ReloadResult::changed},
                        Field{"needs_restart", &ReloadResult::needs_restart});
};
struct LogLevelParams {
    std::optional<std::string> level;
    static constexpr auto fields = std::make_tuple(
        Field{"level", &LogLevelParams::level, false, "debug, info, warning or error; empty asks"});
};
struct LogLevelResult {
    std::string level;
    static constexpr auto fields = std::make_tuple(Field{"level", &LogLevelResult::level});
};

/// History after `since`, then live, without a gap: each is a notification `message` with a
/// MessageRecord as params, in the order of `cursor`. Without `since` only what is new from now
/// on. One subscription a client; `overrun{cursor}` ends it, to be resumed from that cursor.
struct SubscribeParams {
    std::optional<std::uint64_t> since;
    static constexpr auto fields = std::make_tuple(
        Field{"since", &SubscribeParams::since, false, "the cursor of the last one seen; 0: all"});
};
struct SubscribeResult {
    std::uint64_t cursor = 0;
    static constexpr auto fields = std::make_tuple(Field{"cursor", &SubscribeResult::cursor});
};
struct OverrunParams {
    std::uint64_t cursor = 0;
    static constexpr auto fields = std::make_tuple(Field{"cursor", &OverrunParams::cursor});
};

/// One line of the wire: what `write_members` writes into an ObjectText, and the version.
template <class WriteMembers>
std::string control_line(const WriteMembers& write_members) {
    constexpr std::size_t usual_bytes = 256;
    std::string line;
    line.reserve(usual_bytes);
    ObjectText object(line);
    write_members(object);
    object("jsonrpc", "2.0");
    object.end();
    line += '\n';
    return line;
}

/// Here and below, what has a type of its own is whatever append_json() takes.
template <class Params>
std::string request_line(std::uint64_t id, std::string_view method, const Params& params) {
    return control_line([&](ObjectText& line) {
        line("method", method);
        line("params", params);
        line("id", id);
    });
}

template <class Params>
std::string notification_line(std::string_view method, const Params& params) {
    return control_line([&](ObjectText& line) {
        line("method", method);
        line("params", params);
    });
}

/// The id of a request, as JSON: a text, a whole number or null.
struct RequestId {
    std::string json = "null";
};
void append_json(std::string& out, const RequestId& id);

template <class Result>
std::string result_line(const RequestId& id, const Result& result) {
    return control_line([&](ObjectText& line) {
        line("id", id);
        line("result", result);
    });
}

/// No hint when that is empty.
std::string error_line(const RequestId& id, const ErrorKind& kind, std::string_view message,
                       std::string_view hint);

}  // namespace p2pd
