// common: the daemon's configuration, from all its sources, checked. Includes std, common.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/control_protocol.h"
#include "common/log_level.h"

namespace p2pd {

/// Whose messages are taken. A host is known when the user has named or sent to a peer of it.
enum class Accept : std::uint8_t { all, known };
constexpr auto enum_names(Accept) {
    return std::array<std::pair<Accept, std::string_view>, 2>{
        {{Accept::all, "all"}, {Accept::known, "known"}}};
}

/// The message bus that the daemon offers itself on.
enum class MessageBus : std::uint8_t { off, system, user };
constexpr auto enum_names(MessageBus) {
    return std::array<std::pair<MessageBus, std::string_view>, 3>{
        {{MessageBus::off, "off"}, {MessageBus::system, "system"}, {MessageBus::user, "user"}}};
}

/// Decides the defaults: a system service has its folders in /etc, /var/lib and /run, a user
/// service in those of the XDG base directory specification.
enum class ServiceKind { system, user };

/// Value of an environment variable, or empty. An empty function is an empty environment.
using EnvironmentLookup = std::function<std::optional<std::string>(std::string_view name)>;

/// `where: what is wrong, what is allowed`, where is `file:line`, `environment P2PD_X` or the
/// option. Safe to print.
class ConfigError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// One value a key, every one of them checked. What each key means, its default and its range are
/// in the table of config_keys.cpp.
struct Config {
    std::vector<std::string> listen;  ///< `IP:PORT` or `[IPv6]:PORT`; port 0 is any free one
    std::string state_dir;            ///< absolute
    std::string socket;               ///< absolute, fits into sockaddr_un
    std::string socket_group;         ///< empty: the group stays as it is
    MessageBus dbus = MessageBus::off;
    LogLevel log_level = LogLevel::info;
    std::vector<std::string> admins;  ///< user names
    std::chrono::microseconds expires{};
    std::size_t text_bytes_max = 0;
    std::size_t peers_max = 0;
    std::size_t queue_messages_max = 0;
    std::size_t peer_memory_max = 0;  ///< bytes
    std::size_t memory_max = 0;       ///< bytes
    std::size_t clients_max = 0;
    std::size_t client_pending_max = 0;
    std::chrono::microseconds line_timeout{};
    std::chrono::microseconds write_timeout{};
    std::chrono::microseconds part_timeout{};
    std::size_t checkpoint_bytes = 0;
    Accept accept = Accept::all;
    bool read_receipts = false;
    std::vector<std::string> block;  ///< `IP` or `IP/BITS`
    std::size_t stranger_rate = 0;   ///< datagrams a second
    std::size_t strangers_rate = 0;
    std::size_t stranger_messages_max = 0;
    std::size_t stranger_bytes_max = 0;
    std::size_t strangers_messages_max = 0;
    std::size_t strangers_bytes_max = 0;

    /// Where each key's value came from, as ConfigEntry::source says it.
    std::map<std::string, std::string, std::less<>> sources;

    /// All keys in the order of the table, values in the form in which a file gives them (the
    /// elements of a list are separated by a space).
    std::vector<ConfigEntry> entries() const;
};

/// Where load_config looks, in rising priority: defaults, file, `conf.d/*.conf` beside the file
/// in the order of their names, environment (`P2PD_` and the key in upper case), command line.
/// A list given in one source replaces that of the sources before it.
struct ConfigSources {
    std::optional<std::string> file;  ///< must exist; without it the default one, which need not
    /// The option as typed and what it sets: {"--listen", "listen=10.0.0.1"}, {"--set", "x=1"}.
    /// Relative paths are taken from the current folder here, and only here.
    std::vector<std::pair<std::string, std::string>> command_line;
    EnvironmentLookup environment;
    ServiceKind kind = ServiceKind::system;
};

/// Throws ConfigError at the first thing that is not allowed.
Config load_config(const ConfigSources& sources);

/// The defaults alone, nothing is read from disk.
Config default_config(ServiceKind kind, const EnvironmentLookup& environment = {});

/// The file that is read without `--config`; empty when the environment names no home.
std::string default_config_file(ServiceKind kind, const EnvironmentLookup& environment);

/// `system` for root and for the user `p2pd`.
ServiceKind current_service_kind();

/// The process's own environment.
std::optional<std::string> process_environment(std::string_view name);

/// Keys with another value. `needs_restart` are those of `changed` that a reload cannot apply.
struct ConfigDifference {
    std::vector<std::string> changed;
    std::vector<std::string> needs_restart;
};
ConfigDifference compare(const Config& before, const Config& after);

/// `running` with what a reload can apply taken from `loaded`; other keys keep their value.
Config reloaded_config(const Config& running, const Config& loaded);

/// One key as the outside sees it.
struct ConfigKey {
    std::string_view name;
    std::vector<std::string_view> system_default;  ///< several for a list, or none
    std::vector<std::string_view> user_default;    ///< may begin with `$XDG_…`
    std::string allowed;                           ///< `a duration from 1s to 14d`
    std::string_view description;
    bool is_list = false;
    bool needs_restart = false;
};
std::vector<ConfigKey> config_keys();

/// What config/p2pd.conf must be: every key at its default, commented out.
std::string default_config_text();

}  // namespace p2pd
