// daemon: the control socket: clients, lines, limits. Includes std, Asio, common.
#include "daemon/control_server.h"

#include <cerrno>
#include <cstring>
#include <grp.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <boost/asio/write.hpp>

#include "daemon/control_client_session.h"
#include "daemon/control_request.h"

namespace p2pd {

namespace {

using Protocol = boost::asio::local::stream_protocol;

bool somebody_answers(boost::asio::io_context& loop, const std::filesystem::path& path) {
    Protocol::socket probe(loop);
    boost::system::error_code error;
    probe.connect(Protocol::endpoint(path.string()), error);
    return !error;
}

/// Sets the process's umask for one call; the daemon has one thread that makes files here.
class UmaskGuard {
public:
    explicit UmaskGuard(mode_t mask) : before_(umask(mask)) {}
    ~UmaskGuard() { umask(before_); }
    UmaskGuard(const UmaskGuard&) = delete;
    UmaskGuard& operator=(const UmaskGuard&) = delete;

private:
    mode_t before_;
};

}  // namespace

ControlServer::ControlServer(boost::asio::io_context& loop, const std::filesystem::path& path,
                             const std::string& group, const ControlLimits& limits)
    : loop_(loop),
      path_(path),
      limits_(limits),
      acceptor_(loop),
      accept_again_(loop),
      reader_(std::make_unique<ControlRequestReader>()) {
    bind(path);
    set_group(path, group);
}

void ControlServer::bind(const std::filesystem::path& path) {
    const auto fail = [&](const std::string& why) {
        throw ControlSocketError("cannot make the control socket " + path.string() + ": " + why);
    };
    std::error_code ignored;  // what matters shows when binding
    std::filesystem::create_directories(path.parent_path(), ignored);
    if (somebody_answers(loop_, path)) fail("another p2pd answers there");
    struct stat found {};
    if (lstat(path.c_str(), &found) == 0) {
        if (!S_ISSOCK(found.st_mode)) fail("there is something else of that name");
        unlink(path.c_str());
    }
    try {
        acceptor_.open();
        // The mode is right from the first moment: no time in which others could connect.
        const UmaskGuard guard(0117);
        acceptor_.bind(Protocol::endpoint(path.string()));
        acceptor_.listen();
    } catch (const boost::system::system_error& error) {
        fail(error.code().message());
    }
}

void ControlServer::set_group(const std::filesystem::path& path, const std::string& group) {
    if (group.empty()) return;
    const struct group* const found = getgrnam(group.c_str());
    if (found == nullptr) {
        warnings_.push_back("there is no group " + group + ": only this user and root can use " +
                            path.string());
    } else if (found->gr_gid != getegid() &&
               chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0) {
        warnings_.push_back("cannot give " + path.string() + " to the group " + group + ": " +
                            std::strerror(errno));
    }
}

ControlServer::~ControlServer() {
    stop();
    while (!clients_.empty()) clients_.begin()->second->close();
}

void ControlServer::add_method(std::string name, ControlMethod method) {
    methods_.emplace(std::move(name), std::move(method));
}

void ControlServer::set_warn(Warn warn) {
    warn_ = std::move(warn);
    for (const std::string& warning : std::exchange(warnings_, {})) warn_(warning);
}

const ControlMethod* ControlServer::find_method(std::string_view name) const {
    const auto found = methods_.find(name);
    return found == methods_.end() ? nullptr : &found->second;
}

void ControlServer::call(const Caller& caller, const ControlRequest& request,
                         const ControlMethod* method, const Responder& responder) {
    if (method != nullptr) return method->call(caller, request.params, responder);
    responder.error(error_method,
                    "there is no method \"" + std::string(request.method.substr(0, 64)) + "\"",
                    "rpc.discover lists the methods");
}

void ControlServer::request(const Caller& caller, std::string_view line,
                            const std::shared_ptr<Requester>& by) {
    const auto read = reader_->read(line);
    if (const auto* problem = std::get_if<ControlRequestProblem>(&read)) {
        return Responder(by, RequestId{}, false).error(problem->kind, problem->what, problem->hint);
    }
    const auto& request = std::get<ControlRequest>(read);
    call(caller, request, find_method(request.method), Responder(by, request.id, false));
}

void ControlServer::start() {
    accept();
}

void ControlServer::stop() {
    if (!acceptor_.is_open()) return;
    boost::system::error_code ignored;  // it is closed in any case
    acceptor_.close(ignored);
    accept_again_.cancel();
    unlink(path_.c_str());
}

void ControlServer::accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, Protocol::socket socket) {
        if (!acceptor_.is_open()) return;
        if (!error && clients_.size() < limits_.clients_max) {
            auto client = std::make_shared<ControlClient>(*this, std::move(socket));
            clients_.emplace(client.get(), client);
            client->start();
        } else if (!error) {
            refuse(std::move(socket));
        } else {
            // Out of descriptors, say: those that are in use come free again.
            accept_again_.expires_after(std::chrono::milliseconds{100});
            accept_again_.async_wait([this](const boost::system::error_code& cancelled) {
                if (!cancelled) accept();
            });
            return;
        }
        accept();
    });
}

/// One short line fits the socket's buffer, so this cannot block.
void ControlServer::refuse(Protocol::socket socket) {
    boost::system::error_code ignored;  // it is closed in any case
    socket.non_blocking(true, ignored);
    const std::string line =
        error_line({}, error_too_many_clients,
                   "there are " + std::to_string(limits_.clients_max) + " clients already",
                   "try again, or raise clients_max");
    socket.write_some(boost::asio::buffer(line), ignored);
}

void ControlServer::changed(std::uint64_t cursor) {
    if (cursor <= last_cursor_) return;
    last_cursor_ = cursor;
    std::vector<std::shared_ptr<ControlClient>> clients;
    clients.reserve(clients_.size());
    for (const auto& [key, client] : clients_) clients.push_back(client);
    for (const auto& client : clients) client->pump();
}

}  // namespace p2pd
