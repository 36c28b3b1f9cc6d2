// common: the log, to standard error or the systemd journal. Includes std, common.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "common/log_level.h"

namespace p2pd {

/// What the journal keeps beside the text, to search by; empty ones are left out. Message text
/// is never logged.
struct LogFields {
    std::string_view message_id = {};   ///< kind of event, one of log_id: MESSAGE_ID
    std::string_view peer = {};         ///< `IP:PORT`: P2P_PEER
    std::string_view message = {};      ///< id of the message: P2P_MESSAGE
    std::string_view event_class = {};  ///< what `limited` counts it by: P2P_CLASS
};

/// One line of the log, on its way out; the text is safe to print.
struct LogEvent {
    LogLevel level;
    std::string_view text;
    LogFields fields;
};

/// Takes events; called by one thread at a time. Must not throw.
using LogOutput = std::function<void(const LogEvent& event)>;

/// `[time] [level] text` lines on standard error, local time.
LogOutput stderr_output();
/// The journal, with fields; standard error where the journal does not take it.
LogOutput journal_output();
/// The journal if standard error is connected to it (JOURNAL_STREAM), else standard error.
LogOutput service_output();

/// Whether `descriptor` is the stream that `device_inode` (the value of JOURNAL_STREAM) names.
bool is_journal_stream(std::string_view device_inode, int descriptor);

/// The log of one daemon, passed by reference. May be used from several threads.
class Log {
public:
    using Clock = std::function<std::chrono::steady_clock::time_point()>;

    /// Lines of one class that `limited` lets pass in a window: of a second, and after one that had
    /// more to say of twice as much, up to limited_window_max.
    static constexpr std::uint64_t limited_lines_max = 10;
    static constexpr std::chrono::seconds limited_window_max{10};

    explicit Log(LogLevel level, LogOutput output = service_output(),
                 Clock clock = std::chrono::steady_clock::now);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    void debug(std::string_view text, const LogFields& fields = {});
    void info(std::string_view text, const LogFields& fields = {});
    void warning(std::string_view text, const LogFields& fields = {});
    void error(std::string_view text, const LogFields& fields = {});

    /// For what others can cause at will: at most limited_lines_max lines a window and class pass,
    /// the number of the rest is said with the class's next line or by report_suppressed().
    /// `event_class`, which becomes its field, is one of a small fixed set, never made from input.
    void limited(std::string_view event_class, LogLevel level, std::string_view text,
                 LogFields fields = {});
    /// Counts events that come together as `limited` does; returns of how many, the first, a line
    /// is to be written. For what is so frequent that not even a text is to be made for nothing.
    [[nodiscard]] std::uint64_t admits(std::string_view event_class, LogLevel level,
                                       std::uint64_t events = 1);
    void write(LogLevel level, std::string_view text, const LogFields& fields);
    /// Says what is still unsaid of classes whose second is over; to be called now and then.
    void report_suppressed();

    /// Whether events of this level are written.
    bool writes(LogLevel event_level) const { return event_level >= level(); }
    void set_level(LogLevel level);
    LogLevel level() const;

private:
    struct State;

    std::unique_ptr<State> state_;
};

}  // namespace p2pd
