// common: the daemon's configuration: defaults, comparison, what the outside sees of the keys.
#include "common/config.h"

#include <array>
#include <cstdlib>
#include <pwd.h>
#include <unistd.h>

#include "common/config_keys.h"

namespace p2pd {

namespace {

struct BaseFolder {
    std::string_view variable;
    std::string_view in_home;
};
constexpr std::array<BaseFolder, 2> base_folders{
    {{"XDG_CONFIG_HOME", "/.config"}, {"XDG_STATE_HOME", "/.local/state"}}};

/// A folder of the XDG base directory specification, which has relative paths ignored; empty when
/// the environment does not say.
std::string base_folder(std::string_view variable, const EnvironmentLookup& environment) {
    const auto value = environment_value(environment, variable);
    if (value && value->starts_with('/')) return *value;
    if (variable == "XDG_RUNTIME_DIR") return "/run/user/" + std::to_string(geteuid());
    const auto home = environment_value(environment, "HOME");
    if (!home || !home->starts_with('/')) return {};
    for (const BaseFolder& folder : base_folders) {
        if (folder.variable == variable) return *home + std::string(folder.in_home);
    }
    return {};
}

/// `$VARIABLE/rest` with the folder put in; empty when there is none.
std::string expanded(std::string_view text, const EnvironmentLookup& environment) {
    if (!text.starts_with('$')) return std::string(text);
    const std::size_t slash = text.find('/');
    const std::string folder = base_folder(text.substr(1, slash - 1), environment);
    return folder.empty() ? folder : folder + std::string(text.substr(slash));
}

/// Sets a key to what a table or value_text gives: whole lists at once.
bool set_text(const KeyRow& row, Config& config, std::string_view text) {
    if (!is_list(row)) return set_value(row, config, text);
    clear_list(row, config);
    bool allowed = true;
    for (const std::string_view element : split_list(text)) {
        allowed = set_value(row, config, element) && allowed;
    }
    return allowed;
}

/// `#key = value`, one for each element of a list.
void append_default_lines(std::string& text, const ConfigKey& key) {
    const auto append_line = [&](std::string_view value) {
        text.append("#").append(key.name).append(value.empty() ? " =" : " = ");
        text.append(value).append("\n");
    };
    if (key.system_default.empty()) append_line({});
    for (const std::string_view value : key.system_default) append_line(value);
}

void append_key_text(std::string& text, const ConfigKey& key) {
    text.append("\n# ").append(key.description);
    text.append("\n# Allowed: ").append(key.allowed).append(".");
    if (key.needs_restart) text.append(" A change needs a restart.");
    text.append("\n");
    if (key.user_default != key.system_default) {
        text.append("# Default of a user service: ");
        text.append(key.user_default.empty() ? "nothing" : key.user_default.front()).append("\n");
    }
    append_default_lines(text, key);
}

}  // namespace

std::optional<std::string> environment_value(const EnvironmentLookup& environment,
                                             std::string_view name) {
    auto value = environment ? environment(name) : std::nullopt;
    if (value && value->empty()) value.reset();
    return value;
}

Config default_config(ServiceKind kind, const EnvironmentLookup& environment) {
    Config config;
    for (const KeyRow& row : key_rows()) {
        const bool system = kind == ServiceKind::system;
        // A path that the environment leaves open stays empty: another source may give it.
        set_text(row, config,
                 expanded(system ? row.system_default : row.user_default, environment));
        config.sources.emplace(row.name, "default");
    }
    return config;
}

std::string default_config_file(ServiceKind kind, const EnvironmentLookup& environment) {
    if (kind == ServiceKind::system) return "/etc/p2pd/p2pd.conf";
    return expanded("$XDG_CONFIG_HOME/p2pd/p2pd.conf", environment);
}

std::vector<ConfigEntry> Config::entries() const {
    std::vector<ConfigEntry> list;
    for (const KeyRow& row : key_rows()) {
        const auto source = sources.find(row.name);
        list.push_back({std::string(row.name), value_text(row, *this),
                        source == sources.end() ? "default" : source->second});
    }
    return list;
}

ServiceKind current_service_kind() {
    if (geteuid() == 0) return ServiceKind::system;
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found);
    const bool own = found != nullptr && std::string_view{found->pw_name} == "p2pd";
    return own ? ServiceKind::system : ServiceKind::user;
}

std::optional<std::string> process_environment(std::string_view name) {
    const char* const value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

ConfigDifference compare(const Config& before, const Config& after) {
    ConfigDifference difference;
    for (const KeyRow& row : key_rows()) {
        if (value_text(row, before) == value_text(row, after)) continue;
        difference.changed.emplace_back(row.name);
        if (row.applies == Applies::at_restart) difference.needs_restart.emplace_back(row.name);
    }
    return difference;
}

Config reloaded_config(const Config& running, const Config& loaded) {
    Config config = loaded;
    for (const KeyRow& row : key_rows()) {
        if (row.applies == Applies::at_reload) continue;
        set_text(row, config, value_text(row, running));
        if (const auto source = running.sources.find(row.name); source != running.sources.end()) {
            config.sources.insert_or_assign(source->first, source->second);
        }
    }
    return config;
}

std::vector<ConfigKey> config_keys() {
    std::vector<ConfigKey> keys;
    for (const KeyRow& row : key_rows()) {
        keys.push_back({row.name, split_list(row.system_default), split_list(row.user_default),
                        allowed_text(row), row.description, is_list(row),
                        row.applies == Applies::at_restart});
    }
    return keys;
}

std::string default_config_text() {
    std::string text =
        "# Configuration of p2pd: every key at its default. Drop-in files conf.d/*.conf beside "
        "this\n"
        "# one, the environment (P2PD_LOG_LEVEL=debug) and options win over it, in this order.\n"
        "# Durations: 500ms, 10s, 5m, 1h30m, 7d. Sizes: bytes, or with K, M or G.\n"
        "# Check with `p2pd --check-config`, apply with `p2pctl reload`.\n";
    for (const ConfigKey& key : config_keys()) append_key_text(text, key);
    return text;
}

}  // namespace p2pd
