// daemon: the command line of p2pd. Includes std, common.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include "common/config.h"

namespace p2pd {

/// The command line is not understood; the text says what is allowed.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct DaemonOptions {
    ConfigSources sources;
    bool check_config = false;
    bool check_store = false;
    std::optional<std::string> salvage_to;
    bool version = false;
    bool help = false;
};

/// Throws UsageError.
DaemonOptions parse_options(int argc, const char* const* argv);
std::string usage_text();

}  // namespace p2pd
