// ctl: the words in capitals that help shows for what is to be typed. Includes std and
// ctl/language.h.
#include "ctl/placeholders.h"

#include <algorithm>

#include "ctl/language.h"

namespace p2pd {

namespace {

// Translators: each one word of capitals; help shows it for what is to be typed.
constexpr std::string_view placeholders[] = {
    marked("ADDRESS"), marked("ARG"),   marked("ARGUMENT"), marked("CMD"),    marked("COMMAND"),
    marked("CURSOR"),  marked("DUR"),   marked("FILE"),     marked("FORMAT"), marked("ID"),
    marked("JSON"),    marked("LEVEL"), marked("LIST"),     marked("METHOD"), marked("N"),
    marked("NAME"),    marked("NEW"),   marked("OPTION"),   marked("PATH"),   marked("PEER"),
    marked("SHELL"),   marked("TEXT"),  marked("TIME"),     marked("WHAT"),   marked("WHEN"),
    marked("WORDS"),
};

bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}

}  // namespace

std::string arguments_text(std::string_view arguments) {
    std::string text;
    while (!arguments.empty()) {
        const auto end = std::ranges::find_if_not(arguments, is_capital);
        const auto size = static_cast<std::size_t>(end - arguments.begin());
        const std::string_view word = arguments.substr(0, size);
        if (std::ranges::find(placeholders, word) != std::end(placeholders)) {
            text += tr(word);
        } else {
            text += arguments.substr(0, std::max<std::size_t>(size, 1));
        }
        arguments.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return text;
}

}  // namespace p2pd
