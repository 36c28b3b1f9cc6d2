// common: the daemon's configuration, read from all its sources.
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "common/config.h"
#include "common/config_keys.h"
#include "common/nearest_name.h"
#include "common/terminal_text.h"

namespace p2pd {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes_max = std::size_t{1024} * 1024;
constexpr std::size_t quoted_columns_max = 60;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
    throw ConfigError(terminal_text(where, LineBreaks::show) + ": " + what);
}

std::string quoted(std::string_view text) {
    return "\"" + fit_width(terminal_text(text, LineBreaks::show), quoted_columns_max) + "\"";
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string unknown_key_text(std::string_view name) {
    std::vector<std::string_view> names;
    for (const KeyRow& row : key_rows()) names.push_back(row.name);
    const std::string text = quoted(name) + " is not a key; ";
    if (const auto nearest = nearest_name(name, names)) {
        return text + "did you mean " + quoted(*nearest) + "?";
    }
    std::string all;
    for (const std::string_view known : names) all.append(all.empty() ? "" : ", ").append(known);
    return text + "allowed: " + all;
}

/// Puts the settings of one source into a Config: a list is emptied when the source first names
/// it, and again by an empty value.
class Source {
public:
    explicit Source(Config& config) : config_(config) {}

    /// `where` is for the error, `origin` is what ConfigEntry::source says.
    void set(std::string_view name, std::string_view value, const std::string& where,
             const std::string& origin) {
        const KeyRow* const row = find_key(name);
        if (row == nullptr) fail(where, unknown_key_text(name));
        config_.sources.insert_or_assign(std::string(name), origin);
        if (!is_list(*row)) return set_one(*row, value, where);
        const std::vector<std::string_view> elements = split_list(value);
        if (named_.insert(row).second || elements.empty()) clear_list(*row, config_);
        for (const std::string_view element : elements) set_one(*row, element, where);
    }

private:
    void set_one(const KeyRow& row, std::string_view value, const std::string& where) {
        if (set_value(row, config_, value)) return;
        fail(where, std::string(row.name) + " cannot be " + quoted(value) +
                        "; allowed: " + allowed_text(row));
    }

    Config& config_;
    std::set<const KeyRow*> named_;
};

struct Setting {
    std::string_view key;
    std::string_view value;
};

Setting split_setting(std::string_view text, const std::string& where) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
        fail(where, quoted(text) + " is not a setting; allowed: key = value");
    }
    return {trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1))};
}

std::string system_text(int error) {
    return std::generic_category().message(error);
}

std::string read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) fail(path, "cannot be read: " + system_text(errno));
    std::string content(file_bytes_max + 1, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (file.bad()) fail(path, "cannot be read: " + system_text(errno));
    content.resize(static_cast<std::size_t>(file.gcount()));
    if (content.size() > file_bytes_max) fail(path, "is too long; allowed: 1 MiB");
    return content;
}

void load_file(Config& config, const std::string& path) {
    const std::string content = read_file(path);
    std::string_view rest = content;
    Source source{config};
    for (int number = 1; !rest.empty(); ++number) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const std::string_view text = trimmed(line);
        if (text.empty() || text.starts_with('#')) continue;
        const std::string where = path + ":" + std::to_string(number);
        const Setting setting = split_setting(text, where);
        source.set(setting.key, setting.value, where, where);
    }
}

/// False when it is not there; what is there but cannot be looked at is an error.
bool is_there(const fs::path& path) {
    std::error_code error;
    const bool found = fs::exists(path, error);
    if (error) fail(path.string(), "cannot be read: " + error.message());
    return found;
}

void load_folder(Config& config, const fs::path& folder) {
    if (!is_there(folder)) return;
    std::error_code error;
    std::vector<std::string> files;
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error)) {
        const fs::path& path = entry->path();
        // Editors keep their copies under hidden names.
        const bool hidden = path.filename().string().starts_with('.');
        if (path.extension() == ".conf" && !hidden) files.push_back(path.string());
    }
    if (error) fail(folder.string(), "cannot be read: " + error.message());
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) load_file(config, file);
}

void load_environment(Config& config, const EnvironmentLookup& environment) {
    Source source{config};
    for (const KeyRow& row : key_rows()) {
        std::string name = "P2PD_";
        for (const char c : row.name) {
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
        if (const auto value = environment_value(environment, name)) {
            source.set(row.name, trimmed(*value), "environment " + name, "environment");
        }
    }
}

/// What cannot be made absolute stays as it is, and is refused as such.
std::string absolute(const std::string& path) {
    std::error_code error;
    const fs::path made = fs::absolute(path, error);
    return error || path.empty() ? path : made.lexically_normal().string();
}

void load_command_line(Config& config, const ConfigSources& sources) {
    Source source{config};
    for (const auto& [option, text] : sources.command_line) {
        const bool general = option == "--set";
        std::string where = option + " ";
        const Setting setting = split_setting(text, where + text);
        where += general ? std::string_view{text} : setting.value;
        const KeyRow* const row = find_key(setting.key);
        std::string value{setting.value};
        if (row != nullptr && std::holds_alternative<PathRule>(row->rule)) value = absolute(value);
        source.set(setting.key, value, where, option);
    }
}

/// Only what the environment leaves open, or a source has emptied, can be missing here.
void check_complete(const Config& config) {
    if (config.listen.empty()) {
        fail(config.sources.find("listen")->second,
             "listen needs at least one address; allowed: " + allowed_text(*find_key("listen")));
    }
    if (config.state_dir.empty()) {
        fail("environment HOME", "gives no folder for state_dir; allowed: set HOME or state_dir");
    }
    if (config.socket.empty()) {
        fail("environment XDG_RUNTIME_DIR",
             "gives no path for socket; allowed: set XDG_RUNTIME_DIR or socket");
    }
}

}  // namespace

Config load_config(const ConfigSources& sources) {
    Config config = default_config(sources.kind, sources.environment);
    const std::string file =
        sources.file.value_or(default_config_file(sources.kind, sources.environment));
    if (sources.file || (!file.empty() && is_there(file))) load_file(config, file);
    if (!file.empty()) load_folder(config, fs::path(file).parent_path() / "conf.d");
    load_environment(config, sources.environment);
    load_command_line(config, sources);
    check_complete(config);
    return config;
}

}  // namespace p2pd
