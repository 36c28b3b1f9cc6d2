// tests/bench: a stream socket that is written and read without waiting. Includes std and POSIX.
#include "tests/bench/line_socket.h"

#include <array>
#include <cerrno>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "tests/bench/load.h"
#include "tests/bench/sockets.h"

namespace bench {

namespace {

template <class Address>
int connected_socket(const Address& address, int family) {
    const int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(descriptor, any(address), sizeof address) != 0) fail_with_errno("connect");
    return descriptor;
}

bool would_block() {
    return errno == EAGAIN || errno == EINTR;
}

}  // namespace

LineSocket LineSocket::to_unix(const std::string& path) {
    return LineSocket(connected_socket(unix_address(path), AF_UNIX));
}

LineSocket LineSocket::to_port(int port, const std::string& ip) {
    const int descriptor = connected_socket(address_of(ip, port), AF_INET);
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return LineSocket(descriptor);
}

void LineSocket::use_congestion_control(const std::string& name) {
    set_congestion_control(descriptor_, name);
}

LineSocket::LineSocket(LineSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      out_(std::move(other.out_)),
      written_(other.written_),
      in_(std::move(other.in_)),
      taken_(other.taken_) {}

LineSocket::~LineSocket() {
    if (descriptor_ >= 0) close(descriptor_);
}

void LineSocket::transfer(std::chrono::milliseconds patience) {
    if (written_ < out_.size()) write_some();
    const bool more = written_ < out_.size();
    pollfd entry{descriptor_, static_cast<short>(more ? POLLIN | POLLOUT : POLLIN), 0};
    const auto patience_ms = static_cast<int>(patience.count());
    if (poll(&entry, 1, patience_ms) < 0 && errno != EINTR) fail_with_errno("poll");
    if ((entry.revents & POLLOUT) != 0) write_some();
    if ((entry.revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_some();
}

void LineSocket::write_some() {
    const ssize_t size = send(descriptor_, out_.data() + written_, out_.size() - written_,
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0 && !would_block()) fail_with_errno("send");
    if (size > 0) written_ += static_cast<std::size_t>(size);
    if (written_ < out_.size()) return;
    out_.clear();
    written_ = 0;
}

void LineSocket::read_some() {
    in_.erase(0, std::exchange(taken_, 0));
    std::array<char, 1 << 18> buffer;
    const ssize_t size = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size == 0) fail("the other side has closed the connection");
    if (size < 0 && !would_block()) fail_with_errno("recv");
    if (size > 0) in_.append(buffer.data(), static_cast<std::size_t>(size));
}

std::optional<std::string_view> LineSocket::take_line() {
    const std::size_t end = in_.find('\n', taken_);
    if (end == std::string::npos) return std::nullopt;
    std::string_view line = std::string_view{in_}.substr(taken_, end - taken_);
    taken_ = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::optional<std::string_view> LineSocket::take_bytes(std::size_t count) {
    if (in_.size() - taken_ < count) return std::nullopt;
    const std::string_view bytes = std::string_view{in_}.substr(taken_, count);
    taken_ += count;
    return bytes;
}

}  // namespace bench
