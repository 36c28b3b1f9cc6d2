// ctl: p2pctl from its arguments to its exit code. Includes std and common.
#include "ctl/program.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <unistd.h>

#include "ctl/command_line.h"
#include "ctl/context.h"
#include "ctl/english_texts.h"
#include "ctl/help.h"
#include "ctl/language.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

/// Known before the command line is understood, because the error may be about that.
bool wants_json(const std::vector<std::string>& arguments) {
    const auto end = std::find(arguments.begin(), arguments.end(), "--");
    return std::find(arguments.begin(), end, "--json") != end;
}

/// Which ids there are is what somebody wants to know who gave a wrong one.
ControlError with_newest_id(Context& context, const ControlError& error) {
    std::string message = error.what();
    if (context.connected() && !context.json() && message.find("newest") == std::string::npos) {
        try {
            const Json status = context.call("status", Json::object());
            const auto newest = parse_result<StatusResult>(status).newest_id;
            message += newest > 0 ? "; the newest is " + std::to_string(newest)
                                  : std::string("; there is none yet");
        } catch (const ControlError&) {
            // The first error is the one that counts.
        }
    }
    return {error_unknown_message, in_language(message),
            error.hint().empty() ? "p2pctl inbox" : error.hint()};
}

ExitCode run_command(const CommandLine& line) {
    Context context(*line.command, line.arguments);
    if (line.arguments.has("help")) {
        context.print_paged(command_help_text(*line.command));
        context.out().flush();
        return ExitCode::done;
    }
    check_words(line);
    try {
        const ExitCode exit = line.command->run(context);
        context.out().flush();
        return exit;
    } catch (const ControlError& error) {
        context.out().flush();
        if (error.is(error_unknown_message)) throw with_newest_id(context, error);
        throw;
    }
}

/// Without a command: help that was asked for, or a reminder.
ExitCode run_without_command(const CommandLine& line) {
    if (line.arguments.has("version")) {
        Arguments arguments = line.arguments;
        arguments.words.clear();
        return run_command({find_command("version"), std::move(arguments)});
    }
    if (line.arguments.has("help")) {
        Context context(*find_command("help"), line.arguments);
        context.print_paged(overview_text());
        context.out().flush();
        return ExitCode::done;
    }
    throw ControlError(error_usage, tr("no command was given"), tr("see p2pctl help"));
}

ExitCode run_line(const std::vector<std::string>& arguments) {
    const CommandLine line = parse_command_line(arguments);
    return line.command && !line.arguments.has("version") ? run_command(line)
                                                          : run_without_command(line);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
    ExitCode exit = ExitCode::internal;
    const bool json = wants_json(arguments);
    if (!json) use_language();
    try {
        exit = run_line(arguments);
    } catch (const ControlError& error) {
        print_error(error, json);
        exit = error.exit();
    } catch (const OutputClosed&) {
        exit = ExitCode::done;
    } catch (const std::exception& error) {
        print_error({error_internal, error.what()}, json);
    }
    return static_cast<int>(exit);
}

}  // namespace p2pd
