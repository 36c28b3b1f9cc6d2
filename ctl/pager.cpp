// ctl: long output through $PAGER. Includes std and POSIX.
#include "ctl/pager.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/file_descriptor.h"
#include "ctl/output.h"

// POSIX leaves its declaration to the program.
extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace p2pd {

namespace {

/// What the shell says when it cannot start a command.
constexpr int shell_not_found = 127;
constexpr int shell_not_executable = 126;

pid_t spawn_shell(std::string command, int input) {
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    std::string shell = "sh";
    std::string option = "-c";
    // p2pctl ignores SIGPIPE; its children should not have to.
    sigset_t defaults{};
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_t attributes{};
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    const std::array<char*, 4> arguments{shell.data(), option.data(), command.data(), nullptr};
    pid_t child = -1;
    const int error =
        ::posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? child : -1;
}

}  // namespace

bool page(const std::string& text) {
    const char* const given = std::getenv("PAGER");
    const std::string command = given ? given : "less -FRX";
    if (command.empty() || command == "cat") return false;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    FileDescriptor read_end(ends[0]);
    FileDescriptor write_end(ends[1]);
    const pid_t child = spawn_shell(command, read_end.get());
    if (child < 0) return false;
    read_end.reset();
    // Ctrl-C belongs to the pager while it runs; one that ends early leaves the rest unread.
    std::signal(SIGINT, SIG_IGN);
    write_all(write_end.get(), text);
    write_end.reset();
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return !WIFEXITED(status) ||
           (WEXITSTATUS(status) != shell_not_found && WEXITSTATUS(status) != shell_not_executable);
}

}  // namespace p2pd
