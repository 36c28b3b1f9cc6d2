// ctl: long output through $PAGER. Includes std and POSIX.
#pragma once

#include <string>

namespace p2pd {

/// Shows `text` in $PAGER (or `less -FRX`) and waits for its end; false if there is none, and
/// nothing was shown.
bool page(const std::string& text);

}  // namespace p2pd
