// ctl: what a running command works with. Includes std and common.
#include "ctl/context.h"

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

#include "common/terminal_text.h"
#include "ctl/language.h"
#include "ctl/output_json.h"
#include "ctl/pager.h"

namespace p2pd {

namespace {

bool has_environment(const char* name) {
    const char* const value = std::getenv(name);
    return value && *value;
}

/// https://no-color.org and the terminals that have none.
bool wants_colour(const Arguments& arguments) {
    const std::string when = arguments.text("color").value_or("auto");
    if (when == "always") return true;
    if (when == "never") return false;
    if (when != "auto") {
        throw ControlError(error_usage, tr("--color \"{1}\": must be auto, always or never", when));
    }
    const char* const terminal = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) && !has_environment("NO_COLOR") &&
           !(terminal && std::string_view(terminal) == "dumb");
}

/// A line of one colour or more is never wider than the screen.
std::size_t screen_rows(std::string_view text, std::size_t columns) {
    std::size_t rows = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        const bool coloured = line.find('\x1b') != std::string_view::npos;
        rows +=
            coloured ? 1 : std::max<std::size_t>(1, (display_width(line) + columns - 1) / columns);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return rows;
}

Style style_of(const Arguments& arguments) {
    Style style;
    style.colour = wants_colour(arguments);
    if (::isatty(STDOUT_FILENO)) style.columns = terminal_size(STDOUT_FILENO).columns;
    style.time = {arguments.has("utc"), arguments.has("relative"), now_utc()};
    return style;
}

}  // namespace

Context::Context(const Command& command, Arguments arguments)
    : command_(command),
      arguments_(std::move(arguments)),
      json_(arguments_.has("json")),
      quiet_(arguments_.has("quiet")),
      verbose_(arguments_.has("verbose")),
      style_(style_of(arguments_)),
      out_(STDOUT_FILENO) {}

ControlClient& Context::client() {
    return client_ ? *client_ : reconnect();
}

ControlClient& Context::reconnect() {
    client_.reset();
    const std::string path = socket_path();
    client_.emplace(path);
    if (verbose_) remark(tr("connected to {1}", path));
    return *client_;
}

void Context::print_json(std::string_view type, const Json& members) {
    out_.write(json_line(type, members));
}

void Context::print_paged(const std::string& text) {
    if (!arguments_.has("no-pager") && ::isatty(STDOUT_FILENO)) {
        const TerminalSize size = terminal_size(STDOUT_FILENO);
        if (screen_rows(text, size.columns) >= size.rows && page(text)) return;
    }
    out_.write(text);
}

void Context::remark(std::string_view text) {
    if (quiet_ || json_) return;
    out_.flush();
    write_all(STDERR_FILENO, terminal_text(text, LineBreaks::show) + "\n");
}

void print_error(const ControlError& error, bool json) {
    if (json) {
        write_all(STDERR_FILENO, error_json_line(error));
        return;
    }
    std::string text = "p2pctl: " + terminal_text(error.what(), LineBreaks::keep) + "\n";
    if (!error.hint().empty()) text += "  " + terminal_text(error.hint(), LineBreaks::keep) + "\n";
    write_all(STDERR_FILENO, text);
}

}  // namespace p2pd
