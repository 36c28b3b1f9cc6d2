// tests: the table of configuration keys and what is made from it. Includes GoogleTest, common.
#include "common/config.h"

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "tests/common/temporary_folder.h"

namespace p2pd {
namespace {

using namespace std::chrono_literals;

std::optional<std::string> home_only(std::string_view name) {
    if (name == "HOME") return "/home/bob";
    if (name == "XDG_RUNTIME_DIR") return "/run/user/1000";
    return std::nullopt;
}

std::optional<std::string> xdg(std::string_view name) {
    if (name == "XDG_CONFIG_HOME") return "/x/config";
    if (name == "XDG_STATE_HOME") return "/x/state";
    if (name == "XDG_RUNTIME_DIR") return "/x/run";
    return std::nullopt;
}

TEST(ConfigDefaults, OfASystemServiceAreInTheSystemsFolders) {
    const Config config = default_config(ServiceKind::system);
    EXPECT_EQ(config.listen, (std::vector<std::string>{"0.0.0.0:5000", "[::]:5000"}));
    EXPECT_EQ(config.state_dir, "/var/lib/p2pd");
    EXPECT_EQ(config.socket, "/run/p2pd/control.sock");
    EXPECT_EQ(config.socket_group, "p2pd");
    EXPECT_EQ(config.dbus, MessageBus::system);
    EXPECT_EQ(default_config_file(ServiceKind::system, {}), "/etc/p2pd/p2pd.conf");
}

TEST(ConfigDefaults, OfAUserServiceAreInTheUsersFolders) {
    const Config config = default_config(ServiceKind::user, xdg);
    EXPECT_EQ(config.state_dir, "/x/state/p2pd");
    EXPECT_EQ(config.socket, "/x/run/p2pd/control.sock");
    EXPECT_EQ(config.socket_group, "");
    EXPECT_EQ(config.dbus, MessageBus::user);
    EXPECT_EQ(default_config_file(ServiceKind::user, xdg), "/x/config/p2pd/p2pd.conf");
}

TEST(ConfigDefaults, OfAUserServiceFallBackToTheHomeFolder) {
    EXPECT_EQ(default_config(ServiceKind::user, home_only).state_dir,
              "/home/bob/.local/state/p2pd");
    EXPECT_EQ(default_config_file(ServiceKind::user, home_only),
              "/home/bob/.config/p2pd/p2pd.conf");
}

TEST(ConfigDefaults, AreTheOnesThatAreDocumented) {
    const Config config = default_config(ServiceKind::system);
    EXPECT_EQ(config.log_level, LogLevel::info);
    EXPECT_TRUE(config.admins.empty());
    EXPECT_EQ(config.expires, 168h);
    EXPECT_EQ(config.text_bytes_max, 65536U);
    EXPECT_EQ(config.peers_max, 16384U);
    EXPECT_EQ(config.queue_messages_max, 1'000'000U);
    EXPECT_EQ(config.peer_memory_max, 8U * 1024 * 1024);
    EXPECT_EQ(config.memory_max, 64U * 1024 * 1024);
    EXPECT_EQ(config.clients_max, 64U);
    EXPECT_EQ(config.client_pending_max, 1024U);
    EXPECT_EQ(config.line_timeout, 10s);
    EXPECT_EQ(config.write_timeout, 30s);
    EXPECT_EQ(config.part_timeout, 1h);
    EXPECT_EQ(config.checkpoint_bytes, 16U * 1024 * 1024);
}

TEST(ConfigFile, InTheTreeIsWhatTheTableSays) {
    std::ifstream file{P2PD_CONFIG_FILE, std::ios::binary};
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(content, default_config_text());
}

TEST(ConfigFile, GivesTheDefaultsAlsoWhenEveryKeyIsUncommented) {
    std::string text = "\n" + default_config_text();
    for (const ConfigKey& key : config_keys()) {
        const std::string commented = "\n#" + std::string(key.name) + " =";
        std::size_t at = text.find(commented);
        EXPECT_NE(at, std::string_view::npos) << key.name;
        for (; at != std::string_view::npos; at = text.find(commented, at)) text.erase(at + 1, 1);
    }
    const TemporaryFolder folder;
    const Config config = load_config({folder.write("p2pd.conf", text), {}, {}, {}});
    const ConfigDifference difference = compare(default_config(ServiceKind::system), config);
    EXPECT_EQ(difference.changed, std::vector<std::string>{});
    EXPECT_NE(config.sources.at("socket").find("p2pd.conf:"), std::string::npos);
}

TEST(ConfigKeys, ThatTakeEffectByAReloadAreTheHarmlessOnes) {
    std::vector<std::string_view> restart;
    for (const ConfigKey& key : config_keys()) {
        if (key.needs_restart) restart.push_back(key.name);
    }
    EXPECT_EQ(restart, (std::vector<std::string_view>{
                           "listen", "state_dir", "socket", "socket_group", "dbus", "peers_max",
                           "peer_memory_max", "memory_max", "checkpoint_bytes"}));
}

TEST(ConfigKeys, HaveADescriptionOfOneLineAndSayWhatIsAllowed) {
    for (const ConfigKey& key : config_keys()) {
        EXPECT_FALSE(key.description.empty()) << key.name;
        EXPECT_EQ(key.description.find('\n'), std::string_view::npos) << key.name;
        EXPECT_FALSE(key.allowed.empty()) << key.name;
    }
}

TEST(ConfigEntries, GiveTheSameConfigurationWhenSetAgain) {
    Config config = default_config(ServiceKind::user, xdg);
    config.expires = 36h;
    config.line_timeout = 1500ms;
    config.write_timeout = 1500us;
    config.peer_memory_max = 200'000;
    config.admins = {"bob", "eve"};
    ConfigSources sources;
    for (const ConfigEntry& entry : config.entries()) {
        sources.command_line.emplace_back("--set", entry.key + "=" + entry.value);
    }
    const TemporaryFolder folder;
    sources.file = folder.write("p2pd.conf", "");
    EXPECT_EQ(compare(config, load_config(sources)).changed, std::vector<std::string>{});
}

TEST(ConfigReload, SaysWhatChangedAndWhatNeedsARestart) {
    const Config before = default_config(ServiceKind::system);
    Config after = before;
    after.log_level = LogLevel::debug;
    after.listen = {"10.0.0.1:5000"};
    const ConfigDifference difference = compare(before, after);
    EXPECT_EQ(difference.changed, (std::vector<std::string>{"listen", "log_level"}));
    EXPECT_EQ(difference.needs_restart, (std::vector<std::string>{"listen"}));
}

TEST(ConfigReload, AppliesOnlyWhatNeedsNoRestart) {
    Config running = default_config(ServiceKind::system);
    running.state_dir = "/var/lib/a folder, with commas";
    running.socket_group = "";
    Config loaded = default_config(ServiceKind::system);
    loaded.log_level = LogLevel::debug;
    loaded.listen = {"10.0.0.1:5000"};
    loaded.sources["listen"] = "p2pd.conf:1";
    loaded.sources["log_level"] = "p2pd.conf:2";
    const Config config = reloaded_config(running, loaded);
    EXPECT_EQ(config.log_level, LogLevel::debug);
    EXPECT_EQ(config.listen, running.listen);
    EXPECT_EQ(config.state_dir, running.state_dir);
    EXPECT_EQ(config.socket_group, "");
    EXPECT_EQ(config.sources.at("listen"), "default");
    EXPECT_EQ(config.sources.at("log_level"), "p2pd.conf:2");
}

}  // namespace
}  // namespace p2pd
