// common: the log, to standard error or the systemd journal. Includes std, spdlog, common.
#include "common/logging.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "common/journal_socket.h"
#include "common/log_ids.h"
#include "common/terminal_text.h"

namespace p2pd {

namespace {

using std::chrono::steady_clock;

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            break;
    }
    return spdlog::level::err;
}

/// syslog's numbers.
char priority(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return '7';
        case LogLevel::info:
            return '6';
        case LogLevel::warning:
            return '4';
        case LogLevel::error:
            break;
    }
    return '3';
}

class JournalWriter {
public:
    void write(const LogEvent& event) {
        if (lost_ > 0) tell_lost();
        const char level = priority(event.level);
        switch (put({&level, 1}, event.text, event.fields)) {
            case JournalSocket::Outcome::taken:
                break;
            case JournalSocket::Outcome::busy:
                ++lost_;
                break;
            case JournalSocket::Outcome::absent:
                // systemd reads the level from this prefix.
                std::fprintf(stderr, "<%c>%.*s\n", level, static_cast<int>(event.text.size()),
                             event.text.data());
        }
    }

private:
    JournalSocket::Outcome put(std::string_view level, std::string_view text,
                               const LogFields& fields) {
        return socket_.send({{"MESSAGE", text},
                             {"PRIORITY", level},
                             {"SYSLOG_IDENTIFIER", "p2pd"},
                             {"MESSAGE_ID", fields.message_id},
                             {"P2P_PEER", fields.peer},
                             {"P2P_MESSAGE", fields.message},
                             {"P2P_CLASS", fields.event_class}});
    }
    void tell_lost() {
        const std::string text = "journal: suppressed " + std::to_string(lost_);
        const auto outcome =
            put("4", text, {.message_id = log_id::suppressed, .event_class = "journal"});
        if (outcome == JournalSocket::Outcome::taken) lost_ = 0;
    }

    JournalSocket socket_;
    std::uint64_t lost_ = 0;  ///< entries that the journal did not take, still unsaid
};

/// How many lines of one class there were since `began`.
struct ClassWindow {
    steady_clock::time_point began;
    steady_clock::duration length = std::chrono::seconds{1};
    std::uint64_t passed = 0;
    bool full = false;                 ///< some were suppressed
    std::uint64_t suppressed = 0;      ///< and how many of them are still unsaid
    LogLevel level = LogLevel::debug;  ///< the highest of the suppressed

    bool over(steady_clock::time_point now) const { return now - began >= length; }
    steady_clock::duration next_length() const {
        return full ? std::min<steady_clock::duration>(2 * length, Log::limited_window_max)
                    : std::chrono::seconds{1};
    }
};

}  // namespace

LogOutput stderr_output() {
    auto logger =
        std::make_shared<spdlog::logger>("p2pd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("[%Y-%m-%d %H:%M:%S.%e] [%l] %v");
    logger->set_level(spdlog::level::trace);  // Log has decided already
    return [logger](const LogEvent& event) {
        logger->log(spdlog_level(event.level),
                    spdlog::string_view_t{event.text.data(), event.text.size()});
    };
}

LogOutput journal_output() {
    return [writer = std::make_shared<JournalWriter>()](const LogEvent& event) {
        writer->write(event);
    };
}

LogOutput service_output() {
    const char* const stream = std::getenv("JOURNAL_STREAM");
    const bool journal = stream != nullptr && is_journal_stream(stream, STDERR_FILENO);
    return journal ? journal_output() : stderr_output();
}

bool is_journal_stream(std::string_view device_inode, int descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0) return false;
    return device_inode == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

struct Log::State {
    State(LogLevel first_level, LogOutput log_output, Clock log_clock)
        : level(first_level), output(std::move(log_output)), clock(std::move(log_clock)) {}

    void put(LogLevel event_level, std::string_view text, const LogFields& fields) const {
        if (event_level < level.load(std::memory_order_relaxed)) return;
        const std::string safe = terminal_text(text, LineBreaks::show);
        output(LogEvent{event_level, safe, fields});
    }

    void report(std::string_view event_class, ClassWindow& window) const {
        if (window.suppressed == 0) return;
        put(window.level,
            std::string(event_class) + ": suppressed " + std::to_string(window.suppressed),
            {.message_id = log_id::suppressed, .event_class = event_class});
        window.suppressed = 0;
    }

    std::uint64_t admit(std::string_view event_class, LogLevel event_level, std::uint64_t events) {
        const auto now = clock();
        ClassWindow& window = windows.try_emplace(std::string(event_class)).first->second;
        if (window.passed == 0 || window.over(now)) {
            report(event_class, window);
            window = ClassWindow{.began = now, .length = window.next_length()};
        }
        const std::uint64_t pass = std::min(events, limited_lines_max - window.passed);
        window.passed += pass;
        if (pass == events) return pass;
        window.full = true;
        window.suppressed += events - pass;
        window.level = std::max(window.level, event_level);
        return pass;
    }

    std::atomic<LogLevel> level;
    std::mutex mutex;  // everything below
    LogOutput output;
    Clock clock;
    std::map<std::string, ClassWindow, std::less<>> windows;
};

Log::Log(LogLevel level, LogOutput output, Clock clock)
    : state_(std::make_unique<State>(level, std::move(output), std::move(clock))) {}

Log::~Log() {
    for (auto& [event_class, window] : state_->windows) state_->report(event_class, window);
}

void Log::debug(std::string_view text, const LogFields& fields) {
    write(LogLevel::debug, text, fields);
}
void Log::info(std::string_view text, const LogFields& fields) {
    write(LogLevel::info, text, fields);
}
void Log::warning(std::string_view text, const LogFields& fields) {
    write(LogLevel::warning, text, fields);
}
void Log::error(std::string_view text, const LogFields& fields) {
    write(LogLevel::error, text, fields);
}

std::uint64_t Log::admits(std::string_view event_class, LogLevel level, std::uint64_t events) {
    if (level < this->level() || events == 0) return 0;
    const std::lock_guard lock{state_->mutex};
    return state_->admit(event_class, level, events);
}

void Log::limited(std::string_view event_class, LogLevel level, std::string_view text,
                  LogFields fields) {
    if (admits(event_class, level) == 0) return;
    fields.event_class = event_class;
    write(level, text, fields);
}

void Log::report_suppressed() {
    const std::lock_guard lock{state_->mutex};
    const auto now = state_->clock();
    for (auto& [event_class, window] : state_->windows) {
        if (window.over(now)) state_->report(event_class, window);
    }
}

void Log::set_level(LogLevel level) {
    state_->level.store(level, std::memory_order_relaxed);
}

LogLevel Log::level() const {
    return state_->level.load(std::memory_order_relaxed);
}

void Log::write(LogLevel level, std::string_view text, const LogFields& fields) {
    if (level < this->level()) return;
    const std::lock_guard lock{state_->mutex};
    state_->put(level, text, fields);
}

}  // namespace p2pd
