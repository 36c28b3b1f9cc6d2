// tests/ctl: the table of commands, the parser and help.
#include "ctl/command_line.h"

#include <set>

#include <gtest/gtest.h>

#include "ctl/control_error.h"
#include "ctl/help.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

constexpr const char* no_socket = "/nowhere/control.sock";

/// The error that the arguments cause.
ControlError error_of(const std::vector<std::string>& arguments) {
    try {
        check_words(parse_command_line(arguments));
    } catch (const ControlError& error) {
        return error;
    }
    return {error_internal, "no error"};
}

TEST(CommandLine, NamesTheNearestCommand) {
    const ControlError error = error_of({"inbax"});
    EXPECT_EQ(error.exit(), ExitCode::usage);
    EXPECT_STREQ(error.what(), "unknown command \"inbax\"");
    EXPECT_EQ(error.hint(), "did you mean p2pctl inbox?");
}

TEST(CommandLine, NamesTheNearestCommandOfAGroup) {
    EXPECT_EQ(error_of({"peer", "renmae", "a", "b"}).hint(), "did you mean p2pctl peer rename?");
}

TEST(CommandLine, NamesTheNearestOption) {
    EXPECT_EQ(error_of({"send", "--timeuot=3s", "bob"}).hint(), "did you mean --timeout?");
}

TEST(CommandLine, NeverGuessesACommand) {
    EXPECT_EQ(error_of({"inb"}).exit(), ExitCode::usage);
}

TEST(CommandLine, NeverGuessesAnOption) {
    EXPECT_EQ(error_of({"send", "--time", "3s", "bob"}).exit(), ExitCode::usage);
}

TEST(CommandLine, AGroupNeedsACommand) {
    EXPECT_STREQ(error_of({"peer"}).what(),
                 "p2pctl peer needs one of: list, show, add, rename, remove");
}

TEST(CommandLine, TooFewWordsShowTheUsage) {
    EXPECT_EQ(error_of({"reply"}).hint(), "usage: p2pctl reply [OPTION...] ID [TEXT...]");
}

TEST(CommandLine, AnOptionWithoutItsValueIsAnError) {
    EXPECT_EQ(error_of({"send", "bob", "--timeout"}).exit(), ExitCode::usage);
}

TEST(CommandLine, GlobalOptionsGoBeforeOrAfterTheCommand) {
    const std::vector<std::vector<std::string>> forms = {
        {"--socket", "/s", "--json", "inbox"},
        {"inbox", "--socket", "/s", "--json"},
        {"--socket=/s", "inbox", "--json"},
    };
    for (const auto& form : forms) {
        const CommandLine line = parse_command_line(form);
        EXPECT_EQ(line.command->name, "inbox");
        EXPECT_EQ(line.arguments.text("socket"), "/s");
        EXPECT_TRUE(line.arguments.has("json"));
    }
}

TEST(CommandLine, GlobalOptionsGoBetweenTheWordsOfACommand) {
    EXPECT_EQ(parse_command_line({"-q", "peer", "--json", "list"}).command->name, "peer list");
}

TEST(CommandLine, TheValueOfAnOptionIsNoCommand) {
    EXPECT_EQ(parse_command_line({"--color", "never", "sent"}).command->name, "sent");
}

TEST(CommandLine, WordsAndOptionsMayMix) {
    const CommandLine line = parse_command_line({"send", "bob", "hello", "-n", "world"});
    EXPECT_EQ(line.arguments.words, (std::vector<std::string>{"bob", "hello", "world"}));
    EXPECT_TRUE(line.arguments.has("no-wait"));
}

TEST(CommandLine, BehindTwoDashesEverythingIsAWord) {
    const CommandLine line = parse_command_line({"send", "bob", "--", "--json", "-n"});
    EXPECT_EQ(line.arguments.words, (std::vector<std::string>{"bob", "--json", "-n"}));
    EXPECT_FALSE(line.arguments.has("json"));
}

TEST(CommandLine, ADashAndAnEmptyTextAreWords) {
    EXPECT_EQ(parse_command_line({"send", "bob", "-"}).arguments.words.at(1), "-");
    EXPECT_EQ(parse_command_line({"send", "bob", ""}).arguments.words.at(1), "");
}

TEST(CommandLine, TheLastOfEqualOptionsWins) {
    EXPECT_EQ(parse_command_line({"inbox", "-n", "3", "-n5"}).arguments.text("number"), "5");
}

TEST(CommandTable, HasEveryCommandOnce) {
    std::set<std::string_view> names;
    for (const Command& command : commands()) {
        EXPECT_TRUE(names.insert(command.name).second) << command.name;
        EXPECT_NE(command.run, nullptr) << command.name;
    }
    for (const std::string_view name :
         {"send",        "reply",     "inbox",      "sent",        "show",         "thread",
          "watch",       "wait",      "retry",      "cancel",      "read",         "unread",
          "search",      "delete",    "purge",      "peer list",   "peer add",     "peer rename",
          "peer remove", "peer show", "status",     "config show", "config check", "reload",
          "log-level",   "rpc",       "completion", "help",        "version"}) {
        EXPECT_TRUE(names.contains(name)) << name;
    }
}

TEST(CommandTable, NoOptionHidesAGlobalOne) {
    std::set<std::string_view> names;
    std::set<char> letters;
    for (const OptionSpec& option : global_options()) {
        names.insert(option.name);
        letters.insert(option.short_name);
    }
    letters.erase('\0');
    for (const Command& command : commands()) {
        for (const OptionSpec& option : command.options) {
            EXPECT_FALSE(names.contains(option.name)) << command.name << " --" << option.name;
            EXPECT_FALSE(letters.contains(option.short_name)) << command.name;
        }
    }
}

TEST(Help, ListsEveryCommand) {
    const Outcome outcome = run_p2pctl(no_socket, {"help"});
    EXPECT_EQ(outcome.exit, 0);
    for (const Command& command : commands()) {
        EXPECT_NE(outcome.out.find("  " + std::string(command.name)), std::string::npos);
    }
}

TEST(Help, OfACommandHasItsOptionsAndExamples) {
    const std::string help = run_p2pctl(no_socket, {"send", "-h"}).out;
    EXPECT_NE(help.find("Usage: p2pctl send [OPTION...] PEER [TEXT...]"), std::string::npos);
    EXPECT_NE(help.find("-n, --no-wait"), std::string::npos);
    EXPECT_NE(help.find("Examples:\n  p2pctl send"), std::string::npos);
}

TEST(Help, IsTheSameHoweverItIsAskedFor) {
    EXPECT_EQ(run_p2pctl(no_socket, {"help", "peer", "add"}).out,
              run_p2pctl(no_socket, {"peer", "add", "--help"}).out);
}

TEST(Help, OfAnUnknownCommandNamesTheNearest) {
    const Outcome outcome = run_p2pctl(no_socket, {"help", "serach"});
    EXPECT_EQ(outcome.exit, 64);
    EXPECT_NE(outcome.err.find("did you mean p2pctl search?"), std::string::npos) << outcome.err;
}

TEST(Help, WithoutACommandThereIsAReminder) {
    const Outcome outcome = run_p2pctl(no_socket, {});
    EXPECT_EQ(outcome.exit, 64);
    EXPECT_NE(outcome.err.find("p2pctl help"), std::string::npos);
}

}  // namespace
}  // namespace p2pd::test
