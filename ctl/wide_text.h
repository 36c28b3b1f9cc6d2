// ctl: UTF-8 to wide characters and back. Includes std and common.
#pragma once

#include <string>
#include <string_view>

namespace p2pd {

/// What is no UTF-8 is left out.
std::wstring to_wide(std::string_view text);

std::string to_utf8(std::wstring_view text);

}  // namespace p2pd
