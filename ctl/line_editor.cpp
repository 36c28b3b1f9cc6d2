// ctl: a line typed on a terminal, above which others are printed. Includes std, POSIX, libedit.
#include "ctl/line_editor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <cwchar>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include "common/control_protocol.h"
#include "ctl/language.h"
#include "ctl/output.h"
#include "ctl/wide_text.h"

namespace p2pd {

namespace {

constexpr int history_lines_max = 500;
constexpr std::size_t read_bytes_max = 4096;
/// What is sent is checked against the limit; this only keeps a paste from filling the memory.
constexpr std::size_t paste_bytes_max = text_bytes_max + 1;

std::unique_ptr<std::FILE, int (*)(std::FILE*)> open_copy(int fd, const char* mode) {
    return {::fdopen(::dup(fd), mode), &std::fclose};
}

}  // namespace

LineEditor::LineEditor(LineEvents& events)
    : events_(events),
      library_(edit_library()),
      in_(open_copy(STDIN_FILENO, "r")),
      out_(open_copy(STDOUT_FILENO, "w")),
      edit_(nullptr, library_.end),
      history_(library_.history_init(), library_.history_end),
      keys_(paste_bytes_max) {
    use_utf8();  // libedit takes widths and bytes from the locale
    if (in_ && out_ && history_) {
        // Written when a screen is complete, not line by line.
        std::setvbuf(out_.get(), nullptr, _IOFBF, BUFSIZ);
        edit_.reset(library_.init("p2pctl", in_.get(), out_.get(), out_.get()));
    }
    if (!edit_) throw ControlError(error_io, tr("the terminal cannot be used for editing"));
    bind_keys();
    put(ChatKeys::paste_on);
    flush();
}

LineEditor::~LineEditor() {
    put(ChatKeys::paste_off);
    std::fflush(out_.get());  // there is nobody left to tell that it failed
}

void LineEditor::bind_keys() {
    EditLine* const edit = edit_.get();
    HistEventW event{};
    library_.history(history_.get(), &event, H_SETSIZE, history_lines_max);
    library_.history(history_.get(), &event, H_SETUNIQUE, 1);
    library_.set(edit, EL_CLIENTDATA, this);
    library_.set(edit, EL_PROMPT, &LineEditor::on_prompt);
    library_.set(edit, EL_GETCFN, &LineEditor::on_read);
    library_.set(edit, EL_HIST, library_.history, history_.get());
    library_.set(edit, EL_EDITOR, L"emacs");
    // Terminals disagree on what inserting and deleting does to wide characters: libedit is to
    // write over what was there instead.
    for (const wchar_t* each : {L"im", L"ei", L"ic", L"IC", L"dc", L"DC"}) {
        library_.set(edit, EL_SETTC, each, L"", nullptr);
    }
    // Between two lines too: what is typed then must not appear by itself.
    library_.set(edit, EL_SETTY, L"-x", L"-echo", L"-icanon", nullptr);
    library_.source(edit, nullptr);  // ~/.editrc, as all programs that use libedit
    library_.set(edit, EL_ADDFN, L"chat-complete", L"Complete", &LineEditor::on_tab);
    library_.set(edit, EL_ADDFN, L"chat-answer", L"Answer", &LineEditor::on_answer);
    library_.set(edit, EL_BIND, L"^I", L"chat-complete", nullptr);
    library_.set(edit, EL_BIND, L"^R", L"chat-answer", nullptr);
}

LineEditor& LineEditor::of(EditLine* edit) {
    void* data = nullptr;
    edit_library().get(edit, EL_CLIENTDATA, &data);
    return *static_cast<LineEditor*>(data);
}

wchar_t* LineEditor::on_prompt(EditLine* edit) {
    return of(edit).prompt_.data();
}

/// No exception may pass through libedit: it waits until that has returned.
bool LineEditor::guarded(const std::function<void()>& act) {
    try {
        act();
    } catch (...) {
        failure_ = std::current_exception();
    }
    return !failure_;
}

int LineEditor::on_read(EditLine* edit, wchar_t* character) {
    LineEditor& self = of(edit);
    std::optional<wchar_t> next;
    if (!self.guarded([&] { next = self.next_character(); }) || !next) return -1;
    *character = *next;
    return 1;
}

unsigned char LineEditor::on_tab(EditLine* edit, int) {
    LineEditor& self = of(edit);
    return self.guarded([&] { self.complete(); }) ? CC_NORM : CC_EOF;
}

unsigned char LineEditor::on_answer(EditLine* edit, int) {
    LineEditor& self = of(edit);
    return self.guarded([&] { self.events_.answer(); }) ? CC_NORM : CC_EOF;
}

LineEditor::Line LineEditor::read(std::string_view text) {
    initial_ = text;
    left_.clear();
    ended_.reset();
    resizing_ = false;
    reading_ = true;
    int size = 0;
    const wchar_t* const typed = library_.gets(edit_.get(), &size);
    reading_ = false;
    if (failure_) {
        put("\n");
        flush();
        std::rethrow_exception(std::exchange(failure_, nullptr));
    }
    if (ended_) return {*ended_, std::move(left_)};
    if (typed == nullptr || size <= 0) {
        put("\n");
        flush();
        return {End::end_of_input, {}};
    }
    return {End::line, to_utf8({typed, static_cast<std::size_t>(size) - 1})};
}

std::optional<wchar_t> LineEditor::next_character() {
    if (std::exchange(redraw_first_, false)) without_line([] {});
    if (!initial_.empty()) insert(std::exchange(initial_, {}));
    wchar_t character = 0;
    while (!ended_) {
        sort_keys();
        if (!resizing_ && take_key(character)) {
            // libedit counts a column for what joins the character before it.
            redraw_first_ = ::wcwidth(character) == 0;
            return character;
        }
        wait();
    }
    return std::nullopt;
}

/// Takes the answers of the terminal out of what was typed.
void LineEditor::sort_keys() {
    while (auto key = keys_.take()) {
        const auto* const report = std::get_if<CursorReport>(&*key);
        if (!report) {
            sorted_keys_.push_back(std::move(*key));
        } else {
            // Of several only the last is of the size that the window has now.
            keys_.expect_reports(--reports_due_ > 0);
            if (resizing_ && reports_due_ == 0) resize(report->column);
        }
    }
}

bool LineEditor::take_key(wchar_t& character) {
    while (!sorted_keys_.empty()) {
        const Key key = std::move(sorted_keys_.front());
        sorted_keys_.pop_front();
        events_.typed();
        if (const auto* const typed = std::get_if<char32_t>(&key)) {
            character = static_cast<wchar_t>(*typed);
            return true;
        }
        const Paste& paste = std::get<Paste>(key);
        if (paste.cut) {
            print(tr("what was pasted is longer than a message may be: left out") + "\n");
        } else {
            insert(paste.text);
        }
    }
    return false;
}

void LineEditor::wait() {
    LineEvents::Wait also = events_.wait();
    // Until it is known where the line is, nothing is printed.
    if (resizing_) also = {-1, 0, resizing_until_};
    std::array<pollfd, 3> entries{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{signals_.fd(), POLLIN, 0},
                                  pollfd{also.fd, also.events, 0}};
    if (::poll(entries.data(), entries.size(), poll_timeout(also.until)) < 0 && errno != EINTR) {
        throw ControlError(error_io, std::strerror(errno));
    }
    if (entries[1].revents != 0) take_signals();
    if (entries[0].revents != 0 && !ended_) read_bytes();
    if (resizing_ && std::chrono::steady_clock::now() >= resizing_until_) resize(std::nullopt);
    if (!ended_ && !resizing_) events_.work();
}

void LineEditor::read_bytes() {
    std::array<char, read_bytes_max> bytes{};
    const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size > 0) {
        keys_.add({bytes.data(), static_cast<std::size_t>(size)});
    } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
        ended_ = End::terminated;  // the terminal has gone
    }
}

void LineEditor::take_signals() {
    while (const int signal = signals_.take()) {
        if (signal == SIGWINCH) {
            ask_where_it_is();
        } else if (signal == SIGTSTP) {
            suspend();
        } else {
            keys_.clear();
            sorted_keys_.clear();
            left_ = to_utf8(typed_text());
            leave_line(signal == SIGINT ? "^C" : "");
            ended_ = signal == SIGINT ? End::interrupted : End::terminated;
        }
    }
}

void LineEditor::complete() {
    const LineInfoW* const line = library_.line(edit_.get());
    const std::wstring_view before(line->buffer,
                                   static_cast<std::size_t>(line->cursor - line->buffer));
    const Completion completion = events_.complete(to_utf8(before));
    if (!completion.insert.empty()) return insert(completion.insert);
    if (completion.candidates.empty()) {
        put("\a");
        return flush();
    }
    std::string list;
    for (const std::string& each : completion.candidates) list += each + "  ";
    print(list + "\n");
}

void LineEditor::insert(std::string_view text) {
    without_line([&] { library_.insert(edit_.get(), to_wide(text).c_str()); });
}

void LineEditor::print(std::string_view lines) {
    if (lines.empty()) return;
    without_line([&] { put(lines); });
}

void LineEditor::set_prompt(std::string_view prompt) {
    std::wstring wide = to_wide(prompt);
    if (wide == prompt_) return;
    without_line([&] { prompt_ = std::move(wide); });
}

bool LineEditor::empty() const {
    return !reading_ || typed_text().empty();
}

void LineEditor::remember(const std::string& line) {
    HistEventW event{};
    library_.history(history_.get(), &event, H_ENTER, to_wide(line).c_str());
}

}  // namespace p2pd
