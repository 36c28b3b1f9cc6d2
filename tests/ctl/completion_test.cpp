// tests/ctl: what the completion of shells offers, against a fake daemon and without one.
#include <algorithm>
#include <chrono>

#include <gtest/gtest.h>

#include "ctl/completion_words.h"
#include "ctl/help.h"
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

constexpr const char* no_socket = "/nowhere/control.sock";

using Typed = std::vector<std::string>;

/// Even a test under sanitizers, on a busy machine, has that.
constexpr std::chrono::milliseconds long_time{20'000};

std::vector<std::string> offered_at(const std::string& socket, const Typed& typed,
                                    std::chrono::milliseconds timeout = long_time) {
    Typed all = {"--socket", socket};
    all.insert(all.end(), typed.begin(), typed.end());
    std::vector<std::string> words;
    for (const CompletionWord& each : completion_words(all, timeout)) words.push_back(each.word);
    return words;
}

/// Without a daemon.
std::vector<std::string> offered(const Typed& typed) {
    return offered_at(no_socket, typed);
}

TEST(Completion, KnowsEveryCommand) {
    for (const Command& command : commands()) {
        const std::string name(command.name);
        const std::size_t space = name.find(' ');
        const Typed typed = space == std::string::npos
                                ? Typed{name}
                                : Typed{name.substr(0, space), name.substr(space + 1)};
        const auto words = offered(typed);
        EXPECT_NE(std::ranges::find(words, typed.back()), words.end()) << name;
    }
}

TEST(Completion, KnowsTheOptionsOfEachCommand) {
    for (const Command& command : commands()) {
        for (const OptionSpec& option : command.options) {
            const std::string typed = "--" + std::string(option.name);
            Typed line;
            const std::string name(command.name);
            if (const std::size_t space = name.find(' '); space != std::string::npos) {
                line = {name.substr(0, space), name.substr(space + 1), typed};
            } else {
                line = {name, typed};
            }
            const auto words = offered(line);
            EXPECT_NE(std::ranges::find(words, typed), words.end()) << name << " " << typed;
        }
    }
}

TEST(Completion, OffersWhatBeginsAsItIsTyped) {
    EXPECT_EQ(offered({"--json", "peer", "re"}), (Typed{"rename", "remove"}));
    EXPECT_EQ(offered({"inbox", "--mark"}), Typed{"--mark-read"});
    EXPECT_EQ(offered({"nonsense", ""}), Typed{});
}

TEST(Completion, KnowsTheValuesOfOptionsAndArguments) {
    EXPECT_EQ(offered({"--color", "a"}), (Typed{"auto", "always"}));
    EXPECT_EQ(offered({"--color=a"}), (Typed{"--color=auto", "--color=always"}));
    EXPECT_EQ(offered({"log-level", "d"}), Typed{"debug"});
    EXPECT_EQ(offered({"wait", "--until", "h"}), Typed{"handled"});
    EXPECT_EQ(offered({"inbox", "--until", ""}), Typed{}) << "a time";
    EXPECT_EQ(offered({"send", "-f", "x"}), Typed{std::string(completion_files)});
    EXPECT_EQ(offered({"help", "peer", "sh"}), Typed{"show"});
    EXPECT_EQ(offered({"help", "ex"}), (Typed{"export", "examples"}));
}

TEST(Completion, OffersNoOptionWhereATextIsTyped) {
    EXPECT_EQ(offered({"send", "bob", "--", "--"}), Typed{});
    EXPECT_EQ(offered({"send", "bob", ""}), Typed{});
}

/// A daemon with bob and a group, whose messages are 1 (answered by 3), 2, 3 and 4.
class CompletionNamesTest : public testing::Test {
protected:
    CompletionNamesTest() {
        daemon.on("peers.names", [](const Question& question) {
            // As the daemon does it: those behind `after`.
            const Json after = question.params["after"];
            PeersNamesResult result;
            if (after.is_null() || after.get<std::string>() < "bob") {
                result.names.push_back({"bob", "10.0.0.5:5000"});
            }
            question.result(write_fields(result));
        });
        daemon.on("groups.list", [](const Question& question) {
            question.result(write_fields(GroupsResult{{{"ops", {"bob"}}}}));
        });
        daemon.on("list", [](const Question& question) {
            auto answer = sent_message(3, SendState::delivered);
            answer.reply_to = 1;
            auto read = received_message(2, "two");
            read.read = true;
            const auto waiting = sent_message(4, SendState::sending);
            const std::string box = question.params["box"];
            if (box == "sent") return question.result(page_of({answer, waiting}));
            const auto first = received_message(1, "one");
            if (box == "all") return question.result(page_of({first, read, answer, waiting}));
            question.result(page_of({first, read}));
        });
    }

    std::vector<std::string> words(const Typed& typed) {
        return offered_at(daemon.socket_path(), typed);
    }

    FakeDaemon daemon;
};

TEST_F(CompletionNamesTest, NoNameBeginsWithWhatNoNameHas) {
    for (const char* typed : {"\xc3\x80", "1", "b b", "\x01"}) {
        EXPECT_EQ(words({"chat", typed}), Typed{}) << typed;
    }
    EXPECT_EQ(words({"chat", "b"}), Typed{"bob"});
    EXPECT_EQ(words({"chat", "bobb"}), Typed{});
    EXPECT_EQ(words({"inbox", "--from=bo"}), Typed{"--from=bob"});
}

TEST_F(CompletionNamesTest, APeerIsAName) {
    EXPECT_EQ(words({"chat", ""}), Typed{"bob"});
    EXPECT_EQ(words({"peer", "remove", "b"}), Typed{"bob"});
    EXPECT_EQ(words({"peer", "show", ""}), Typed{"bob"});
    EXPECT_EQ(words({"inbox", "--from=b"}), Typed{"--from=bob"});
    EXPECT_EQ(words({"peer", "add", ""}), Typed{}) << "that one is new";
}

TEST_F(CompletionNamesTest, AGroupIsOfferedWhereItMayBe) {
    EXPECT_EQ(words({"send", ""}), (Typed{"bob", "@ops"}));
    EXPECT_EQ(words({"send", "@"}), Typed{"@ops"});
    EXPECT_EQ(words({"inbox", "--from", ""}), (Typed{"bob", "@ops"}));
    EXPECT_EQ(words({"ask", ""}), Typed{"bob"});
    EXPECT_EQ(words({"group", "remove", ""}), Typed{"ops"});
    EXPECT_EQ(words({"group", "remove", "ops", ""}), Typed{"bob"});
}

TEST_F(CompletionNamesTest, IdsAreThoseThatFitTheNewestFirst) {
    EXPECT_EQ(words({"show", ""}), (Typed{"4", "3", "2", "1"}));
    EXPECT_EQ(words({"thread", ""}), (Typed{"bob", "@ops", "4", "3", "2", "1"}));
    EXPECT_EQ(words({"reply", ""}), Typed{"2"}) << "1 is answered";
    EXPECT_EQ(words({"unread", ""}), Typed{"2"});
    for (const char* command : {"wait", "cancel", "retry"}) {
        EXPECT_EQ(words({command, ""}), Typed{"4"}) << command;
    }
    EXPECT_EQ(words({"trace", ""}), (Typed{"4", "3"}));
    EXPECT_EQ(words({"read", ""}), (Typed{"2", "1"}));
    EXPECT_EQ(daemon.requests("list").back()["unread"], true);
}

TEST_F(CompletionNamesTest, AnIdThatIsTypedAlreadyIsNotOfferedAgain) {
    EXPECT_EQ(words({"delete", "3", "1", ""}), (Typed{"4", "2"}));
}

TEST_F(CompletionNamesTest, AtMostFiftyIds) {
    daemon.on("list", [](const Question& question) {
        std::vector<MessageRecord> many;
        for (std::uint64_t id = 1; id <= 60; ++id) many.push_back(received_message(id, "x"));
        question.result(page_of(many, true));
    });
    const auto ids = words({"show", ""});
    EXPECT_EQ(ids.size(), 50);
    EXPECT_EQ(ids.front(), "60");
    EXPECT_EQ(ids.back(), "11");
}

TEST_F(CompletionNamesTest, WhatPeersWroteIsMadeSafe) {
    daemon.on("list", [](const Question& question) {
        question.result(page_of({received_message(1, "a\tb\n\x1b[31mred")}));
    });
    const auto found =
        completion_words(Typed{"--socket", daemon.socket_path(), "show", ""}, long_time);
    ASSERT_EQ(found.size(), 1);
    EXPECT_EQ(found[0].what.find_first_of("\t\n\x1b"), std::string::npos) << found[0].what;
}

TEST_F(CompletionNamesTest, AnErrorIsNothing) {
    daemon.on("list", [](const Question& question) { question.error(error_internal, "no"); });
    const Outcome outcome =
        run_p2pctl(daemon.socket_path(), {"completion", "words", "--", "show", ""});
    EXPECT_EQ(outcome.exit, 0);
    EXPECT_EQ(outcome.out + outcome.err, "");
}

TEST_F(CompletionNamesTest, WhoeverHangsUpIsNothing) {
    daemon.on("list", [](const Question& question) { question.hang_up(); });
    EXPECT_EQ(words({"show", ""}), Typed{});
}

TEST_F(CompletionNamesTest, ADaemonThatNeverAnswersIsGivenUpAfterTheDeadline) {
    daemon.on("list", [](const Question&) {});
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(offered_at(daemon.socket_path(), {"show", ""}, completion_timeout), Typed{});
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(Completion, OfAnotherShellIsAUsageError) {
    EXPECT_EQ(run_p2pctl(no_socket, {"completion", "tcsh"}).exit, 64);
    EXPECT_EQ(run_p2pctl(no_socket, {"completion", "bash", "zsh"}).exit, 64);
}

}  // namespace
}  // namespace p2pd::test
