// ctl: what fits at the cursor of a command line, for the completion of shells. Includes std and
// common.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "ctl/command_table.h"

namespace p2pd {

/// How long the daemon may take for all that is asked for one press of Tab.
inline constexpr std::chrono::milliseconds completion_timeout{50};

/// What may be at the cursor, and a remark on it for shells that show one.
struct CompletionWord {
    std::string word;
    std::string what;
};

/// Stands alone, in place of words: the names of files fit.
inline constexpr std::string_view completion_files = ":files";

/// What fits in the place of the last of `typed`, which are the words behind `p2pctl` up to the
/// cursor, and begins like it. The daemon is asked for peers, groups and ids only; one that is not
/// there or does not answer within `timeout` is never started, waited for or complained of.
std::vector<CompletionWord> completion_words(
    std::span<const std::string> typed, std::chrono::milliseconds timeout = completion_timeout);

}  // namespace p2pd
