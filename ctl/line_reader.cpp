// ctl: lines from a file descriptor, in bounded memory. Includes std, POSIX and common.
#include "ctl/line_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <utility>

#include "ctl/control_error.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

constexpr std::size_t read_bytes = 65536;
/// One more than is allowed, so that it shows.
constexpr std::size_t kept_bytes_max = text_bytes_max + 1;

}  // namespace

void LineReader::read_some() {
    buffer_.erase(0, std::exchange(at_, 0));
    const std::size_t before = buffer_.size();
    buffer_.resize(before + read_bytes);
    const ssize_t size = ::read(fd_, buffer_.data() + before, read_bytes);
    const int error = errno;
    buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    if (size > 0) {
        bytes_read_ += static_cast<std::uint64_t>(size);
    } else if (size == 0) {
        ended_ = true;
    } else if (error != EINTR && error != EAGAIN) {
        throw ControlError(error_io, tr("{1}: {2}", tr("standard input"), std::strerror(error)));
    }
}

std::optional<InputLine> LineReader::take() {
    const std::size_t end = buffer_.find('\n', at_);
    if (end == std::string::npos) {
        keep(buffer_.size());
        if (!ended_ || bytes_ == 0) return std::nullopt;
        return finish();
    }
    keep(end);
    at_ = end + 1;
    return finish();
}

void LineReader::keep(std::size_t end) {
    const std::size_t room = kept_bytes_max - std::min(partial_.size(), kept_bytes_max);
    partial_.append(buffer_, at_, std::min(room, end - at_));
    bytes_ += end - at_;
    at_ = end;
}

InputLine LineReader::finish() {
    return {++lines_, std::exchange(partial_, {}), std::exchange(bytes_, 0)};
}

}  // namespace p2pd
