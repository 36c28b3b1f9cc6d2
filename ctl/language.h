// ctl: texts for people in their language, by gettext. Includes std and POSIX.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace p2pd {

/// Says what follows in the language of LC_ALL, LC_MESSAGES, LANG and LANGUAGE, if there are
/// translations for it in `../share/locale` of the program's folder. Not for JSON, which programs
/// read. Numbers and times are written alike in every language.
void use_language();

/// Has the C library take characters for UTF-8, which is what p2pctl reads and writes, whatever the
/// locale says.
void use_utf8();

/// A constant for the catalog of translations; it is looked up by tr() where it is shown.
constexpr std::string_view marked(std::string_view text) {
    return text;
}

/// `form` with `{1}` to `{9}` replaced by the values, in any order. What has no value stays.
std::string filled(std::string_view form, std::span<const std::string> values);

namespace language_detail {

std::string translated(std::string_view text);
std::string translated(const char* one, const char* many, std::uint64_t count);

inline std::string value_text(std::string_view value) {
    return std::string(value);
}
std::string value_text(std::integral auto value) {
    return std::to_string(value);
}

}  // namespace language_detail

/// `text` in the user's language, whole sentences with `{1}`, `{2}` … for the values.
template <class... Values>
std::string tr(std::string_view text, const Values&... values) {
    const std::vector<std::string> texts{language_detail::value_text(values)...};
    return filled(language_detail::translated(text), texts);
}

/// The same with the plural that the language has for `count`, which is `{1}`.
template <class... Values>
std::string tr_count(const char* one, const char* many, std::uint64_t count,
                     const Values&... values) {
    const std::vector<std::string> texts{language_detail::value_text(count),
                                         language_detail::value_text(values)...};
    return filled(language_detail::translated(one, many, count), texts);
}

}  // namespace p2pd
