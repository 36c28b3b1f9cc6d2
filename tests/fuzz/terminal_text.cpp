// tests/fuzz: texts on their way to a terminal.
#include "common/terminal_text.h"

#include <string>

#include "tests/fuzz/targets.h"

namespace p2pd {

namespace {

bool has_control(std::string_view text, bool newline_allowed) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && !(newline_allowed && c == '\n')) || byte == 0x7f) return true;
    }
    return false;
}

}  // namespace

void fuzz_terminal_text(std::string_view bytes) {
    const std::string shown = terminal_text(bytes, LineBreaks::show);
    require(!has_control(shown, false), "no control is shown");
    require(terminal_text(shown, LineBreaks::show) == shown, "what is safe stays");
    require(!has_control(terminal_text(bytes, LineBreaks::keep), true), "nor when lines stay");
    for (const std::size_t columns : {0, 1, 2, 40}) {
        const std::string fitted = fit_width(shown, columns);
        require(display_width(fitted) <= columns, "what is fitted fits");
        require(terminal_text(fitted, LineBreaks::show) == fitted, "what is fitted is safe");
    }
}

}  // namespace p2pd
