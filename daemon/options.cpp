// daemon: the command line of p2pd. Includes std, Program_options, common.
#include "daemon/options.h"

#include <sstream>
#include <string_view>
#include <vector>

#include <boost/program_options.hpp>

#include "common/nearest_name.h"

namespace p2pd {

namespace {

namespace po = boost::program_options;
using Texts = std::vector<std::string>;

po::options_description describe() {
    po::options_description options("Options");
    auto add = options.add_options();
    add("config", po::value<std::string>()->value_name("FILE"),
        "read FILE instead of the usual p2pd.conf");
    add("listen", po::value<Texts>()->value_name("IP[:PORT]"),
        "listen for peers there (may be repeated)");
    add("state-dir", po::value<std::string>()->value_name("DIR"), "keep messages in DIR");
    add("socket", po::value<std::string>()->value_name("PATH"), "the control socket");
    add("set", po::value<Texts>()->value_name("key=value"),
        "set any key of p2pd.conf (may be repeated)");
    add("check-config", "check the configuration and exit");
    add("check-store", "read all of the store of a stopped daemon, say what is damaged, and exit");
    add("salvage", po::value<std::string>()->value_name("NEWDIR"),
        "copy what is whole of the store of a stopped daemon into a new one in NEWDIR, and exit");
    add("log-level", po::value<std::string>()->value_name("L"), "debug, info, warning or error");
    add("version", "print the version and exit");
    add("help", "print this and exit");
    return options;
}

/// Options that set one key, with the key.
struct KeyOption {
    std::string_view option;
    std::string_view key;
};
constexpr KeyOption key_options[] = {{"listen", "listen"},
                                     {"state-dir", "state_dir"},
                                     {"socket", "socket"},
                                     {"log-level", "log_level"}};

void add_key(DaemonOptions& options, const po::variables_map& given, const KeyOption& key_option) {
    const auto found = given.find(std::string(key_option.option));
    if (found == given.end()) return;
    const std::string option = "--" + std::string(key_option.option);
    const std::string key = std::string(key_option.key) + "=";
    if (const auto* texts = boost::any_cast<Texts>(&found->second.value())) {
        for (const std::string& text : *texts) {
            options.sources.command_line.emplace_back(option, key + text);
        }
    } else {
        options.sources.command_line.emplace_back(option, key + found->second.as<std::string>());
    }
}

std::string explain_unknown(const std::string& option) {
    const po::options_description options = describe();
    std::vector<std::string> names;
    for (const auto& known : options.options()) names.push_back("--" + known->long_name());
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto nearest = nearest_name(option, views);
    return "unknown option " + option +
           (nearest ? "; did you mean " + std::string(*nearest) + "?" : "");
}

}  // namespace

DaemonOptions parse_options(int argc, const char* const* argv) {
    DaemonOptions options;
    options.sources.environment = process_environment;
    options.sources.kind = current_service_kind();
    try {
        po::variables_map given;
        using Style = po::command_line_style::style_t;
        constexpr int style = Style::default_style & ~Style::allow_guessing;
        po::store(po::command_line_parser(argc, argv)
                      .options(describe())
                      .positional({})
                      .style(style)
                      .run(),
                  given);
        options.check_config = given.contains("check-config");
        options.check_store = given.contains("check-store");
        if (given.contains("salvage")) options.salvage_to = given["salvage"].as<std::string>();
        options.version = given.contains("version");
        options.help = given.contains("help");
        if (given.contains("config")) options.sources.file = given["config"].as<std::string>();
        for (const KeyOption& key_option : key_options) add_key(options, given, key_option);
        if (given.contains("set")) {
            for (const std::string& text : given["set"].as<Texts>()) {
                options.sources.command_line.emplace_back("--set", text);
            }
        }
    } catch (const po::unknown_option& error) {
        throw UsageError(explain_unknown(error.get_option_name()));
    } catch (const po::error& error) {
        throw UsageError(error.what());
    }
    return options;
}

std::string usage_text() {
    std::ostringstream text;
    text << "Usage: p2pd [OPTION]...\n"
            "Delivers messages between hosts over UDP, durably. It runs in the foreground and is\n"
            "usually started by systemd; p2pctl talks to it.\n\n"
         << describe()
         << "\nExit codes: 0 stopped, 64 usage, 65 the store is damaged, 70 internal error, 74 "
            "store, socket or port,\n"
            "78 configuration. See p2pd.conf for every key.\n";
    return text.str();
}

}  // namespace p2pd
