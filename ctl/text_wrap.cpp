// ctl: long lines broken for people. Includes std and common.
#include "ctl/text_wrap.h"

#include <algorithm>

#include "common/terminal_text.h"

namespace p2pd {

namespace {

std::string wrapped_line(std::string_view line, std::size_t columns) {
    std::string text;
    std::size_t width = 0;
    while (!line.empty()) {
        const std::size_t gap = std::min(line.find_first_not_of(' '), line.size());
        const std::size_t end = std::min(line.find(' ', gap), line.size());
        const std::string_view word = line.substr(gap, end - gap);
        const std::size_t word_width = display_width(word);
        if (width > 0 && width + gap + word_width > columns) {
            text += '\n';
            width = 0;
        } else {
            text.append(gap, ' ');
            width += gap;
        }
        text += word;
        width += word_width;
        line.remove_prefix(end);
    }
    return text;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t columns) {
    std::string result;
    for (;;) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        result += wrapped_line(text.substr(0, end), columns);
        if (end == text.size()) return result;
        result += '\n';
        text.remove_prefix(end + 1);
    }
}

}  // namespace p2pd
