// ctl: where libedit has put what is edited on the screen. Includes std and POSIX.
#include "ctl/edit_place.h"

#include <algorithm>
#include <cwchar>
#include <cwctype>

namespace p2pd {

namespace {

std::size_t width_of(wchar_t character) {
    constexpr wchar_t latin_end = 0x100;
    constexpr wchar_t short_end = 0x10000;
    if (character < latin_end && std::iswcntrl(static_cast<std::wint_t>(character))) return 2;
    if (std::iswprint(static_cast<std::wint_t>(character))) {
        return static_cast<std::size_t>(std::max(::wcwidth(character), 0));
    }
    return character < short_end ? 7 : 8;  // \U+1234, \U+12345
}

/// What is wider than a column stays whole; an escape is written column by column.
bool begins_row(wchar_t character, const EditPlace& place, std::size_t columns) {
    const std::size_t width = width_of(character);
    return width == 2 && std::iswprint(static_cast<std::wint_t>(character)) &&
           place.column + width > columns;
}

}  // namespace

EditPlace place_behind(std::wstring_view text, wchar_t next, EditPlace from, std::size_t columns) {
    EditPlace place = from;
    for (const wchar_t character : text) {
        if (character == L'\n' || begins_row(character, place, columns)) place = {place.row + 1, 0};
        if (character == L'\n') continue;
        place.column += width_of(character);
        if (place.column >= columns) place = {place.row + 1, place.column - columns};
    }
    if (next != L'\0' && next != L'\n' && begins_row(next, place, columns)) {
        place = {place.row + 1, 0};
    }
    return place;
}

}  // namespace p2pd
