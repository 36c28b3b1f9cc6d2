// tests/bench: a stream socket that is written and read without waiting. Includes std and POSIX.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// Bytes out and lines in, both gathered, so that one system call moves many.
class LineSocket {
public:
    static LineSocket to_unix(const std::string& path);
    /// TCP, without Nagle.
    static LineSocket to_port(int port, const std::string& ip = "127.0.0.1");

    LineSocket(LineSocket&& other) noexcept;
    LineSocket& operator=(LineSocket&&) = delete;
    ~LineSocket();

    /// TCP's, by the kernel's name of it: "cubic".
    void use_congestion_control(const std::string& name);

    void write(std::string_view bytes) { out_ += bytes; }
    /// Writes and reads what goes at once, after waiting until anything goes, at most so long.
    void transfer(std::chrono::milliseconds patience = std::chrono::seconds{1});

    /// The next whole line without its end; valid until the next call of transfer().
    std::optional<std::string_view> take_line();
    /// The next `count` bytes, once they are there.
    std::optional<std::string_view> take_bytes(std::size_t count);

private:
    explicit LineSocket(int descriptor) : descriptor_(descriptor) {}
    void write_some();
    void read_some();

    int descriptor_;
    std::string out_;
    std::size_t written_ = 0;
    std::string in_;
    std::size_t taken_ = 0;
};

}  // namespace bench
