// ctl: what fits at the cursor of a command line, for the completion of shells. Includes std and
// common.
#include "ctl/completion_words.h"

#include <algorithm>
#include <optional>

#include "ctl/completion_names.h"
#include "ctl/control_error.h"

namespace p2pd {

namespace {

using Words = std::vector<CompletionWord>;

/// What the words before the cursor come to.
struct Typed {
    std::string group;                   ///< `peer`, as long as its second word is missing
    const Command* command = nullptr;    ///< null as well if there is none of that name
    bool is_wrong = false;               ///< nothing of that name
    std::vector<std::string> arguments;  ///< of the command
    const OptionSpec* option = nullptr;  ///< the one whose value is at the cursor
    bool options_ended = false;          ///< by --
    std::optional<std::string> socket;
    std::chrono::milliseconds timeout{};  ///< for the daemon
    std::string beginning;                ///< of the word, or value, at the cursor
};

/// What may follow an option, or stand for a name in the usage of a command.
struct Choice {
    std::string_view name;
    std::string_view words;
};
constexpr Choice fixed_words[] = {
    {"color", "auto always never"},           {"dialect", "base upper quoted short"},
    {"format", "openmetrics prometheus"},     {"hold", "now idle manual"},
    {"wait", "delivered reply read handled"}, {"until", "read handled"},
    {"LEVEL", "debug info warning error"},    {"SHELL", "bash zsh fish"}};

const OptionSpec* find_option(const Typed& typed, std::string_view name, char short_name) {
    const auto is_it = [&](const OptionSpec& spec) {
        return short_name != '\0' ? spec.short_name == short_name : spec.name == name;
    };
    const auto find = [&](std::span<const OptionSpec> options) {
        const auto found = std::ranges::find_if(options, is_it);
        return found == options.end() ? nullptr : &*found;
    };
    const OptionSpec* const own = typed.command ? find(typed.command->options) : nullptr;
    return own ? own : find(global_options());
}

/// The option of `--name`, `--name=value` or `-n`, if there is one.
const OptionSpec* option_of(const Typed& typed, std::string_view word) {
    if (word.starts_with("--")) return find_option(typed, word.substr(2, word.find('=') - 2), '\0');
    return word.size() == 2 ? find_option(typed, {}, word[1]) : nullptr;
}

void take_option(Typed& typed, const std::string& word) {
    if (word == "--") {
        typed.options_ended = true;
        return;
    }
    const OptionSpec* const spec = option_of(typed, word);
    const std::size_t equals = word.find('=');
    if (!spec || spec->value.empty()) return;
    if (equals == std::string::npos) {
        typed.option = spec;
    } else if (spec->name == "socket") {
        typed.socket = word.substr(equals + 1);
    }
}

void take_word(Typed& typed, const std::string& word) {
    if (typed.command) {
        typed.arguments.push_back(word);
        return;
    }
    const std::string name = typed.group.empty() ? word : typed.group + " " + word;
    typed.command = find_command(name);
    if (typed.group.empty() && is_group(word)) {
        typed.group = word;
    } else if (!typed.command) {
        typed.is_wrong = true;
    }
}

Typed read_typed(std::span<const std::string> before, std::chrono::milliseconds timeout) {
    Typed typed;
    typed.timeout = timeout;
    for (const std::string& word : before) {
        if (typed.option) {
            if (typed.option->name == "socket") typed.socket = word;
            typed.option = nullptr;
        } else if (!typed.options_ended && word.size() > 1 && word[0] == '-') {
            take_option(typed, word);
        } else {
            take_word(typed, word);
        }
    }
    return typed;
}

Words words_of(std::string_view text) {
    Words words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        words.push_back({std::string(text.substr(0, end)), {}});
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

void add_all(Words& words, Words more) {
    std::ranges::move(more, std::back_inserter(words));
}

/// First words of all commands, or second ones of a group.
Words command_words(std::string_view group) {
    Words words;
    for (const Command& command : commands()) {
        const std::size_t space = command.name.find(' ');
        const std::string_view first = command.name.substr(0, space);
        if (group.empty()) {
            const bool is_new = words.empty() || words.back().word != first;
            const bool is_one = space == std::string_view::npos;
            if (is_new)
                words.push_back({std::string(first),
                                 std::string(is_one ? command.summary : std::string_view{})});
        } else if (first == group && space != std::string_view::npos) {
            words.push_back(
                {std::string(command.name.substr(space + 1)), std::string(command.summary)});
        }
    }
    return words;
}

Words option_words(const Typed& typed) {
    Words words;
    const auto add = [&](std::span<const OptionSpec> options) {
        for (const OptionSpec& option : options) {
            words.push_back({"--" + std::string(option.name), std::string(option.summary)});
        }
    };
    if (typed.command) add(typed.command->options);
    add(global_options());
    return words;
}

/// The name in the usage for the argument at `position`: `PEER` of `PEER [TEXT...]`; empty behind
/// the last.
std::string_view argument_name(std::string_view usage, std::size_t position) {
    std::string_view name;
    for (std::size_t at = 0; at <= position && !usage.empty(); ++at) {
        const std::size_t end = std::min(usage.find(' '), usage.size());
        name = usage.substr(0, end);
        usage.remove_prefix(std::min(end + 1, usage.size()));
        if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
        if (const std::size_t dots = name.find("..."); dots != std::string_view::npos) {
            return name.substr(0, dots);
        }
        if (usage.empty() && at < position) return {};
    }
    return name;
}

/// From the daemon, if `name` stands for something that it knows.
Words names_from_daemon(const Typed& typed, std::string_view name) {
    const std::string_view command = typed.command ? typed.command->name : std::string_view{};
    const bool of_group = command.starts_with("group ") && name == "NAME";
    const bool of_peer =
        (name == "NAME" && command.starts_with("peer ") && command != "peer add") ||
        name == "PEER" || name == "PEER|ID";
    const bool of_id = name == "ID" || name == "PEER|ID";
    // Of the options those that choose messages take one, too.
    const bool takes_group = typed.option || command == "send" || command == "thread";
    if (!of_group && !of_peer && !of_id) return {};
    Words words;
    try {
        CompletionNames names(typed.socket, typed.timeout);
        if (of_group) add_all(words, names.groups(""));
        if (of_peer) add_all(words, names.peers(typed.beginning));
        if (of_peer && takes_group) add_all(words, names.groups("@"));
        if (of_id) add_all(words, names.ids(command));
    } catch (const ControlError&) {
        // Whoever presses Tab wants words, or nothing.
    }
    return words;
}

Words words_for(const Typed& typed, std::string_view name, std::string_view choice) {
    const auto* const found = std::ranges::find(fixed_words, choice, &Choice::name);
    // --until is a time in lists.
    if (found != std::end(fixed_words) && name != "TIME") return words_of(found->words);
    if (name == "FILE" || name == "PATH" || name == "CMD" || name == "ARG") {
        return {{std::string(completion_files), {}}};
    }
    return names_from_daemon(typed, name);
}

Words help_words(const Typed& typed) {
    if (typed.arguments.size() > 1) return {};
    if (typed.arguments.size() == 1) return command_words(typed.arguments.front());
    Words words = command_words({});
    words.push_back({"examples", "Real uses"});
    return words;
}

Words argument_words(const Typed& typed) {
    const std::string_view name = argument_name(typed.command->arguments, typed.arguments.size());
    if (typed.command->name == "help") return help_words(typed);
    if (name.empty()) return option_words(typed);
    Words words = words_for(typed, name, name);
    std::erase_if(words, [&](const CompletionWord& each) {
        return std::ranges::find(typed.arguments, each.word) != typed.arguments.end();
    });
    return words;
}

/// All that fits in the place of `current`, whatever that begins with.
Words fitting(const Typed& typed, std::string_view current) {
    if (typed.is_wrong) return {};
    if (typed.option) return words_for(typed, typed.option->value, typed.option->name);
    if (!typed.options_ended && current.starts_with('-')) {
        const std::size_t equals = current.find('=');
        if (equals == std::string_view::npos) return option_words(typed);
        const OptionSpec* const spec = option_of(typed, current);
        if (!spec || spec->value.empty()) return {};
        Typed at_value = typed;
        at_value.option = spec;
        at_value.beginning = current.substr(equals + 1);
        Words words = words_for(at_value, spec->value, spec->name);
        for (CompletionWord& each : words) {
            if (each.word != completion_files) each.word.insert(0, current.substr(0, equals + 1));
        }
        return words;
    }
    return typed.command ? argument_words(typed) : command_words(typed.group);
}

}  // namespace

std::vector<CompletionWord> completion_words(std::span<const std::string> typed,
                                             std::chrono::milliseconds timeout) {
    if (typed.empty()) return {};
    const std::string& current = typed.back();
    Typed before = read_typed(typed.first(typed.size() - 1), timeout);
    before.beginning = current;
    Words words = fitting(before, current);
    std::erase_if(words, [&](const CompletionWord& each) {
        return each.word != completion_files && !each.word.starts_with(current);
    });
    return words;
}

}  // namespace p2pd
