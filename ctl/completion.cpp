// ctl: completion for shells, written by the table of commands. Includes std and common.
#include <set>

#include "ctl/help.h"

namespace p2pd {

namespace {

/// Names of the address book, asked for when somebody presses Tab. They hold letters, digits, -
/// and _ only.
constexpr std::string_view peer_names =
    "p2pctl peer list --json 2>/dev/null | sed -n 's/.*\"name\":\"\\([A-Za-z0-9_-]*\\)\".*/\\1/p'";

std::string option_words(std::span<const OptionSpec> options) {
    std::string words;
    for (const OptionSpec& option : options) {
        words.append(words.empty() ? "--" : " --").append(option.name);
    }
    return words;
}

/// First words of all commands, or second ones of a group.
std::string command_words(std::string_view group) {
    std::set<std::string_view> words;
    for (const Command& command : commands()) {
        const std::size_t space = command.name.find(' ');
        if (group.empty()) {
            words.insert(command.name.substr(0, space));
        } else if (command.name.starts_with(group) && space == group.size()) {
            words.insert(command.name.substr(space + 1));
        }
    }
    std::string text;
    for (const std::string_view word : words) text.append(text.empty() ? "" : " ").append(word);
    return text;
}

std::set<std::string_view> groups() {
    std::set<std::string_view> found;
    for (const Command& command : commands()) {
        const std::size_t space = command.name.find(' ');
        if (space != std::string_view::npos) found.insert(command.name.substr(0, space));
    }
    return found;
}

/// A condition that holds when `$command` is a group: it needs its second word.
std::string group_condition() {
    std::string condition;
    for (const std::string_view group : groups()) {
        condition.append(condition.empty() ? "" : " || ").append("$command == ").append(group);
    }
    return condition;
}

bool takes_peer(const Command& command) {
    return command.arguments.find("PEER") != std::string_view::npos;
}

/// What may follow one command, as the branch of a shell's `case`.
std::string bash_branch(const Command& command) {
    std::string branch = "        '" + std::string(command.name) + "') words=\"" +
                         option_words(command.options) + "\"";
    if (takes_peer(command)) branch.append(" words+=\" $(").append(peer_names).append(")\"");
    return branch + ";;\n";
}

std::string bash_script() {
    std::string script =
        "# bash completion of p2pctl: source <(p2pctl completion bash)\n"
        "_p2pctl() {\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} command= words= i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case ${COMP_WORDS[i]} in\n"
        "        --socket|--color) ((i++));;\n"
        "        -*) ;;\n"
        "        *) if [[ -z $command ]]; then command=${COMP_WORDS[i]}\n"
        "           elif [[ " +
        group_condition() +
        " ]]; then command+=\" ${COMP_WORDS[i]}\"; fi;;\n"
        "        esac\n"
        "    done\n"
        "    case $command in\n"
        "        '') words=\"" +
        command_words({}) + "\";;\n";
    for (const std::string_view group : groups()) {
        script +=
            "        '" + std::string(group) + "') words=\"" + command_words(group) + "\";;\n";
    }
    script +=
        "        'completion') words=\"bash zsh fish\";;\n"
        "        'log-level') words=\"debug info warning error\";;\n";
    for (const Command& command : commands()) {
        if (command.name != "completion" && command.name != "log-level")
            script += bash_branch(command);
    }
    return script + "    esac\n    words+=\" " + option_words(global_options()) +
           "\"\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           "}\n"
           "complete -o default -F _p2pctl p2pctl\n";
}

/// zsh runs the completion of bash, so that there is one to be right.
std::string zsh_script() {
    return "# zsh completion of p2pctl: source <(p2pctl completion zsh)\n"
           "autoload -U +X bashcompinit && bashcompinit\n" +
           bash_script();
}

std::string fish_option(const OptionSpec& option, std::string_view condition) {
    std::string line = "complete -c p2pctl";
    if (!condition.empty()) line.append(" -n '").append(condition).append("'");
    line.append(" -l ").append(option.name);
    if (option.short_name) line.append(" -s ").append(1, option.short_name);
    if (!option.value.empty()) line += " -r";
    return line + " -d '" + std::string(option.summary) + "'\n";
}

std::string fish_command(const Command& command) {
    const std::size_t space = command.name.find(' ');
    const std::string first(command.name.substr(0, space));
    std::string seen = "__fish_seen_subcommand_from " + first;
    std::string script;
    if (space == std::string_view::npos) {
        script = "complete -c p2pctl -n __fish_use_subcommand -a " + first + " -d '" +
                 std::string(command.summary) + "'\n";
    } else {
        const std::string second(command.name.substr(space + 1));
        script = "complete -c p2pctl -n '" + seen + "' -a " + second + " -d '" +
                 std::string(command.summary) + "'\n";
        seen += "; and __fish_seen_subcommand_from " + second;
    }
    for (const OptionSpec& option : command.options) script += fish_option(option, seen);
    if (takes_peer(command)) {
        script += "complete -c p2pctl -n '" + seen + "' -a \"(" +
                  "p2pctl peer list --json 2>/dev/null | string match -r '(?<=\\\"name\\\":\\\")"
                  "[A-Za-z0-9_-]+')\"\n";
    }
    return script;
}

std::string fish_script() {
    std::string script =
        "# fish completion of p2pctl: p2pctl completion fish | source\n"
        "complete -c p2pctl -f\n";
    for (const std::string_view group : groups()) {
        script.append("complete -c p2pctl -n __fish_use_subcommand -a ").append(group).append("\n");
    }
    for (const Command& command : commands()) script += fish_command(command);
    for (const OptionSpec& option : global_options()) script += fish_option(option, {});
    return script;
}

}  // namespace

std::optional<std::string> completion_script(std::string_view shell) {
    if (shell == "bash") return bash_script();
    if (shell == "zsh") return zsh_script();
    if (shell == "fish") return fish_script();
    return std::nullopt;
}

}  // namespace p2pd
