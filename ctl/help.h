// ctl: help and completion, written by the table of commands. Includes std and common.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ctl/command_table.h"

namespace p2pd {

/// All commands and global options, a line each.
std::string overview_text();

/// Usage, options and examples of one command.
std::string command_help_text(const Command& command);

/// The script for `bash`, `zsh` or `fish`; empty for another shell.
std::optional<std::string_view> completion_script(std::string_view shell);

}  // namespace p2pd
