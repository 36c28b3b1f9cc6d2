// ctl: the table of commands; parser, help and completion read it. Includes std and common.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "common/control_protocol.h"
#include "ctl/arguments.h"

namespace p2pd {

class Context;

/// One command. A name of two words (`peer add`) is a command of a group.
struct Command {
    std::string_view name;
    std::string_view arguments;  ///< as help shows them
    std::string_view summary;    ///< one line
    std::size_t words_min = 0;
    std::size_t words_max = 0;
    std::span<const OptionSpec> options;
    ExitCode (*run)(Context& context) = nullptr;
    std::string_view examples = {};
};

/// For the number of words of a command: as many as one likes.
inline constexpr std::size_t any_number = static_cast<std::size_t>(-1);

std::span<const Command> commands();
std::span<const OptionSpec> global_options();

/// The command of that name, or null.
const Command* find_command(std::string_view name);

/// Whether `word` begins a command of two words.
bool is_group(std::string_view word);

}  // namespace p2pd
