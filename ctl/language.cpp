// ctl: texts for people in their language, by gettext. Includes std and POSIX.
#include "ctl/language.h"

#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <langinfo.h>
#include <libintl.h>

namespace p2pd {

namespace {

constexpr const char* domain = "p2pctl";

/// What setlocale() would choose for LC_MESSAGES, without loading it.
std::string_view locale_name() {
    for (const char* const variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char* const value = std::getenv(variable);
        if (value != nullptr && *value != '\0') return value;
    }
    return "C";
}

/// English, with nothing to look up: C, or C.UTF-8 without a LANGUAGE beside it.
bool is_plain(std::string_view locale) {
    if (locale == "C" || locale == "POSIX") return true;
    const char* const languages = std::getenv("LANGUAGE");
    return locale.starts_with("C.") && (languages == nullptr || *languages == '\0');
}

}  // namespace

void use_language() {
    if (is_plain(locale_name()) || std::setlocale(LC_MESSAGES, "") == nullptr) return;
    use_utf8();  // libc's own messages are translated too, into the characters of LC_CTYPE
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return;
    const auto folder = program.parent_path().parent_path() / "share/locale";
    ::bindtextdomain(domain, folder.c_str());
    ::bind_textdomain_codeset(domain, "UTF-8");
}

void use_utf8() {
    std::setlocale(LC_CTYPE, "");
    if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

std::string filled(std::string_view form, std::span<const std::string> values) {
    std::string text;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool slot = form[i] == '{' && i + 2 < form.size() && form[i + 2] == '}' &&
                          form[i + 1] >= '1' && form[i + 1] <= '9';
        const auto value = slot ? static_cast<std::size_t>(form[i + 1] - '1') : values.size();
        if (value < values.size()) {
            text += values[value];
            i += 2;
        } else {
            text += form[i];
        }
    }
    return text;
}

namespace language_detail {

std::string translated(std::string_view text) {
    if (text.empty()) return {};  // gettext would answer with the head of the catalog
    const std::string terminated(text);
    return ::dgettext(domain, terminated.c_str());
}

std::string translated(const char* one, const char* many, std::uint64_t count) {
    return ::dngettext(domain, one, many, count);
}

}  // namespace language_detail

}  // namespace p2pd
