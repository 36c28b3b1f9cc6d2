// ctl: standard output and error, with every failed write noticed. Includes std and POSIX.
#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace p2pd {

/// Whoever read the output has gone (`| head`): nobody is left to tell.
class OutputClosed : public std::exception {};

/// Buffered writing to a file descriptor that is not owned.
class Output {
public:
    explicit Output(int fd) : fd_(fd) {}

    void write(std::string_view text);
    bool empty() const { return buffer_.empty(); }
    /// Writes what is buffered. Throws OutputClosed (EPIPE) or ControlError (exit 74).
    void flush();

private:
    int fd_;
    std::string buffer_;
};

/// Writes all of `text`; false with errno set when that fails.
bool write_all(int fd, std::string_view text);

struct TerminalSize {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

/// The size of the terminal at `fd`, $COLUMNS and $LINES before what it says itself.
TerminalSize terminal_size(int fd);

}  // namespace p2pd
