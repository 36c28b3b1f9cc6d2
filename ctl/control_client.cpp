// ctl: one connection to p2pd's control socket. Includes std, POSIX and common.
#include "ctl/control_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/english_texts.h"
#include "ctl/language.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

constexpr std::string_view system_socket = "/run/p2pd/control.sock";

std::string user_socket() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    return runtime && *runtime ? std::string(runtime) + "/p2pd/control.sock" : std::string();
}

[[noreturn]] void fail_to_connect(const std::string& path, int error) {
    const std::string what = path + ": " + std::strerror(error);
    if (error == EACCES || error == EPERM) {
        throw ControlError(error_denied, tr("not permitted to use p2pd ({1})", what),
                           tr("members of the group p2pd may: sudo adduser $USER p2pd, then log in "
                              "again"));
    }
    const std::string user = path == user_socket() ? "--user " : "";
    const std::string by_hand =
        path == system_socket || !user.empty() ? "p2pd" : "p2pd --socket " + path;
    throw ControlError(
        error_not_running, tr("p2pd is not running ({1})", what),
        tr("start it: {1}, or run {2} by hand; its log: {3}", "systemctl " + user + "start p2pd",
           by_hand, "journalctl " + user + "-u p2pd"));
}

FileDescriptor connect_to(const std::string& path, ControlClient::Backlog full) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        throw ControlError(error_usage, tr("the path of the socket must have 1 to {1} bytes: {2}",
                                           sizeof address.sun_path - 1, path));
    }
    path.copy(static_cast<char*>(address.sun_path), path.size());
    const int waits = full == ControlClient::Backlog::wait ? 0 : SOCK_NONBLOCK;
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | waits, 0));
    if (socket.get() < 0) throw ControlError(error_io, std::strerror(errno));
    const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    if (::connect(socket.get(), generic, sizeof address) != 0) fail_to_connect(path, errno);
    // Connecting may block (a full backlog is a wait, not an error); what follows must not.
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    return socket;
}

ControlError parse_error(const Json& error) {
    const Json data = error.is_object() ? error.value("data", Json::object()) : Json::object();
    const auto text = [](const Json& object, const char* name, const char* otherwise) {
        const auto found = object.is_object() ? object.find(name) : object.end();
        return found != object.end() && found->is_string() ? found->get<std::string>()
                                                           : std::string(otherwise);
    };
    const auto exit = data.is_object() ? data.find("exit") : data.end();
    const bool known = exit != data.end() && exit->is_number_integer() && *exit > 0 && *exit < 256;
    ControlError english(text(data, "code", error_internal.code.data()),
                         known ? static_cast<ExitCode>(exit->get<int>()) : ExitCode::internal,
                         text(error, "message", "p2pd gave no reason"), text(data, "hint", ""));
    // This one may get more words before it is shown.
    if (english.is(error_unknown_message)) return english;
    return {english.code(), english.exit(), in_language(english.what()),
            in_language(english.hint())};
}

}  // namespace

std::string choose_socket(const std::optional<std::string>& given) {
    if (given) return *given;
    if (const char* environment = std::getenv("P2PD_SOCKET"); environment && *environment) {
        return environment;
    }
    const std::string user = user_socket();
    return !user.empty() && ::access(user.c_str(), F_OK) == 0 ? user : std::string(system_socket);
}

int poll_timeout(std::optional<SteadyTime> deadline) {
    if (!deadline) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

bool wait_for_fd(int fd, short events, std::optional<SteadyTime> deadline) {
    for (;;) {
        pollfd entry{fd, events, 0};
        const int ready = ::poll(&entry, 1, poll_timeout(deadline));
        if (ready > 0) return true;
        if (ready == 0 && std::chrono::steady_clock::now() >= *deadline) return false;
        if (ready < 0 && errno != EINTR) throw ControlError(error_io, std::strerror(errno));
    }
}

ControlClient::ControlClient(std::string path, Backlog full)
    : path_(std::move(path)), socket_(connect_to(path_, full)) {
    hello_id_ = post("hello", write_fields(HelloParams{.client = "p2pctl " P2PD_VERSION}));
}

void ControlClient::transfer() {
    if (!output_.empty()) write_some();
    read_some();
}

void ControlClient::write_some() {
    std::size_t written = 0;
    while (written < output_.size()) {
        const ssize_t size =
            ::send(socket_.get(), output_.data() + written, output_.size() - written, MSG_NOSIGNAL);
        if (size < 0) {
            if (errno == EINTR) continue;
            // A peer that has closed may still have answered: what it wrote is read first.
            if (errno != EAGAIN) written = output_.size();
            break;
        }
        written += static_cast<std::size_t>(size);
    }
    output_.erase(0, written);
}

void ControlClient::read_some() {
    // Not zeroed: of a short answer only its first page is touched.
    std::array<char, 65536> bytes;
    // Bounded, so that a fast daemon cannot fill the memory before its lines are taken.
    while (!ended_ && input_.size() - input_taken_ <= control_line_bytes_max) {
        const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        input_.append(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) ended_ = true;
        if (size < static_cast<ssize_t>(bytes.size()) && !(size < 0 && errno == EINTR)) return;
    }
}

std::optional<Incoming> ControlClient::take() {
    for (;;) {
        const std::size_t end = input_.find('\n', std::max(input_looked_, input_taken_));
        if (end == std::string::npos) {
            input_.erase(0, input_taken_);
            input_taken_ = 0;
            input_looked_ = input_.size();
            if (input_.size() > control_line_bytes_max) {
                throw ControlError(error_protocol, tr("p2pd sent a line over 1 MiB"));
            }
            if (!ended_) return std::nullopt;
            throw ConnectionLost(error_no_answer, tr("p2pd closed the connection"),
                                 tr("its log may say why: journalctl -u p2pd"));
        }
        Incoming incoming =
            parse(std::string_view(input_).substr(input_taken_, end - input_taken_));
        input_taken_ = input_looked_ = end + 1;
        if (incoming.id != hello_id_) return incoming;
        check_hello(incoming);
    }
}

Incoming ControlClient::parse(std::string_view line) {
    Json json = Json::parse(line, nullptr, false);
    if (!json.is_object())
        throw ControlError(error_protocol, tr("p2pd sent a line that is no JSON"));
    Incoming incoming;
    if (const auto id = json.find("id"); id != json.end() && id->is_number_unsigned()) {
        incoming.id = id->get<std::uint64_t>();
    }
    if (const auto error = json.find("error"); error != json.end()) {
        incoming.error = parse_error(*error);
        // Without an id it is about the connection: too many clients, stopping.
        if (!incoming.id) throw *incoming.error;
    } else if (const auto method = json.find("method"); method != json.end()) {
        incoming.method = method->is_string() ? method->get<std::string>() : std::string();
        incoming.body = std::move(json["params"]);
    } else {
        incoming.body = std::move(json["result"]);
    }
    return incoming;
}

void ControlClient::check_hello(const Incoming& answer) {
    if (answer.error) throw *answer.error;
    // Only this member is sure to be there in every version to come.
    const auto protocol =
        answer.body.is_object() ? answer.body.find("protocol") : answer.body.end();
    if (protocol == answer.body.end() || *protocol != control_protocol_version) {
        const std::string theirs = protocol == answer.body.end() ? tr("another") : protocol->dump();
        throw ControlError(
            error_protocol,
            tr("p2pd speaks version {1} of the control protocol, this p2pctl version "
               "{2}",
               theirs, control_protocol_version),
            tr("after an upgrade: systemctl restart p2pd"));
    }
    daemon_ = parse_result<HelloResult>(answer.body);
}

std::optional<Incoming> ControlClient::receive(std::optional<SteadyTime> deadline) {
    for (;;) {
        if (auto incoming = take()) return incoming;
        const short events = static_cast<short>(output_.empty() ? POLLIN : POLLIN | POLLOUT);
        // Most of the time there is something to write first, and poll() would only say so.
        if (output_.empty() && !wait_for_fd(fd(), events, deadline)) return std::nullopt;
        const std::size_t left = output_.size();
        transfer();
        if (!output_.empty() && output_.size() == left && !wait_for_fd(fd(), events, deadline)) {
            return std::nullopt;
        }
    }
}

Json ControlClient::call(std::string_view method, const Json& params,
                         std::optional<std::chrono::milliseconds> timeout) {
    const std::uint64_t id = post(method, params);
    std::optional<SteadyTime> deadline;
    if (timeout) deadline = std::chrono::steady_clock::now() + *timeout;
    while (auto incoming = receive(deadline)) {
        if (incoming->id != id) continue;
        if (incoming->error) throw *incoming->error;
        return std::move(incoming->body);
    }
    throw ControlError(error_no_answer,
                       tr("p2pd does not answer (waited {1})", duration_text(*timeout)),
                       tr("its log may say why: journalctl -u p2pd"));
}

}  // namespace p2pd
