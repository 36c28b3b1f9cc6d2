// ctl: the commands help and completion. Includes std and common.
#include <algorithm>

#include "ctl/command_line.h"
#include "ctl/commands.h"
#include "ctl/completion_words.h"
#include "ctl/context.h"
#include "ctl/help.h"
#include "ctl/help_examples.h"
#include "ctl/language.h"
#include "ctl/placeholders.h"

namespace p2pd {

namespace {

std::string option_text(const OptionSpec& option) {
    std::string text = option.short_name ? std::string("-") + option.short_name + ", " : "    ";
    text.append("--").append(option.name);
    if (!option.value.empty()) text += " " + arguments_text(option.value);
    return text;
}

std::string two_columns(const std::string& left, std::string_view right) {
    static constexpr std::size_t left_columns = 28;
    return "  " + padded(left, left_columns) + " " + std::string(right) + "\n";
}

std::string options_text(std::span<const OptionSpec> options) {
    std::string text;
    for (const OptionSpec& option : options)
        text += two_columns(option_text(option), tr(option.summary));
    return text;
}

/// The commands whose name is or begins with the words.
std::string help_for(const std::vector<std::string>& words) {
    if (words.empty()) return overview_text();
    // The parser knows what to say about a name that does not exist.
    std::vector<std::string> arguments = words;
    if (arguments.size() == 1 && is_group(arguments.front())) {
        std::string text;
        for (const Command& command : commands()) {
            if (command.name.starts_with(words.front() + " ")) {
                text +=
                    two_columns(std::string(command.name) + " " + arguments_text(command.arguments),
                                tr(command.summary));
            }
        }
        return text;
    }
    return command_help_text(*parse_command_line(arguments).command);
}

void print_examples(Context& context) {
    if (!context.json()) return context.print_paged(examples_text());
    for (const Example& example : help_examples()) {
        context.print_json(
            "example",
            Json{{"name", example.name}, {"summary", example.summary}, {"script", example.script}});
    }
}

/// What the scripts of the shells ask for.
ExitCode print_completion_words(Context& context) {
    const auto& words = context.arguments().words;
    for (const auto& each : completion_words(std::span(words).subspan(1))) {
        context.print(each.word + (each.what.empty() ? "" : "\t" + each.what) + "\n");
    }
    return ExitCode::done;
}

}  // namespace

std::string overview_text() {
    std::string text =
        tr("p2pctl: messages over UDP, durable and confirmed") + "\n\n" +
        tr("Usage: {1}", arguments_text("p2pctl [OPTION...] COMMAND [ARGUMENT...]")) + "\n\n" +
        tr("Commands:") + "\n";
    for (const Command& command : commands()) {
        text += two_columns(std::string(command.name) + " " + arguments_text(command.arguments),
                            tr(command.summary));
    }
    text += "\n" + tr("Options of every command:") + "\n" + options_text(global_options());
    text += "\n" +
            tr("PEER is IP, IP:PORT, [IPv6]:PORT, a host name or a name of the address book.\n"
               "Exit codes: 0 done, 1 refused, expired or nothing found, 64 usage, 65 bad data,\n"
               "66 no such id, 67 unknown peer, 68 unknown host, 69 p2pd not running, 70 internal\n"
               "error, 74 I/O, 75 not confirmed in time or queue full, 76 protocol mismatch,\n"
               "77 not permitted, 78 configuration, 130 interrupted.\n"
               "More on a command: p2pctl help COMMAND; real uses: p2pctl help examples") +
            "\n";
    return text;
}

std::string command_help_text(const Command& command) {
    std::string text = tr(command.summary) + "\n\n" + tr("Usage: {1}", usage_text(command)) + "\n";
    if (!command.options.empty())
        text += "\n" + tr("Options:") + "\n" + options_text(command.options);
    text += "\n" + tr("Options of every command:") + "\n" + options_text(global_options());
    if (!command.examples.empty())
        text += "\n" + tr("Examples:") + "\n" + std::string(command.examples);
    return text;
}

ExitCode run_help(Context& context) {
    const auto& words = context.arguments().words;
    if (words == std::vector<std::string>{"examples"}) {
        print_examples(context);
        return ExitCode::done;
    }
    const std::string text = help_for(words);
    if (!context.json()) {
        context.print_paged(text);
        return ExitCode::done;
    }
    std::string wanted;
    for (const std::string& word : words) wanted += (wanted.empty() ? "" : " ") + word;
    for (const Command& command : commands()) {
        if (!command.name.starts_with(wanted)) continue;
        context.print_json("command", Json{{"name", command.name},
                                           {"usage", usage_text(command)},
                                           {"summary", command.summary}});
    }
    return ExitCode::done;
}

ExitCode run_completion(Context& context) {
    const auto& words = context.arguments().words;
    const std::string& shell = words.front();
    if (shell == "words") return print_completion_words(context);
    const auto script = completion_script(shell);
    if (!script || words.size() > 1) {
        throw ControlError(error_usage, tr("no completion for \"{1}\": bash, zsh or fish", shell));
    }
    if (context.json()) {
        context.print_json("completion", Json{{"shell", shell}, {"script", *script}});
    } else {
        context.print(*script);
    }
    return ExitCode::done;
}

}  // namespace p2pd
