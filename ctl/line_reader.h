// ctl: lines from a file descriptor, in bounded memory. Includes std, POSIX and common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace p2pd {

struct InputLine {
    std::uint64_t number = 0;  ///< from 1
    std::string text;          ///< without the line break; of one too long only the beginning
    std::size_t bytes = 0;     ///< its whole length
};

/// Reads when told to, so that the caller can wait for `fd` together with other things.
class LineReader {
public:
    explicit LineReader(int fd) : fd_(fd) {}

    /// One read(), which blocks if there is nothing. Throws ControlError (exit 74).
    void read_some();
    /// The next line that is complete; the last one needs no line break.
    std::optional<InputLine> take();
    /// Nothing more will come from `fd` (there may still be lines to take).
    bool ended() const { return ended_; }
    /// No line will come any more.
    bool exhausted() const { return ended_ && at_ == buffer_.size() && bytes_ == 0; }
    std::uint64_t bytes_read() const { return bytes_read_; }

private:
    void keep(std::size_t end);
    InputLine finish();

    int fd_;
    bool ended_ = false;
    std::uint64_t bytes_read_ = 0;
    std::uint64_t lines_ = 0;
    std::string buffer_;
    std::size_t at_ = 0;     ///< where the untaken part of buffer_ begins
    std::string partial_;    ///< beginning of the line that is not complete
    std::size_t bytes_ = 0;  ///< its length so far
};

}  // namespace p2pd
