// ctl: p2pctl from its arguments to its exit code. Includes std and common.
#pragma once

#include <string>
#include <vector>

namespace p2pd {

/// Runs p2pctl with `arguments` (without the program's name) and returns its exit code. Every
/// failure is reported here and nowhere else.
int run_program(const std::vector<std::string>& arguments);

}  // namespace p2pd
