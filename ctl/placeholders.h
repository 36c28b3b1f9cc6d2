// ctl: the words in capitals that help shows for what is to be typed. Includes std only.
#pragma once

#include <string>
#include <string_view>

namespace p2pd {

/// `PEER [TEXT...]` with each word of capitals in the user's language. The commands around them
/// are the same in every language.
std::string arguments_text(std::string_view arguments);

}  // namespace p2pd
