// ctl: the program that `watch --exec` runs for each message. Includes std, POSIX and common.
#include "ctl/hook.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
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

/// What posix_spawn() is told beside the program.
class Preparation {
public:
    explicit Preparation(int standard_input) {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, standard_input, STDIN_FILENO);
        ::posix_spawnattr_init(&attributes);
        sigset_t defaults;  // p2pctl ignores it, other programs need not
        ::sigemptyset(&defaults);
        ::sigaddset(&defaults, SIGPIPE);
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

HookEnd wait_for_end(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno == EINTR) continue;
        throw ControlError(error_io,
                           tr("the program's end cannot be waited for: {1}", std::strerror(errno)));
    }
    if (WIFSIGNALED(status)) return {false, "signal " + std::to_string(WTERMSIG(status))};
    return {WEXITSTATUS(status) == 0, "exit code " + std::to_string(WEXITSTATUS(status))};
}

}  // namespace

HookEnd run_hook(const std::vector<std::string>& words, const MessageRecord& record) {
    const FileDescriptor input = file_of(json_line("message", message_json(record)));
    std::vector<std::string> arguments = words;
    std::vector<std::string> environment = environment_for(record);
    const Preparation preparation(input.get());
    pid_t child = 0;
    const int error = ::posix_spawnp(&child, arguments.front().c_str(), &preparation.actions,
                                     &preparation.attributes, pointers(arguments).data(),
                                     pointers(environment).data());
    if (error == ENOENT || error == EACCES) {
        throw ControlError(error_usage,
                           tr("cannot run {1}: {2}", words.front(), std::strerror(error)),
                           tr("--exec takes a program and its arguments, not a line for a shell"));
    }
    if (error != 0) {
        throw ControlError(error_io,
                           tr("cannot run {1}: {2}", words.front(), std::strerror(error)));
    }
    return wait_for_end(child);
}

}  // namespace p2pd
