// ctl: texts that come in English, in the user's language. Includes std and common.
#pragma once

#include <string>
#include <string_view>

namespace p2pd {

/// What p2pd says, or what is kept on disk, is in English: this is the same in the user's
/// language where the catalog has it, and the text itself where it has not.
std::string in_language(std::string_view english);

}  // namespace p2pd
