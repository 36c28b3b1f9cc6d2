// common: the table of configuration keys.
#include "common/config_keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <sys/un.h>

#include "common/ascii.h"
#include "common/endpoint_text.h"
#include "common/json_fields.h"

namespace p2pd {

namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t gib = 1024 * mib;
constexpr std::size_t socket_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t account_name_bytes_max = 32;
constexpr std::size_t blocked_max = 256;  // each datagram is held against all of them
constexpr std::size_t rate_max = 10'000'000;
constexpr std::uint16_t privileged_port_max = 1023;
constexpr microseconds day = 24h;

constexpr KeyRow rows[] = {
    {"listen", "0.0.0.0:5000 [::]:5000", "0.0.0.0:5000 [::]:5000", ListenRule{},
     Applies::at_restart,
     "UDP addresses to receive on; a list, or repeat the line. The sockets of a socket unit take "
     "their place."},
    {"state_dir", "/var/lib/p2pd", "$XDG_STATE_HOME/p2pd",
     PathRule{&Config::state_dir, PATH_MAX - 256}, Applies::at_restart,
     "Folder of the messages; one daemon at a time."},
    {"socket", "/run/p2pd/control.sock", "$XDG_RUNTIME_DIR/p2pd/control.sock",
     PathRule{&Config::socket, socket_bytes_max}, Applies::at_restart,
     "Control socket, for p2pctl and other programs."},
    {"socket_group", "p2pd", "", GroupRule{}, Applies::at_restart,
     "Group that may use the control socket; empty leaves the group as it is."},
    {"dbus", "system", "user", MessageBusRule{}, Applies::at_restart,
     "Message bus to be on as org.p2pd1; without it everything else works."},
    {"log_level", "info", "info", LogLevelRule{}, Applies::at_reload,
     "Least important lines that are logged."},
    {"admins", "", "", AdminsRule{}, Applies::at_reload,
     "Users who may also reload, purge, import and back up, beside root and the daemon's own."},
    {"expires", "7d", "7d", DurationRule{&Config::expires, 1s, 14 * day}, Applies::at_reload,
     "When to give up on a message that nobody confirms."},
    {"text_bytes_max", "65536", "65536", CountRule{&Config::text_bytes_max, 1, text_bytes_max},
     Applies::at_reload, "Longest text, in bytes of UTF-8."},
    {"peers_max", "16384", "16384", CountRule{&Config::peers_max, 16, 1'000'000},
     Applies::at_restart, "Peers that are remembered at a time."},
    {"queue_messages_max", "1000000", "1000000",
     CountRule{&Config::queue_messages_max, 1, 100'000'000}, Applies::at_reload,
     "Sent messages without a final state; more are refused."},
    {"peer_memory_max", "8M", "8M", BytesRule{&Config::peer_memory_max, 128 * kib, gib},
     Applies::at_restart, "Memory that one peer may take, in bytes."},
    {"memory_max", "64M", "64M", BytesRule{&Config::memory_max, mib, 64 * gib}, Applies::at_restart,
     "Memory that all peers together may take, in bytes."},
    {"clients_max", "64", "64", CountRule{&Config::clients_max, 1, 1024}, Applies::at_reload,
     "Connections to the control socket at a time."},
    {"client_pending_max", "1024", "1024", CountRule{&Config::client_pending_max, 1, 65536},
     Applies::at_reload, "Unanswered requests of one connection; then it is not read from."},
    {"line_timeout", "10s", "10s", DurationRule{&Config::line_timeout, 1ms, 1h}, Applies::at_reload,
     "How long a client may take to finish a line that it began."},
    {"write_timeout", "30s", "30s", DurationRule{&Config::write_timeout, 1ms, 1h},
     Applies::at_reload, "How long a client may leave its answers unread."},
    {"part_timeout", "1h", "1h", DurationRule{&Config::part_timeout, 1s, 14 * day},
     Applies::at_reload, "After this an incomplete long text is shown as it is."},
    {"checkpoint_bytes", "16M", "16M", BytesRule{&Config::checkpoint_bytes, 64 * kib, gib},
     Applies::at_restart, "Size of the write-ahead log at which it is folded into the store."},
    {"accept", "all", "all", AcceptRule{}, Applies::at_reload,
     "Whose messages are taken; known are hosts that you have named or sent to, others are "
     "refused."},
    {"read_receipts", "off", "off", SwitchRule{&Config::read_receipts}, Applies::at_reload,
     "Whether p2pd tells those who sent messages that these were read, or handled by a program."},
    {"block", "", "", BlockRule{}, Applies::at_reload,
     "Addresses or networks whose datagrams are dropped unread; a list, or repeat the line."},
    {"stranger_rate", "1000", "1000", CountRule{&Config::stranger_rate, 1, rate_max},
     Applies::at_reload, "Datagrams a second from one host that is not known; more are dropped."},
    {"strangers_rate", "5000", "5000", CountRule{&Config::strangers_rate, 1, rate_max},
     Applies::at_reload, "The same for all hosts together that are not known."},
    {"stranger_messages_max", "100000", "100000",
     CountRule{&Config::stranger_messages_max, 1, 1'000'000'000}, Applies::at_reload,
     "Messages kept of one host that is not known; more are not confirmed."},
    {"stranger_bytes_max", "64M", "64M", BytesRule{&Config::stranger_bytes_max, kib, 1024 * gib},
     Applies::at_reload, "Bytes of text kept of one host that is not known."},
    {"strangers_messages_max", "1000000", "1000000",
     CountRule{&Config::strangers_messages_max, 1, 1'000'000'000}, Applies::at_reload,
     "Messages kept of all hosts together that are not known."},
    {"strangers_bytes_max", "1G", "1G", BytesRule{&Config::strangers_bytes_max, kib, 1024 * gib},
     Applies::at_reload, "Bytes of text kept of all hosts together that are not known."},
};

constexpr bool is_letter_or_digit(char c) {
    return is_letter(c) || is_digit(c);
}

bool is_account_name(std::string_view text) {
    return !text.empty() && text.size() <= account_name_bytes_max && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
           });
}

std::optional<std::size_t> parse_count(std::string_view text) {
    std::size_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return value;
}

struct Suffix {
    char letter;
    std::size_t factor;
};
constexpr std::array<Suffix, 3> suffixes{{{'G', gib}, {'M', mib}, {'K', kib}}};

std::optional<std::size_t> parse_bytes(std::string_view text) {
    std::size_t factor = 1;
    for (const Suffix& suffix : suffixes) {
        if (text.ends_with(suffix.letter)) factor = suffix.factor;
    }
    if (factor > 1) text.remove_suffix(1);
    const auto count = parse_count(text);
    if (!count || *count > SIZE_MAX / factor) return std::nullopt;
    return *count * factor;
}

std::string bytes_text(std::size_t bytes) {
    for (const Suffix& suffix : suffixes) {
        if (bytes >= suffix.factor && bytes % suffix.factor == 0) {
            return std::to_string(bytes / suffix.factor) + suffix.letter;
        }
    }
    return std::to_string(bytes);
}

/// In the largest unit that divides it, so that parse_duration gives the same again.
std::string exact_duration_text(microseconds duration) {
    constexpr std::array<std::pair<std::string_view, microseconds>, 5> exact_units{
        {{"d", day}, {"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}}};
    for (const auto& [name, unit] : exact_units) {
        if (duration >= unit && duration % unit == 0us) {
            return std::to_string(duration / unit).append(name);
        }
    }
    return std::to_string(duration.count()) + "us";
}

std::string joined(const std::vector<std::string>& elements) {
    std::string text;
    for (const std::string& element : elements) text += (text.empty() ? "" : " ") + element;
    return text;
}

bool has(const std::vector<std::string>& elements, std::string_view wanted) {
    return std::find(elements.begin(), elements.end(), wanted) != elements.end();
}

/// Reads one value (of a list: one element) into `config`; false when it is not allowed.
struct Reader {
    Config& config;
    std::string_view value;

    bool operator()(const ListenRule&) const {
        const auto endpoint = split_host_port(value, default_udp_port);
        if (!endpoint || !is_ip_address(endpoint->host)) return false;
        if (endpoint->port != 0 && endpoint->port <= privileged_port_max) return false;
        std::string text = join_host_port(endpoint->host, endpoint->port);
        // Twice the same would only fail later, when the second is bound.
        if (endpoint->port != 0 && has(config.listen, text)) return false;
        config.listen.push_back(std::move(text));
        return true;
    }
    bool operator()(const AdminsRule&) const {
        if (!is_account_name(value)) return false;
        if (!has(config.admins, value)) config.admins.emplace_back(value);
        return true;
    }
    bool operator()(const LogLevelRule&) const {
        const auto level = enum_value<LogLevel>(value);
        if (level) config.log_level = *level;
        return level.has_value();
    }
    bool operator()(const MessageBusRule&) const {
        const auto bus = enum_value<MessageBus>(value);
        if (bus) config.dbus = *bus;
        return bus.has_value();
    }
    bool operator()(const AcceptRule&) const {
        const auto accept = enum_value<Accept>(value);
        if (accept) config.accept = *accept;
        return accept.has_value();
    }
    bool operator()(const SwitchRule& rule) const {
        if (value != "on" && value != "off") return false;
        config.*rule.member = value == "on";
        return true;
    }
    bool operator()(const BlockRule&) const {
        if (!is_network(value) || config.block.size() >= blocked_max) return false;
        if (!has(config.block, value)) config.block.emplace_back(value);
        return true;
    }
    bool operator()(const GroupRule&) const {
        if (!value.empty() && !is_account_name(value)) return false;
        config.socket_group = value;
        return true;
    }
    bool operator()(const PathRule& rule) const {
        const bool plain = std::none_of(value.begin(), value.end(),
                                        [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
        if (!plain || !value.starts_with('/') || value.size() > rule.bytes_max) return false;
        config.*rule.member = value;
        return true;
    }
    bool operator()(const DurationRule& rule) const { return store(rule, parse_duration(value)); }
    bool operator()(const CountRule& rule) const { return store(rule, parse_count(value)); }
    bool operator()(const BytesRule& rule) const { return store(rule, parse_bytes(value)); }

private:
    template <class Rule, class Value>
    bool store(const Rule& rule, const std::optional<Value>& number) const {
        if (!number || *number < rule.min || *number > rule.max) return false;
        config.*rule.member = *number;
        return true;
    }
};

struct Writer {
    const Config& config;

    std::string operator()(const ListenRule&) const { return joined(config.listen); }
    std::string operator()(const AdminsRule&) const { return joined(config.admins); }
    std::string operator()(const LogLevelRule&) const {
        return std::string(enum_name(config.log_level));
    }
    std::string operator()(const MessageBusRule&) const {
        return std::string(enum_name(config.dbus));
    }
    std::string operator()(const AcceptRule&) const {
        return std::string(enum_name(config.accept));
    }
    std::string operator()(const SwitchRule& rule) const {
        return config.*rule.member ? "on" : "off";
    }
    std::string operator()(const BlockRule&) const { return joined(config.block); }
    std::string operator()(const GroupRule&) const { return config.socket_group; }
    std::string operator()(const PathRule& rule) const { return config.*rule.member; }
    std::string operator()(const DurationRule& rule) const {
        return exact_duration_text(config.*rule.member);
    }
    std::string operator()(const CountRule& rule) const {
        return std::to_string(config.*rule.member);
    }
    std::string operator()(const BytesRule& rule) const { return bytes_text(config.*rule.member); }
};

struct Describer {
    std::string operator()(const ListenRule&) const {
        return "IP, IP:PORT or [IPv6]:PORT, each once, with a port from 1024 to 65535, or 0 for "
               "any free one";
    }
    std::string operator()(const AdminsRule&) const { return "names of users"; }
    std::string operator()(const LogLevelRule&) const {
        std::string text;
        for (const auto& [level, name] : enum_names(LogLevel{})) {
            if (!text.empty()) text += level == LogLevel::error ? " or " : ", ";
            text += name;
        }
        return text;
    }
    std::string operator()(const MessageBusRule&) const { return "off, system or user"; }
    std::string operator()(const AcceptRule&) const { return "all or known"; }
    std::string operator()(const SwitchRule&) const { return "on or off"; }
    std::string operator()(const BlockRule&) const {
        return "IP or IP/BITS (10.1.0.0/16, fe80::/10), at most " + std::to_string(blocked_max);
    }
    std::string operator()(const GroupRule&) const { return "the name of a group, or nothing"; }
    std::string operator()(const PathRule& rule) const {
        return "an absolute path of at most " + std::to_string(rule.bytes_max) + " bytes";
    }
    std::string operator()(const DurationRule& rule) const {
        return "a duration from " + exact_duration_text(rule.min) + " to " +
               exact_duration_text(rule.max);
    }
    std::string operator()(const CountRule& rule) const {
        return "a whole number from " + std::to_string(rule.min) + " to " +
               std::to_string(rule.max);
    }
    std::string operator()(const BytesRule& rule) const {
        return "a size from " + bytes_text(rule.min) + " to " + bytes_text(rule.max);
    }
};

}  // namespace

std::span<const KeyRow> key_rows() {
    return rows;
}

const KeyRow* find_key(std::string_view name) {
    const auto* const found = std::find_if(std::begin(rows), std::end(rows),
                                           [&](const KeyRow& row) { return row.name == name; });
    return found == std::end(rows) ? nullptr : found;
}

std::vector<std::string_view> split_list(std::string_view text) {
    constexpr std::string_view separators = " \t,";
    std::vector<std::string_view> elements;
    for (;;) {
        const std::size_t begin = text.find_first_not_of(separators);
        if (begin == std::string_view::npos) return elements;
        text.remove_prefix(begin);
        const std::string_view element = text.substr(0, text.find_first_of(separators));
        elements.push_back(element);
        text.remove_prefix(element.size());
    }
}

bool is_list(const KeyRow& row) {
    return std::holds_alternative<ListenRule>(row.rule) ||
           std::holds_alternative<AdminsRule>(row.rule) ||
           std::holds_alternative<BlockRule>(row.rule);
}

std::string allowed_text(const KeyRow& row) {
    return std::visit(Describer{}, row.rule);
}

bool set_value(const KeyRow& row, Config& config, std::string_view value) {
    return std::visit(Reader{config, value}, row.rule);
}

void clear_list(const KeyRow& row, Config& config) {
    if (std::holds_alternative<ListenRule>(row.rule)) config.listen.clear();
    if (std::holds_alternative<AdminsRule>(row.rule)) config.admins.clear();
    if (std::holds_alternative<BlockRule>(row.rule)) config.block.clear();
}

std::string value_text(const KeyRow& row, const Config& config) {
    return std::visit(Writer{config}, row.rule);
}

}  // namespace p2pd
