// ctl: standard output and error, with every failed write noticed. Includes std and POSIX.
#include "ctl/output.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/control_error.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

constexpr std::size_t buffer_bytes_max = 65536;

std::size_t size_from_environment(const char* name, std::size_t otherwise) {
    const char* const value = std::getenv(name);
    if (!value) return otherwise;
    const std::string_view text = value;
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    return error == std::errc{} && end == text.data() + text.size() && size > 0 ? size : otherwise;
}

}  // namespace

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = ::write(fd, text.data(), text.size());
        if (size >= 0) {
            text.remove_prefix(static_cast<std::size_t>(size));
        } else if (errno == EAGAIN) {
            // Somebody who shares the terminal or pipe has made it non-blocking.
            pollfd entry{fd, POLLOUT, 0};
            ::poll(&entry, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

void Output::write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= buffer_bytes_max) flush();
}

void Output::flush() {
    // Emptied first: what cannot be written now must not be tried again at the end.
    const std::string text = std::move(buffer_);
    buffer_.clear();
    if (write_all(fd_, text)) return;
    if (errno == EPIPE) throw OutputClosed();
    throw ControlError(error_io, tr("{1}: {2}", tr("standard output"), std::strerror(errno)));
}

TerminalSize terminal_size(int fd) {
    TerminalSize size;
    winsize window{};
    if (::ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 && window.ws_row > 0) {
        size = {window.ws_col, window.ws_row};
    }
    return {size_from_environment("COLUMNS", size.columns),
            size_from_environment("LINES", size.rows)};
}

}  // namespace p2pd
