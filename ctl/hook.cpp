// ctl: the program that `watch --exec` runs for each message. Includes std, POSIX and common.
#include "ctl/hook.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <spawn.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/control_error.h"
#include "ctl/file_descriptor.h"
#include "ctl/language.h"
#include "ctl/output_json.h"

extern char** environ;

namespace p2pd {

namespace {

[[noreturn]] void fail_for_memory(int error) {
    throw ControlError(error_io, tr("no memory for a message: {1}", std::strerror(error)));
}

/// In memory, not a pipe: a program that reads nothing keeps nobody waiting.
FileDescriptor file_of(std::string_view text) {
    FileDescriptor file(::memfd_create("message", MFD_CLOEXEC));
    if (file.get() < 0) fail_for_memory(errno);
    while (!text.empty()) {
        const ssize_t written = ::write(file.get(), text.data(), text.size());
        if (written < 0) fail_for_memory(errno);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

/// Pointers into `texts`, as exec() takes them.
std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> environment_for(const MessageRecord& record) {
    std::vector<std::string> all;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view variable = *each;
        if (!variable.starts_with("P2P_ID=") && !variable.starts_with("P2P_PEER=")) {
            all.emplace_back(variable);
        }
    }
    all.push_back("P2P_ID=" + std::to_string(record.id));
    all.push_back("P2P_PEER=" + record.peer);
    return all;
}

/// Signals that end whoever runs p2pctl in a terminal or as a service.
constexpr int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

bool is_ignored(int signal) {
    struct sigaction action {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// What posix_spawn() is told beside the program. Made by p2pctl itself: what the keeper ignores,
/// the program need not.
class Preparation {
public:
    explicit Preparation(int standard_input) {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, standard_input, STDIN_FILENO);
        ::posix_spawnattr_init(&attributes);
        sigset_t defaults;
        ::sigemptyset(&defaults);
        ::sigaddset(&defaults, SIGPIPE);  // p2pctl ignores it
        for (const int signal : ending_signals) {
            if (!is_ignored(signal)) ::sigaddset(&defaults, signal);
        }
        ::posix_spawnattr_setsigdefault(&attributes, &defaults);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    }
    ~Preparation() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    Preparation(const Preparation&) = delete;
    Preparation& operator=(const Preparation&) = delete;

    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

/// What the keeper says at the end, through a pipe.
struct Report {
    int error = 0;  ///< an errno: the program was not started, or its end could not be awaited
    bool started = false;
    int status = 0;  ///< of waitpid()
    bool done = false;
};

bool has_succeeded(int status) {
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int wait_for(pid_t child, int& status) {
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

bool is_done(const std::function<void()>& act) {
    try {
        act();
        return true;
    } catch (...) {
        return false;  // p2pctl tries it, too, and says why it fails
    }
}

/// Waits for the program in a process of its own, so that its success is noted though p2pctl is
/// killed meanwhile.
Report keep(const Preparation& preparation, std::vector<char*> words,
            std::vector<char*> environment, const std::function<void()>& after_success) {
    for (const int signal : ending_signals) ::signal(signal, SIG_IGN);
    Report report;
    pid_t child = 0;
    report.error = ::posix_spawnp(&child, words.front(), &preparation.actions,
                                  &preparation.attributes, words.data(), environment.data());
    if (report.error != 0) return report;
    report.started = true;
    report.error = wait_for(child, report.status);
    if (report.error == 0 && has_succeeded(report.status)) report.done = is_done(after_success);
    return report;
}

/// Empty: it ended without a report.
std::optional<Report> read_report(int pipe) {
    Report report;
    ssize_t size = 0;
    do {
        size = ::read(pipe, &report, sizeof report);
    } while (size < 0 && errno == EINTR);
    return size == sizeof report ? std::optional(report) : std::nullopt;
}

HookEnd end_of(const std::string& program, const Report& report) {
    const std::string why = std::strerror(report.error);
    if (!report.started && (report.error == ENOENT || report.error == EACCES)) {
        throw ControlError(error_usage, tr("cannot run {1}: {2}", program, why),
                           tr("--exec takes a program and its arguments, not a line for a shell"));
    }
    if (!report.started) throw ControlError(error_io, tr("cannot run {1}: {2}", program, why));
    if (report.error != 0) {
        throw ControlError(error_io, tr("the program's end cannot be waited for: {1}", why));
    }
    if (WIFSIGNALED(report.status)) {
        return {false, "signal " + std::to_string(WTERMSIG(report.status))};
    }
    return {has_succeeded(report.status),
            "exit code " + std::to_string(WEXITSTATUS(report.status))};
}

}  // namespace

HookEnd run_hook(const std::vector<std::string>& words, const MessageRecord& record,
                 const std::function<void()>& after_success) {
    const FileDescriptor input = file_of(json_line("message", message_json(record)));
    std::vector<std::string> arguments = words;
    std::vector<std::string> environment = environment_for(record);
    const Preparation preparation(input.get());
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw ControlError(error_io,
                           tr("cannot run {1}: {2}", words.front(), std::strerror(errno)));
    }
    const FileDescriptor read_end(ends[0]);
    FileDescriptor write_end(ends[1]);
    const pid_t keeper = ::fork();
    if (keeper < 0) {
        throw ControlError(error_io,
                           tr("cannot run {1}: {2}", words.front(), std::strerror(errno)));
    }
    if (keeper == 0) {
        const Report report =
            keep(preparation, pointers(arguments), pointers(environment), after_success);
        const ssize_t written = ::write(write_end.get(), &report, sizeof report);
        ::_exit(written == sizeof report ? 0 : 1);
    }
    write_end.reset();
    const auto report = read_report(read_end.get());
    int status = 0;
    wait_for(keeper, status);
    if (!report) {
        throw ControlError(error_io, tr("nobody knows how {1} has ended", words.front()),
                           tr("what waited for it was killed; it may run for the message again"));
    }
    HookEnd end = end_of(words.front(), *report);
    if (end.succeeded && !report->done) after_success();
    return end;
}

}  // namespace p2pd
