// ctl: the screen of the line editor. Includes std, POSIX and libedit.
#include <algorithm>
#include <csignal>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/edit_place.h"
#include "ctl/language.h"
#include "ctl/line_editor.h"

namespace p2pd {

namespace {

constexpr std::string_view clear_below = "\x1b[J";
constexpr std::chrono::milliseconds report_timeout{200};

std::string up(std::size_t rows) {
    return rows == 0 ? "" : "\x1b[" + std::to_string(rows) + "A";
}

std::string right(std::size_t columns) {
    return columns == 0 ? "" : "\x1b[" + std::to_string(columns) + "C";
}

}  // namespace

std::wstring_view LineEditor::typed_text() const {
    const LineInfoW* const line = library_.line(edit_.get());
    return {line->buffer, static_cast<std::size_t>(line->lastchar - line->buffer)};
}

std::size_t LineEditor::number(const char* capability) const {
    int value = 0;
    library_.get(edit_.get(), EL_GETTC, capability, &value);
    return static_cast<std::size_t>(std::max(value, 2));
}

/// Where libedit has put the cursor.
EditPlace LineEditor::cursor_place(std::size_t columns) const {
    const LineInfoW* const line = library_.line(edit_.get());
    const std::wstring_view text = typed_text();
    const auto at = static_cast<std::size_t>(line->cursor - line->buffer);
    const EditPlace begin = place_behind(prompt_, 0, {}, columns);
    const wchar_t next = at < text.size() ? text[at] : L'\0';
    return place_behind(text.substr(0, at), next, begin, columns);
}

void LineEditor::hide(std::size_t row) {
    // What does not fit the screen has been scrolled out of it.
    put("\r" + up(std::min(row, number("li") - 1)));
    put(clear_below);
}

void LineEditor::redraw() {
    library_.set(edit_.get(), EL_REFRESH);
    flush();
}

void LineEditor::without_line(const std::function<void()>& act) {
    if (reading_) hide(cursor_place(number("co")).row);
    act();
    if (reading_) return redraw();
    flush();
}

/// Goes below what is typed, which stays on the screen with `mark` behind it.
void LineEditor::leave_line(std::string_view mark) {
    const std::size_t columns = number("co");
    const EditPlace begin = place_behind(prompt_, 0, {}, columns);
    const EditPlace end = place_behind(typed_text(), 0, begin, columns);
    put(std::string(end.row - std::min(end.row, cursor_place(columns).row), '\n'));
    put("\r" + right(end.column));
    put(mark);
    put("\n");
    flush();
}

/// The window has another size. Some terminals wrap anew what they show and others do not: where
/// the cursor is now tells.
void LineEditor::ask_where_it_is() {
    put(ChatKeys::where_is_it);
    flush();
    ++reports_due_;
    resizing_ = true;
    resizing_until_ = std::chrono::steady_clock::now() + report_timeout;
    keys_.expect_reports(true);
}

/// Draws the line for the new size. `column` is where the cursor was found, from 1. If that leaves
/// it open, the smaller number of rows is taken for those above the cursor, so that nothing above
/// the line is lost; a part of it may stay there then.
void LineEditor::resize(std::optional<std::size_t> column) {
    resizing_ = false;
    winsize window{};
    const std::size_t before = number("co");
    std::size_t now = before;
    if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1) now = window.ws_col;
    const EditPlace kept = cursor_place(before);
    const EditPlace wrapped = cursor_place(now);
    const std::size_t kept_column = std::min(kept.column, now - 1);
    std::size_t row = std::min(kept.row, wrapped.row);
    if (column && wrapped.column != kept_column) {
        if (*column == wrapped.column + 1) row = wrapped.row;
        if (*column == kept_column + 1) row = kept.row;
    }
    hide(row);
    library_.resize(edit_.get());
    redraw();
}

/// As the shell expects it of a program that is stopped: the terminal as it was.
void LineEditor::suspend() {
    leave_line({});
    put(ChatKeys::paste_off);
    flush();
    library_.set(edit_.get(), EL_PREP_TERM, 0);
    terminal_.restore();
    ::raise(SIGSTOP);
    terminal_.apply();
    library_.set(edit_.get(), EL_PREP_TERM, 1);
    put(ChatKeys::paste_on);
    library_.resize(edit_.get());
    redraw();
}

void LineEditor::put(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), out_.get());
}

void LineEditor::flush() {
    if (std::fflush(out_.get()) == 0 && std::ferror(out_.get()) == 0) return;
    throw ControlError(error_io, tr("the terminal cannot be written to"));
}

}  // namespace p2pd
