// ctl: the command line taken apart by the table. Includes std, Boost.Program_options and common.
#pragma once

#include <string>
#include <vector>

#include "ctl/arguments.h"
#include "ctl/command_table.h"

namespace p2pd {

/// The command (null when none was named), and its options and words, the global ones included.
struct CommandLine {
    const Command* command = nullptr;
    Arguments arguments;
};

/// Takes `arguments` (without the program's name) apart. Throws ControlError (exit 64) that names
/// the nearest command or option. The number of words is not checked here: help needs none.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

/// Throws ControlError (exit 64) if the command takes more or fewer words.
void check_words(const CommandLine& line);

/// `p2pctl peer add [OPTION...] NAME ADDRESS`
std::string usage_text(const Command& command);

}  // namespace p2pd
