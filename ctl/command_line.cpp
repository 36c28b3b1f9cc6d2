// ctl: the command line taken apart by the table. Includes std, Boost.Program_options and common.
#include "ctl/command_line.h"

#include <algorithm>
#include <optional>

#include <boost/program_options/cmdline.hpp>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>

#include "common/nearest_name.h"
#include "ctl/control_error.h"
#include "ctl/language.h"
#include "ctl/placeholders.h"

namespace p2pd {

namespace {

namespace po = boost::program_options;

/// `did you mean …?` for the nearest of `known`, or `otherwise`.
std::string hint_for(std::string_view given, const std::vector<std::string_view>& known,
                     std::string_view before, std::string_view otherwise) {
    const auto nearest = nearest_name(given, known);
    return nearest ? tr("did you mean {1}?", std::string(before) + std::string(*nearest))
                   : std::string(otherwise);
}

[[noreturn]] void fail_option(std::string option, std::span<const OptionSpec> specific,
                              std::string_view otherwise) {
    option = option.substr(0, option.find('='));
    std::vector<std::string_view> known;
    for (const OptionSpec& spec : specific) known.push_back(spec.name);
    for (const OptionSpec& spec : global_options()) known.push_back(spec.name);
    const std::size_t dashes = std::min(option.find_first_not_of('-'), option.size());
    throw ControlError(error_usage, tr("unknown option \"{1}\"", option),
                       hint_for(std::string_view(option).substr(dashes), known, "--", otherwise));
}

const OptionSpec* find_global(std::string_view name, char short_name) {
    const auto options = global_options();
    const auto found = std::find_if(options.begin(), options.end(), [&](const OptionSpec& spec) {
        return short_name ? spec.short_name == short_name : spec.name == name;
    });
    return found == options.end() ? nullptr : &*found;
}

/// How many arguments the global option at the front of `rest` takes, itself included.
std::size_t global_option_size(const std::string& option) {
    if (option.starts_with("--")) {
        const std::string name = option.substr(2, option.find('=') - 2);
        const OptionSpec* const spec = find_global(name, '\0');
        if (!spec)
            fail_option(option, {}, tr("options of a command go behind it; see p2pctl help"));
        return !spec->value.empty() && option.find('=') == std::string::npos ? 2 : 1;
    }
    for (const char letter : option.substr(1)) {
        if (!find_global({}, letter)) {
            fail_option(option, {}, tr("options of a command go behind it; see p2pctl help"));
        }
    }
    return 1;
}

/// Takes the first word that is no option out of `arguments`, from `position` on; empty if there
/// is none.
std::optional<std::string> take_word(std::vector<std::string>& arguments, std::size_t& position) {
    while (position < arguments.size()) {
        const std::string argument = arguments[position];
        if (argument.size() < 2 || argument[0] != '-' || argument == "--") {
            arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(position));
            if (argument != "--") return argument;
        } else {
            position += global_option_size(argument);
        }
    }
    return std::nullopt;
}

std::vector<std::string_view> names_of_commands(std::string_view group) {
    std::vector<std::string_view> names;
    for (const Command& command : commands()) {
        const std::string_view name = command.name;
        const std::size_t space = name.find(' ');
        if (group.empty()) {
            names.push_back(name.substr(0, space));
        } else if (space != std::string_view::npos && name.substr(0, space) == group) {
            names.push_back(name.substr(space + 1));
        }
    }
    return names;
}

const Command* take_command(std::vector<std::string>& arguments) {
    std::size_t position = 0;
    const auto word = take_word(arguments, position);
    if (!word) return nullptr;
    if (const Command* const command = find_command(*word)) return command;
    if (!is_group(*word)) {
        throw ControlError(
            error_usage, tr("unknown command \"{1}\"", *word),
            hint_for(*word, names_of_commands({}), "p2pctl ", tr("see p2pctl help")));
    }
    const auto names = names_of_commands(*word);
    std::string all;
    for (const std::string_view name : names) all.append(all.empty() ? "" : ", ").append(name);
    const auto second = take_word(arguments, position);
    if (!second) {
        // -h behind a group has no command to explain: the list of all does.
        if (std::find(arguments.begin(), arguments.end(), "-h") != arguments.end() ||
            std::find(arguments.begin(), arguments.end(), "--help") != arguments.end()) {
            return nullptr;
        }
        throw ControlError(error_usage, tr("p2pctl {1} needs one of: {2}", *word, all));
    }
    const Command* const command = find_command(*word + " " + *second);
    if (command) return command;
    throw ControlError(error_usage, tr("unknown command \"{1}\"", *word + " " + *second),
                       hint_for(*second, names, "p2pctl " + *word + " ", tr("one of: {1}", all)));
}

void add_options(po::options_description& description, std::span<const OptionSpec> options) {
    for (const OptionSpec& spec : options) {
        std::string name(spec.name);
        if (spec.short_name) name.append(",").append(1, spec.short_name);
        if (spec.value.empty()) {
            description.add_options()(name.c_str(), "");
        } else {
            description.add_options()(name.c_str(), po::value<std::string>(), "");
        }
    }
}

Arguments parse_options(const std::vector<std::string>& arguments,
                        std::span<const OptionSpec> specific) {
    po::options_description description;
    add_options(description, global_options());
    add_options(description, specific);
    // No guessing: an abbreviation that works today is another option's name tomorrow.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    Arguments result;
    try {
        const auto parsed =
            po::command_line_parser(arguments).options(description).style(style).run();
        for (const auto& option : parsed.options) {
            if (option.position_key >= 0) {
                result.words.insert(result.words.end(), option.value.begin(), option.value.end());
            } else {
                result.options[option.string_key] =
                    option.value.empty() ? "" : option.value.front();
            }
        }
    } catch (const po::unknown_option& error) {
        fail_option(error.get_option_name(), specific,
                    tr("a text that begins with - goes behind --; see p2pctl help"));
    } catch (const po::invalid_command_line_syntax& error) {
        throw ControlError(error_usage,
                           error.kind() == po::invalid_syntax::extra_parameter
                               ? tr("the option {1} takes no value", error.get_option_name())
                               : tr("the option {1} needs a value", error.get_option_name()));
    } catch (const po::error& error) {
        throw ControlError(error_usage, error.what());
    }
    return result;
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
    std::vector<std::string> rest = arguments;
    CommandLine line;
    line.command = take_command(rest);
    line.arguments =
        parse_options(rest, line.command ? line.command->options : std::span<const OptionSpec>{});
    return line;
}

void check_words(const CommandLine& line) {
    const std::size_t given = line.arguments.words.size();
    if (given >= line.command->words_min && given <= line.command->words_max) return;
    throw ControlError(
        error_usage,
        given < line.command->words_min ? tr("too few arguments") : tr("too many arguments"),
        tr("usage: {1}", usage_text(*line.command)));
}

std::string usage_text(const Command& command) {
    std::string text = "p2pctl " + std::string(command.name);
    if (!command.options.empty()) text += arguments_text(" [OPTION...]");
    if (!command.arguments.empty()) text += " " + arguments_text(command.arguments);
    return text;
}

}  // namespace p2pd
