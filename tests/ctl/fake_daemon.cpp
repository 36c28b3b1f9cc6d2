// tests/ctl: a daemon that says what the test wants. Includes std, POSIX and common.
#include "tests/ctl/fake_daemon.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace p2pd::test {

namespace {

void write_line(int client, std::string_view line) {
    while (!line.empty()) {
        const ssize_t size = ::send(client, line.data(), line.size(), MSG_NOSIGNAL);
        if (size < 0) return;
        line.remove_prefix(static_cast<std::size_t>(size));
    }
}

int listen_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    if (::bind(listener, generic, sizeof address) != 0 || ::listen(listener, 8) != 0) {
        throw std::runtime_error("no socket at " + path);
    }
    return listener;
}

}  // namespace

void Question::result(const Json& result) const {
    write_line(client_, result_line({id_.dump()}, result));
}

void Question::error(const ErrorKind& kind, std::string_view message, std::string_view hint) const {
    write_line(client_, error_line({id_.dump()}, kind, message, hint));
}

void Question::notify(std::string_view method, const Json& parameters) const {
    write_line(client_, notification_line(method, parameters));
}

void Question::raw(std::string_view line) const {
    write_line(client_, line);
}

void Question::hang_up() const {
    ::shutdown(client_, SHUT_RDWR);
}

void Question::interrupt() const {
    ucred asker{};
    socklen_t size = sizeof asker;
    if (::getsockopt(client_, SOL_SOCKET, SO_PEERCRED, &asker, &size) == 0) {
        ::kill(asker.pid, SIGINT);
    }
}

FakeDaemon::FakeDaemon() {
    std::string folder = (std::filesystem::temp_directory_path() / "p2pctl-XXXXXX").string();
    if (!::mkdtemp(folder.data())) throw std::runtime_error("no temporary folder");
    folder_ = folder;
    path_ = folder_ + "/control.sock";
    listener_ = listen_at(path_);
    std::array<int, 2> stop{};
    if (::pipe(stop.data()) != 0) throw std::runtime_error("no pipe");
    stop_read_ = stop[0];
    stop_write_ = stop[1];
    on("hello", [](const Question& question) {
        HelloResult hello;
        hello.version = "9.9.9";
        question.result(write_fields(hello));
    });
    thread_ = std::thread([this] { serve(); });
}

FakeDaemon::~FakeDaemon() {
    ::close(stop_write_);
    thread_.join();
    ::close(stop_read_);
    ::close(listener_);
    for (const auto& [client, partial] : clients_) ::close(client);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void FakeDaemon::on(const std::string& method, Handler handler) {
    const std::lock_guard lock(mutex_);
    handlers_[method] = std::move(handler);
}

std::vector<Json> FakeDaemon::requests(const std::string& method) const {
    const std::lock_guard lock(mutex_);
    const auto found = requests_.find(method);
    return found == requests_.end() ? std::vector<Json>{} : found->second;
}

void FakeDaemon::serve() {
    for (;;) {
        std::vector<pollfd> entries{{stop_read_, POLLIN, 0}, {listener_, POLLIN, 0}};
        for (const auto& [client, partial] : clients_) entries.push_back({client, POLLIN, 0});
        if (::poll(entries.data(), entries.size(), -1) < 0) continue;
        if (entries[0].revents != 0) return;
        if (entries[1].revents != 0) accept_client();
        for (std::size_t i = 2; i < entries.size(); ++i) {
            const int client = entries[i].fd;
            if (entries[i].revents == 0 || read_client(client)) continue;
            ::close(client);
            clients_.erase(client);
        }
    }
}

void FakeDaemon::accept_client() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) clients_[client];
}

bool FakeDaemon::read_client(int client) {
    std::array<char, 65536> bytes{};
    const ssize_t size = ::recv(client, bytes.data(), bytes.size(), 0);
    if (size <= 0) return false;
    std::string& input = clients_[client];
    input.append(bytes.data(), static_cast<std::size_t>(size));
    std::size_t begin = 0;
    for (auto end = input.find('\n'); end != std::string::npos; end = input.find('\n', begin)) {
        answer(client, input.substr(begin, end - begin));
        begin = end + 1;
    }
    input.erase(0, begin);
    return true;
}

void FakeDaemon::answer(int client, const std::string& line) {
    const Json request = Json::parse(line);
    const Question question(client, request.at("id"), request.at("params"));
    const auto method = request.at("method").get<std::string>();
    Handler handler;
    {
        const std::lock_guard lock(mutex_);
        requests_[method].push_back(question.params);
        if (const auto found = handlers_.find(method); found != handlers_.end()) {
            handler = found->second;
        }
    }
    if (handler) return handler(question);
    question.error(error_method, "the test has no answer to " + method);
}

Json accepted_many(std::vector<SentRun> runs) {
    SendManyResult result;
    result.peer = "10.0.0.5:5000";
    result.created_at = {1'795'343'460'000'000};
    result.expires_at = {result.created_at.us + 604'800'000'000};
    result.runs = std::move(runs);
    return write_fields(result);
}

Json accepted(std::uint64_t id, std::string_view peer) {
    SendResult result;
    result.id = id;
    result.peer = peer;
    result.created_at = {1'795'343'460'000'000};
    result.expires_at = {result.created_at.us + 604'800'000'000};
    return write_fields(result);
}

MessageRecord received_message(std::uint64_t id, std::string_view text) {
    MessageRecord record;
    record.id = id;
    record.dir = Direction::in;
    record.peer = "10.0.0.5:5000";
    record.name = "bob";
    record.text = text;
    record.received_at = UtcTime{1'795'343'460'000'000};  // 2026-11-22T10:31:00Z
    record.cursor = id + 1000;
    return record;
}

MessageRecord sent_message(std::uint64_t id, SendState state) {
    MessageRecord record;
    record.id = id;
    record.dir = Direction::out;
    record.peer = "10.0.0.5:5000";
    record.name = "bob";
    record.state = state;
    record.attempts = 1;
    record.created_at = UtcTime{1'795'343'460'000'000};
    if (state == SendState::delivered) record.rtt_ms = 0.8;
    record.cursor = id + 1000;
    return record;
}

PeerRecord peer_record(std::optional<std::string> name, std::string_view address) {
    PeerRecord record;
    record.name = std::move(name);
    record.address = address;
    return record;
}

Json page_of(const std::vector<MessageRecord>& messages, bool more) {
    Json records = Json::array();
    for (const MessageRecord& record : messages) records.push_back(message_json(record));
    return Json{{"messages", records}, {"more", more}};
}

}  // namespace p2pd::test
