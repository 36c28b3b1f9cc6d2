// ctl: real uses, for help and the manual. Includes std.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace p2pd {

/// One use, as it is typed into a shell; tests/system/test_examples.py runs each.
struct Example {
    std::string_view name;     ///< one word
    std::string_view summary;  ///< one sentence
    std::string_view script;   ///< lines for bash, the last with its line break
};

std::span<const Example> help_examples();

/// All of them: each sentence, and the lines under it.
std::string examples_text();

}  // namespace p2pd
