// ctl: the command chat. Includes std, POSIX and common.
#include <cstdlib>
#include <string_view>
#include <unistd.h>

#include "ctl/chat.h"
#include "ctl/commands.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

void check_terminal(const Context& context) {
    const std::string in_scripts = tr("programs use p2pctl watch --json and p2pctl send");
    if (context.json()) throw ControlError(error_usage, tr("chat has no JSON"), in_scripts);
    if (!::isatty(STDIN_FILENO) || !::isatty(STDOUT_FILENO)) {
        throw ControlError(error_usage, tr("chat needs a terminal to type at"), in_scripts);
    }
    const char* const terminal = std::getenv("TERM");
    if (!terminal || !*terminal || std::string_view(terminal) == "dumb") {
        throw ControlError(error_usage, tr("chat needs a terminal that can move its cursor"),
                           tr("set TERM to what it is; elsewhere: p2pctl watch and p2pctl send"));
    }
}

}  // namespace

ExitCode run_chat(Context& context) {
    check_terminal(context);
    const HoldMode mode =
        parse_hold_mode("--hold", context.arguments().text("hold").value_or("idle"));
    // Remarks on standard error would stand in the middle of what is typed.
    Arguments arguments = context.arguments();
    arguments.options.erase("verbose");
    Context silent(context.command(), std::move(arguments));
    std::optional<Target> target;
    if (!silent.arguments().words.empty()) {
        target = target_for(silent, silent.arguments().words.front());
        silent.disconnect();
    }
    return Chat(silent, mode, std::move(target)).run();
}

}  // namespace p2pd
