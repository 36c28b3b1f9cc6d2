// tests/bench: what all load generators share: options, clock, what they print. Includes std alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

/// How a program is loaded. Each generator takes the same options, and leaves out what it has no
/// use for.
struct Load {
    std::string target;  ///< path of a Unix socket, or port on `host`
    std::string host = "127.0.0.1";
    std::string to;    ///< peers, topic, stream, queue, folder
    std::string mode;  ///< variant, of those generators that have several
    std::size_t bytes = 100;
    std::size_t window = 1;  ///< messages in flight, over all connections
    std::size_t connections = 1;
    double seconds = 1;
    double rate = 0;           ///< messages a second at most, if not 0
    std::size_t messages = 0;  ///< ends after so many, if not 0
    bool cut = false;          ///< when the time is over, what is in flight is not waited for
};

/// `--target T --host IP --to NAME --mode M --bytes N --window N --connections N --seconds S
/// --rate N --messages N --cut 0|1`;
/// ends the process with 64 for anything else.
Load parse_load(int argc, char** argv);

int port_of(const Load& load);

/// Ends the process: a generator that fails has measured nothing.
[[noreturn]] void fail(std::string_view what);
[[noreturn]] void fail_with_errno(std::string_view what);

/// `count` different texts of `bytes` bytes: words of lower-case letters, no two alike.
std::vector<std::string> texts_of(std::size_t bytes, std::size_t count = 1024);

/// Counts messages from their sending to their confirmation, and when to stop.
class Meter {
public:
    explicit Meter(const Load& load);

    /// Whether there is room in the window, the next is due and time is not over.
    bool may_send() const;
    /// For how long nothing need be sent; no longer than the socket has patience.
    std::chrono::milliseconds rest() const;
    /// One more is sent now; its number, from 0 on.
    std::uint64_t sent();
    /// Each number once, in any order.
    void confirmed(std::uint64_t number);
    /// Every number up to this one, for those that confirm cumulatively.
    void confirmed_through(std::uint64_t number);
    bool finished() const { return stopped() && (load_.cut || in_flight() == 0); }
    std::size_t in_flight() const { return sent_at_.size() - taken_.size(); }

    /// One line of JSON: messages, seconds to the last confirmation, latencies in microseconds.
    void print() const;

private:
    bool stopped() const;
    /// By the rate, if there is one.
    Clock::time_point next_due() const;
    bool is_due() const { return load_.rate == 0 || Clock::now() >= next_due(); }

    const Load load_;
    const Clock::time_point begun_ = Clock::now();
    Clock::time_point last_ = begun_;
    std::vector<Clock::time_point> sent_at_;
    std::vector<std::uint32_t> taken_;  ///< nanoseconds / 100 of each confirmed one
    std::uint64_t through_ = 0;         ///< of confirmed_through
};

}  // namespace bench
