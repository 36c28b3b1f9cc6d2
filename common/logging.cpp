// common: the log, to standard error or the systemd journal. The only file here that includes
// libsystemd.
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
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

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

/// `NAME=value` lines for sd_journal_sendv.
class JournalEntry {
public:
    void add(std::string_view name, std::string_view value) {
        if (value.empty()) return;
        fields_[count_].assign(name).append("=").append(value);
        vectors_[count_] = {fields_[count_].data(), fields_[count_].size()};
        ++count_;
    }
    bool send() const { return sd_journal_sendv(vectors_.data(), count_) >= 0; }

private:
    static constexpr std::size_t fields_max = 7;
    std::array<std::string, fields_max> fields_;
    std::array<iovec, fields_max> vectors_{};
    int count_ = 0;
};

void write_to_journal(const LogEvent& event) {
    JournalEntry entry;
    entry.add("MESSAGE", event.text);
    entry.add("PRIORITY", std::string(1, priority(event.level)));
    entry.add("SYSLOG_IDENTIFIER", "p2pd");
    entry.add("MESSAGE_ID", event.fields.message_id);
    entry.add("P2P_PEER", event.fields.peer);
    entry.add("P2P_MESSAGE", event.fields.message);
    entry.add("P2P_CLASS", event.fields.event_class);
    if (entry.send()) return;
    // systemd reads the level from this prefix.
    std::fprintf(stderr, "<%c>%.*s\n", priority(event.level), static_cast<int>(event.text.size()),
                 event.text.data());
}

/// How many lines of one class there were in the second that began at `began`.
struct ClassWindow {
    steady_clock::time_point began;
    int passed = 0;
    std::uint64_t suppressed = 0;
    LogLevel level = LogLevel::debug;  ///< the highest of the suppressed

    bool over(steady_clock::time_point now) const { return now - began >= std::chrono::seconds{1}; }
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
    return write_to_journal;
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

    void limited(std::string_view event_class, LogLevel event_level, std::string_view text,
                 LogFields fields) {
        fields.event_class = event_class;
        const auto now = clock();
        ClassWindow& window = windows.try_emplace(std::string(event_class)).first->second;
        if (window.passed == 0 || window.over(now)) {
            report(event_class, window);
            window = ClassWindow{now};
        }
        if (window.passed < limited_lines_max) {
            ++window.passed;
            put(event_level, text, fields);
        } else {
            ++window.suppressed;
            window.level = std::max(window.level, event_level);
        }
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

void Log::limited(std::string_view event_class, LogLevel level, std::string_view text,
                  const LogFields& fields) {
    if (level < this->level()) return;
    const std::lock_guard lock{state_->mutex};
    state_->limited(event_class, level, text, fields);
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
