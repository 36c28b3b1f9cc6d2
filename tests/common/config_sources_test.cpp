// tests: where the configuration comes from, and what is said about a bad one. Includes
// GoogleTest, common.
#include <filesystem>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "common/config.h"
#include "tests/common/temporary_folder.h"

namespace p2pd {
namespace {

using namespace std::chrono_literals;

class ConfigSourcesTest : public testing::Test {
protected:
    ConfigSourcesTest() {
        sources.environment = [this](std::string_view name) -> std::optional<std::string> {
            const auto found = environment.find(std::string(name));
            if (found == environment.end()) return std::nullopt;
            return found->second;
        };
        file("");
    }

    void file(std::string_view content) { sources.file = folder.write("p2pd.conf", content); }
    void set(const std::string& setting) { sources.command_line.emplace_back("--set", setting); }
    Config load() const { return load_config(sources); }

    /// What load says, without the folder.
    std::string complaint() const {
        try {
            load();
        } catch (const ConfigError& error) {
            std::string text = error.what();
            const std::string prefix = folder.path("");
            for (std::size_t at; (at = text.find(prefix)) != std::string_view::npos;) {
                text.erase(at, prefix.size());
            }
            return text;
        }
        return {};
    }

    TemporaryFolder folder;
    std::map<std::string, std::string> environment;
    ConfigSources sources;
};

TEST_F(ConfigSourcesTest, ReadsKeysCommentsAndBlankLines) {
    file("# a comment\n\n  expires = 2d  \r\n\t# another\nlog_level=debug");
    EXPECT_EQ(load().expires, 48h);
    EXPECT_EQ(load().log_level, LogLevel::debug);
}

TEST_F(ConfigSourcesTest, TakeEffectInRisingPriority) {
    const auto clients = [&] { return load().clients_max; };
    EXPECT_EQ(clients(), 64U);
    file("clients_max = 1\n");
    EXPECT_EQ(clients(), 1U);
    folder.write("conf.d/20.conf", "clients_max = 3\n");
    folder.write("conf.d/10.conf", "clients_max = 2\n");
    EXPECT_EQ(clients(), 3U);
    environment["P2PD_CLIENTS_MAX"] = "4";
    EXPECT_EQ(clients(), 4U);
    set("clients_max=5");
    EXPECT_EQ(clients(), 5U);
}

TEST_F(ConfigSourcesTest, SayWhereEachValueIsFrom) {
    file("\nexpires = 2d\n");
    folder.write("conf.d/a.conf", "peers_max = 99\n");
    environment["P2PD_ADMINS"] = "bob";
    sources.command_line.emplace_back("--log-level", "log_level=debug");
    std::map<std::string, std::string> origin;
    for (const ConfigEntry& entry : load().entries()) origin[entry.key] = entry.source;
    EXPECT_EQ(origin["clients_max"], "default");
    EXPECT_EQ(origin["expires"], folder.path("p2pd.conf:2"));
    EXPECT_EQ(origin["peers_max"], folder.path("conf.d/a.conf:1"));
    EXPECT_EQ(origin["admins"], "environment");
    EXPECT_EQ(origin["log_level"], "--log-level");
}

TEST_F(ConfigSourcesTest, AddUpAListWithinOneSource) {
    file("admins = bob\nadmins = eve, mallory\nadmins = bob\n");
    EXPECT_EQ(load().admins, (std::vector<std::string>{"bob", "eve", "mallory"}));
}

TEST_F(ConfigSourcesTest, ReplaceTheListOfALowerSource) {
    file("admins = bob eve\nlisten = 10.0.0.1\n");
    folder.write("conf.d/a.conf", "admins = mallory\n");
    sources.command_line = {{"--listen", "listen=127.0.0.1:6000"}, {"--listen", "listen=[::1]:0"}};
    EXPECT_EQ(load().admins, (std::vector<std::string>{"mallory"}));
    EXPECT_EQ(load().listen, (std::vector<std::string>{"127.0.0.1:6000", "[::1]:0"}));
}

TEST_F(ConfigSourcesTest, EmptyAListByAnEmptyValue) {
    file("admins = bob\nadmins =\n");
    EXPECT_TRUE(load().admins.empty());
}

TEST_F(ConfigSourcesTest, TakeAnEmptyEnvironmentVariableForNone) {
    environment["P2PD_EXPIRES"] = "";
    EXPECT_EQ(load().expires, 168h);
}

TEST_F(ConfigSourcesTest, ReadOnlyVisibleConfFilesOfTheFolder) {
    folder.write("conf.d/.a.conf", "nonsense\n");
    folder.write("conf.d/a.conf~", "nonsense\n");
    folder.write("conf.d/README", "nonsense\n");
    EXPECT_EQ(complaint(), "");
}

TEST_F(ConfigSourcesTest, GiveAListenAddressTheDefaultPort) {
    file("listen = 10.0.0.1 ::1\n");
    EXPECT_EQ(load().listen, (std::vector<std::string>{"10.0.0.1:5000", "[::1]:5000"}));
}

TEST_F(ConfigSourcesTest, ReadSizesWithSuffixes) {
    file("peer_memory_max = 256K\nmemory_max = 1G\ncheckpoint_bytes = 70000\n");
    EXPECT_EQ(load().peer_memory_max, 256U * 1024);
    EXPECT_EQ(load().memory_max, 1024U * 1024 * 1024);
    EXPECT_EQ(load().checkpoint_bytes, 70000U);
}

TEST_F(ConfigSourcesTest, TakeRelativePathsOfTheCommandLineFromTheCurrentFolder) {
    sources.command_line = {{"--state-dir", "state_dir=./here"}};
    EXPECT_EQ(load().state_dir, (std::filesystem::current_path() / "here").string());
}

TEST_F(ConfigSourcesTest, KeepPathsWithSpacesWhole) {
    file("state_dir = /srv/my messages, all\n");
    EXPECT_EQ(load().state_dir, "/srv/my messages, all");
}

TEST_F(ConfigSourcesTest, MustExistWhenGiven) {
    sources.file = folder.path("none.conf");
    EXPECT_EQ(complaint(), "none.conf: cannot be read: No such file or directory");
}

TEST_F(ConfigSourcesTest, NeedNotExistByDefault) {
    sources.file.reset();
    sources.kind = ServiceKind::user;
    environment["HOME"] = folder.path("home");
    environment["XDG_RUNTIME_DIR"] = "/run/user/1000";
    EXPECT_EQ(load().state_dir, folder.path("home/.local/state/p2pd"));
    folder.write("home/.config/p2pd/conf.d/a.conf", "expires = 1h\n");
    EXPECT_EQ(load().expires, 1h);
    folder.write("home/.config/p2pd/p2pd.conf", "peers_max = 99\n");
    EXPECT_EQ(load().peers_max, 99U);
}

TEST_F(ConfigSourcesTest, SayWhatIsMissingWhereTheEnvironmentNamesNoHome) {
    sources.kind = ServiceKind::user;
    EXPECT_EQ(complaint(),
              "environment HOME: gives no folder for state_dir; allowed: set HOME or state_dir");
    set("state_dir=/srv/p2pd");
    EXPECT_EQ(complaint(), "");
}

TEST_F(ConfigSourcesTest, NameFileAndLineOfABadValueAndWhatIsAllowed) {
    file("\n# x\nexpires = 7x\n");
    EXPECT_EQ(complaint(),
              "p2pd.conf:3: expires cannot be \"7x\"; allowed: a duration from 1s to 14d");
}

TEST_F(ConfigSourcesTest, NameTheVariableOfABadValue) {
    environment["P2PD_LOG_LEVEL"] = "loud";
    EXPECT_EQ(complaint(),
              "environment P2PD_LOG_LEVEL: log_level cannot be \"loud\"; allowed: "
              "debug, info, warning or error");
}

TEST_F(ConfigSourcesTest, NameTheOptionOfABadValue) {
    set("clients_max=0");
    EXPECT_EQ(complaint(),
              "--set clients_max=0: clients_max cannot be \"0\"; allowed: a whole "
              "number from 1 to 1024");
    sources.command_line = {{"--listen", "listen=10.0.0.1:80"}};
    EXPECT_EQ(complaint().substr(0, 55),
              "--listen 10.0.0.1:80: listen cannot be \"10.0.0.1:80\"; a");
}

TEST_F(ConfigSourcesTest, NameTheNearestKeyOfAnUnknownOne) {
    file("expire = 7d\n");
    EXPECT_EQ(complaint(), "p2pd.conf:1: \"expire\" is not a key; did you mean \"expires\"?");
    file("colour = red\n");
    EXPECT_EQ(complaint().substr(0, 66),
              "p2pd.conf:1: \"colour\" is not a key; allowed: listen, state_dir, so");
}

TEST_F(ConfigSourcesTest, NameALineThatIsNoSetting) {
    file("[section]\n");
    EXPECT_EQ(complaint(), "p2pd.conf:1: \"[section]\" is not a setting; allowed: key = value");
    file("");
    set("expires");
    EXPECT_EQ(complaint(), "--set expires: \"expires\" is not a setting; allowed: key = value");
}

TEST_F(ConfigSourcesTest, NeverPrintTheControlCharactersOfABadFile) {
    file("expires = \x1b[2J\n");
    EXPECT_EQ(complaint(),
              "p2pd.conf:1: expires cannot be \"\\x1b[2J\"; allowed: a duration from 1s to 14d");
}

TEST_F(ConfigSourcesTest, CannotBeAFolderNorAnEndlessFile) {
    sources.file = folder.path("conf.d");
    std::filesystem::create_directories(*sources.file);
    EXPECT_EQ(complaint(), "conf.d: cannot be read: Is a directory");
    sources.file = "/dev/zero";
    EXPECT_EQ(complaint(), "/dev/zero: is too long; allowed: 1 MiB");
}

TEST_F(ConfigSourcesTest, NeedAnAddressToListenOn) {
    file("listen =\n");
    EXPECT_EQ(complaint().substr(0, 50), "p2pd.conf:1: listen needs at least one address; al");
}

class BadSetting : public ConfigSourcesTest, public testing::WithParamInterface<std::string> {};

TEST_P(BadSetting, IsRefused) {
    set(GetParam());
    EXPECT_EQ(complaint().substr(0, 6), "--set ") << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    ConfigSourcesTest, BadSetting,
    testing::Values("=", "=1", "listen=localhost", "listen=10.0.0.1:1023", "listen=10.0.0.1:65536",
                    "listen=1.1.1.1 1.1.1.1", "state_dir=", "socket=/" + std::string(107, 'x'),
                    "state_dir=/a\tb", "dbus=both", "socket_group=-x", "socket_group=a b",
                    "log_level=", "log_level=Info", "admins=bob/eve", "expires=0", "expires=15d",
                    "expires=", "text_bytes_max=0", "text_bytes_max=65537", "text_bytes_max=1K",
                    "peers_max=15", "peers_max=1000001", "peers_max=-16", "peers_max=+16",
                    "peers_max=16.5", "peers_max=99999999999999999999", "queue_messages_max=0",
                    "queue_messages_max=100000001", "peer_memory_max=1", "peer_memory_max=2G",
                    "memory_max=1k", "memory_max=M", "memory_max=99999999999999999G",
                    "clients_max=1025", "client_pending_max=65537", "line_timeout=0",
                    "write_timeout=2h", "part_timeout=0.5s", "checkpoint_bytes=1K"));

TEST_F(ConfigSourcesTest, TakeTheEndsOfEveryRange) {
    for (const char* setting :
         {"listen=0.0.0.0:0 0.0.0.0:0", "listen=10.0.0.1:1024 [::1]:65535", "expires=1s",
          "expires=14d", "text_bytes_max=1", "text_bytes_max=65536", "peers_max=16",
          "peers_max=1000000", "queue_messages_max=1", "queue_messages_max=100000000",
          "clients_max=1", "clients_max=1024", "client_pending_max=1", "client_pending_max=65536",
          "socket_group=", "admins="}) {
        sources.command_line = {{"--set", setting}};
        EXPECT_EQ(complaint(), "") << setting;
    }
}

}  // namespace
}  // namespace p2pd
