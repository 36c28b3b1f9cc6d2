// tests/ctl: the real p2pctl, run as a process. Includes std, POSIX and common.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/json_fields.h"

namespace p2pd::test {

struct Outcome {
    int exit = -1;  ///< minus the signal's number if one ended it
    std::string out;
    std::string err;
};

struct RunOptions {
    std::string input = {};  ///< standard input, from a pipe, or typed
    std::map<std::string, std::string> environment = {};
};

/// Runs p2pctl with `arguments` to its end, in an environment that holds TZ=UTC and what
/// `options` say. `socket` is where it looks for the daemon.
Outcome run_p2pctl(const std::string& socket, const std::vector<std::string>& arguments,
                   const RunOptions& options = {});

/// The same on a terminal of its own with 60 columns; out has what appeared there.
Outcome run_on_terminal(const std::string& socket, const std::vector<std::string>& arguments,
                        const RunOptions& options = {});

/// The lines of `text`, each as JSON.
std::vector<Json> json_lines(const std::string& text);

}  // namespace p2pd::test
