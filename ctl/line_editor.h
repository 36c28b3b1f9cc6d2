// ctl: a line typed on a terminal, above which others are printed. Includes std, POSIX, libedit.
#pragma once

#include <cstdio>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ctl/chat_keys.h"
#include "ctl/chat_lines.h"
#include "ctl/control_client.h"
#include "ctl/edit_library.h"
#include "ctl/edit_place.h"
#include "ctl/terminal_guard.h"

namespace p2pd {

/// What is done beside typing. All of it is called while LineEditor::read() waits.
class LineEvents {
public:
    LineEvents() = default;
    virtual ~LineEvents() = default;
    LineEvents(const LineEvents&) = delete;
    LineEvents& operator=(const LineEvents&) = delete;

    /// What is waited for beside keys: a descriptor (-1: none) with events of poll(), and a time.
    struct Wait {
        int fd = -1;
        short events = 0;
        std::optional<SteadyTime> until;
    };
    virtual Wait wait() = 0;
    /// After each wait, whatever ended it.
    virtual void work() = 0;
    /// A key was pressed.
    virtual void typed() = 0;
    /// Tab.
    virtual Completion complete(std::string_view before_cursor) = 0;
    /// Ctrl-R.
    virtual void answer() = 0;
};

/// libedit on standard input and output. Printing takes what is typed off the screen, prints, and
/// draws it again below.
class LineEditor {
public:
    enum class End { line, end_of_input, interrupted, terminated };
    struct Line {
        End end = End::line;
        std::string text;  ///< also of a line that was interrupted
    };

    /// Throws ControlError.
    explicit LineEditor(LineEvents& events);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    /// One line, which begins with `text` already typed. An exception of the events comes out here.
    Line read(std::string_view text = {});
    /// Prints whole lines, above what is typed.
    void print(std::string_view lines);
    /// From now on; what is safe to print.
    void set_prompt(std::string_view prompt);
    /// Whether nothing is typed.
    bool empty() const;
    /// Adds a line to what Up brings back.
    void remember(const std::string& line);

private:
    static LineEditor& of(EditLine* edit);
    static wchar_t* on_prompt(EditLine* edit);
    static int on_read(EditLine* edit, wchar_t* character);
    static unsigned char on_tab(EditLine* edit, int key);
    static unsigned char on_answer(EditLine* edit, int key);

    void bind_keys();
    bool guarded(const std::function<void()>& act);
    std::optional<wchar_t> next_character();
    void sort_keys();
    bool take_key(wchar_t& character);
    void wait();
    void read_bytes();
    void take_signals();
    void complete();
    void insert(std::string_view text);

    std::wstring_view typed_text() const;
    std::size_t number(const char* capability) const;
    EditPlace cursor_place(std::size_t columns) const;
    void hide(std::size_t row);
    void redraw();
    /// Takes what is typed off the screen while `act` runs.
    void without_line(const std::function<void()>& act);
    void leave_line(std::string_view mark);
    void ask_where_it_is();
    void resize(std::optional<std::size_t> column);
    void suspend();
    void put(std::string_view text);
    void flush();

    using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

    LineEvents& events_;
    const EditLibrary& library_;
    SignalGuard signals_;
    TerminalGuard terminal_;
    File in_;
    File out_;
    std::unique_ptr<EditLine, decltype(&::el_end)> edit_;
    std::unique_ptr<HistoryW, decltype(&::history_wend)> history_;
    ChatKeys keys_;
    std::deque<Key> sorted_keys_;
    std::size_t reports_due_ = 0;  ///< answers of the terminal that have not come
    bool resizing_ = false;        ///< the window has another size: the last of them is awaited
    SteadyTime resizing_until_;    ///< not every terminal answers
    std::wstring prompt_;
    std::string initial_;
    std::string left_;  ///< what was typed when a signal ended it
    bool reading_ = false;
    bool redraw_first_ = false;  ///< libedit may be wrong about the cursor
    std::optional<End> ended_;
    std::exception_ptr failure_;
};

}  // namespace p2pd
