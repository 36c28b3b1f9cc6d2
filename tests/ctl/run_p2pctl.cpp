// tests/ctl: the real p2pctl, run as a process. Includes std, POSIX and common.
#include "tests/ctl/run_p2pctl.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "ctl/output.h"

namespace p2pd::test {

namespace {

/// The strings as exec takes them.
class Strings {
public:
    explicit Strings(std::vector<std::string> strings) : strings_(std::move(strings)) {
        for (std::string& each : strings_) pointers_.push_back(each.data());
        pointers_.push_back(nullptr);
    }
    char* const* get() const { return pointers_.data(); }

private:
    std::vector<std::string> strings_;
    std::vector<char*> pointers_;
};

Strings command(const std::vector<std::string>& arguments) {
    std::vector<std::string> all{"p2pctl"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return Strings(std::move(all));
}

Strings environment(const std::string& socket, const RunOptions& options) {
    std::map<std::string, std::string> variables = options.environment;
    variables.insert({{"TZ", "UTC"}, {"PATH", "/usr/bin:/bin"}, {"P2PD_SOCKET", socket}});
    std::vector<std::string> all;
    for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
    return Strings(std::move(all));
}

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        read_end = ends[0];
        write_end = ends[1];
    }
    int read_end = -1;
    int write_end = -1;
};

int exit_status(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Reads once; false at the end.
bool append_from(int fd, std::string& text) {
    std::array<char, 65536> bytes{};
    const ssize_t size = ::read(fd, bytes.data(), bytes.size());
    if (size > 0) text.append(bytes.data(), static_cast<std::size_t>(size));
    return size > 0;
}

/// Feeds `input` and collects both outputs until both have ended.
void exchange(int input_fd, std::string_view input, int out_fd, int err_fd, Outcome& outcome) {
    std::array<pollfd, 3> entries{pollfd{input_fd, POLLOUT, 0}, pollfd{out_fd, POLLIN, 0},
                                  pollfd{err_fd, POLLIN, 0}};
    const auto close_entry = [](pollfd& entry) { ::close(std::exchange(entry.fd, -1)); };
    ::fcntl(input_fd, F_SETFL, O_NONBLOCK);
    if (input.empty()) close_entry(entries[0]);
    while (entries[1].fd >= 0 || entries[2].fd >= 0) {
        ::poll(entries.data(), entries.size(), -1);
        if (entries[0].fd >= 0 && entries[0].revents != 0) {
            const ssize_t size = ::write(input_fd, input.data(), input.size());
            if (size > 0) input.remove_prefix(static_cast<std::size_t>(size));
            if (size < 0 || input.empty()) close_entry(entries[0]);
        }
        if (entries[1].revents != 0 && !append_from(out_fd, outcome.out)) close_entry(entries[1]);
        if (entries[2].revents != 0 && !append_from(err_fd, outcome.err)) close_entry(entries[2]);
    }
    if (entries[0].fd >= 0) close_entry(entries[0]);
}

}  // namespace

Outcome run_p2pctl(const std::string& socket, const std::vector<std::string>& arguments,
                   const RunOptions& options) {
    std::signal(SIGPIPE, SIG_IGN);
    const Pipe input;
    const Pipe out;
    const Pipe err;
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.read_end, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out.write_end, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.write_end, STDERR_FILENO);
    const Strings argv = command(arguments);
    const Strings envp = environment(socket, options);
    pid_t child = -1;
    const int error = ::posix_spawn(&child, P2PCTL_PATH, &actions, nullptr, argv.get(), envp.get());
    posix_spawn_file_actions_destroy(&actions);
    for (const int fd : {input.read_end, out.write_end, err.write_end}) ::close(fd);
    if (error != 0) throw std::runtime_error("cannot run " P2PCTL_PATH);
    Outcome outcome;
    exchange(input.write_end, options.input, out.read_end, err.read_end, outcome);
    outcome.exit = exit_status(child);
    return outcome;
}

Outcome run_on_terminal(const std::string& socket, const std::vector<std::string>& arguments,
                        const RunOptions& options) {
    const Strings argv = command(arguments);
    const Strings envp = environment(socket, options);
    const winsize size{20, 60, 0, 0};
    int terminal = -1;
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
    if (child < 0) throw std::runtime_error("no terminal");
    if (child == 0) {
        ::execve(P2PCTL_PATH, argv.get(), envp.get());
        ::_exit(127);
    }
    Outcome outcome;
    write_all(terminal, options.input);
    // A terminal ends with EIO, not with an end of file.
    while (append_from(terminal, outcome.out)) {
    }
    outcome.exit = exit_status(child);
    ::close(terminal);
    return outcome;
}

std::vector<Json> json_lines(const std::string& text) {
    std::vector<Json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
    return lines;
}

}  // namespace p2pd::test
